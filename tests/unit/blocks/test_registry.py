import subprocess
import sys
from importlib.metadata import EntryPoint

import jsonschema_rs
import pytest

from gnatwork_blocks import registry
from gnatwork_blocks.errors import BlockLoadError, UnknownBlockTypeError
from gnatwork_blocks.sdk import Block

BUILT_IN = (
    "condition",
    "fetch",
    "filter",
    "hook",
    "html-scraper",
    "noop",
    "response",
    "sleep",
    "switch",
    "transform",
)


def test_the_built_in_blocks_are_installed() -> None:
    assert set(BUILT_IN) <= set(registry.names())
    assert list(registry.names()) == sorted(registry.names())


def test_groups_stand_for_their_types() -> None:
    logic = ("condition", "filter", "noop", "sleep", "switch", "transform")
    assert registry.expand(["logic", "fetch", "noop"]) == (*logic, "fetch")
    assert registry.expand([]) == ()


@pytest.mark.parametrize("name", ["fech", "", "Noop"])
def test_an_unknown_type_is_told_what_there_is(name: str) -> None:
    for call in (lambda: registry.load(name), lambda: registry.expand(["fetch", name])):
        with pytest.raises(UnknownBlockTypeError) as caught:
            call()
        assert caught.value.code == "block.unknown_type"
        for known in (repr(name), "html-scraper", "logic"):
            assert known in str(caught.value)


@pytest.mark.parametrize("type_", BUILT_IN)
def test_every_built_in_block_describes_itself(type_: str) -> None:
    block = registry.load(type_)
    assert block.type == type_
    entry = registry.describe(block)
    assert entry.type == type_
    assert entry.summary.endswith(".")
    assert entry.examples
    schema = jsonschema_rs.validator_for(entry.config_schema)
    jsonschema_rs.validator_for(entry.output_schema)
    if isinstance(entry.config_schema, dict):
        assert entry.config_schema["additionalProperties"] is False
        assert all("description" in field for field in entry.config_schema["properties"].values())
        assert not schema.is_valid({"unheard_of": 1})


def test_an_anything_config_is_the_schema_true() -> None:
    entry = registry.describe(registry.load("noop"))
    assert (entry.config_schema, entry.output_schema) == (True, True)


def test_what_a_response_is_and_where_a_scraper_runs() -> None:
    assert registry.describe(registry.load("response")).responds
    assert registry.load("html-scraper").runs_in == "process"


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=registry.ENTRY_POINT_GROUP)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module:Block", "no_such_module"),
        ("gnatwork_blocks.builtin.noop:Nothing", "Nothing"),
        ("gnatwork_blocks.registry:GROUPS", "not a Block"),
        ("gnatwork_blocks.block:Block", "not a Block"),
        ("gnatwork_blocks.builtin.noop:Noop", "calls itself 'noop'"),
    ],
)
def test_a_broken_plug_in_is_named(monkeypatch: pytest.MonkeyPatch, value: str, reason: str) -> None:
    monkeypatch.setattr(registry, "_providers", lambda: registry._by_type([entry("broken", value)]))
    with pytest.raises(BlockLoadError, match=reason) as caught:
        registry.load("broken")
    assert value in str(caught.value)


def test_a_type_has_one_provider() -> None:
    twice = [entry("noop", "one:Noop"), entry("noop", "one:Noop")]
    assert registry._by_type(twice) == {"noop": registry.Provider("one:Noop", "one", "Noop")}
    with pytest.raises(BlockLoadError, match="one:Noop and other:Noop"):
        registry._by_type([*twice, entry("noop", "other:Noop")])


def test_a_process_pays_for_none_but_its_own_blocks() -> None:
    program = """
import sys
from gnatwork_blocks import registry, sdk, shared_http, shared_javascript, testing
for type_ in ("noop", "sleep", "response", "html-scraper", "condition", "switch", "filter", "transform"):
    assert issubclass(registry.load(type_), sdk.Block)
    registry.describe(registry.load(type_))
http = shared_http.SharedHttp(shared_http.AllowList.parse("10.0.0.0/8"))
javascript = shared_javascript.SharedJavaScript()
heavy = {"httpx", "httpcore", "bs4", "lxml", "standardwebhooks", "_quickjs", "gnatwork_blocks.javascript.service"}
print(*sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_registered_block_is_a_block() -> None:
    assert all(issubclass(registry.load(type_), Block) for type_ in registry.names())
