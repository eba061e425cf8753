import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from gnatwork_blocks import registry
from gnatwork_blocks.errors import BlockLoadError, UnknownBlockTypeError
from gnatwork_blocks.hostable import hostable
from gnatwork_blocks.sdk import Block

GOOD = """
from gnatwork import Block

class Good(Block):
    type = "good-one"
    title = "Good"
    summary = "Is good."

    async def run(self, ctx, config):
        return config
"""
BUILT_IN = (
    "aggregate",
    "condition",
    "csv",
    "error",
    "fetch",
    "file",
    "filter",
    "hook",
    "html-scraper",
    "json",
    "kv-get",
    "kv-put",
    "log",
    "nats-publish",
    "nats-request",
    "noop",
    "response",
    "sleep",
    "split",
    "switch",
    "template",
    "transform",
    "xml",
)


def test_the_built_in_blocks_are_installed() -> None:
    assert set(BUILT_IN) <= set(registry.names())
    assert list(registry.names()) == sorted(registry.names())


def test_groups_stand_for_their_types() -> None:
    logic = registry.GROUPS["logic"]
    assert {"condition", "aggregate", "xml"} <= set(logic)
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


def test_of_two_providers_of_a_type_neither_is_taken_and_other_types_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = [entry("greet", "one:Greet"), entry("greet", "one:Greet")]
    assert registry._by_type(twice) == {"greet": registry.Provider("one:Greet", "one", "Greet")}
    entries = [*twice, entry("greet", "other:Greet"), entry("noop", "gnatwork_blocks.builtin.noop:Noop")]
    monkeypatch.setattr(registry, "_entries", lambda: entries)
    monkeypatch.setattr(registry, "_providers", lambda: registry._by_type(entries))
    registry.load.cache_clear()
    with pytest.raises(BlockLoadError, match="provided by both one:Greet and other:Greet"):
        registry.load("greet")
    found = hostable(["greet", "noop"])
    assert [block.type for block in found.blocks] == ["noop"]
    assert list(found.disabled) == ["greet"]


def test_what_is_built_in_stays_so_whatever_is_installed_beside_it() -> None:
    built_in = entry("builtin", "gnatwork_blocks.builtin")
    for entries in ([built_in, entry("noop", "mine:Noop")], [entry("noop", "mine:Noop"), built_in]):
        assert registry._by_type(entries)["noop"].module == "gnatwork_blocks.builtin.noop"


@pytest.mark.parametrize("value", ["no_such_package", "no_such_package.blocks", "gnatwork_blocks.nothing", "a..b"])
def test_a_package_of_blocks_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    entries = (entry("acme", value), *registry._entries())
    monkeypatch.setattr(registry, "_entries", lambda: entries)
    found = hostable(["acme", "noop"])
    assert [block.type for block in found.blocks] == ["noop"]
    assert found.disabled == {"acme": f"the plug-in acme is left out: there is no package {value}"}
    with pytest.raises(BlockLoadError, match="the plug-in acme is left out"):
        hostable(["acme"])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"summary": "x" * 300_000}, "noop (gnatwork_blocks.builtin.noop): its description has 300,"),
        ({"examples": ({"a": object()},)}, "PydanticSerializationError"),
        ({"__init__": lambda _: 1 / 0}, "ZeroDivisionError"),
        ({"title": property(lambda _: "x")}, "title"),
    ],
)
def test_what_can_not_be_told_of_a_block_harms_no_other(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], reason: str
) -> None:
    for name, value in fields.items():
        monkeypatch.setattr(registry.load("noop"), name, value)
    found = hostable(["noop", "sleep"])
    assert [block.type for block in found.blocks] == ["sleep"]
    assert reason in found.disabled["noop"]


def test_a_reason_is_no_longer_than_anyone_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise OSError("x" * 2_000_000)

    monkeypatch.setattr(registry.load("noop"), "__init__", broken)
    assert len(hostable(["noop", "sleep"]).disabled["noop"]) <= 1000


def test_a_plug_in_is_found_without_importing_anything_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocks = tmp_path / "acme_plug_in" / "blocks"
    blocks.mkdir(parents=True)
    for folder in (blocks.parent, blocks):
        (folder / "__init__.py").write_text("")
    (blocks / "good_one.py").write_text(GOOD)
    (blocks / "missing.py").write_text("import no_such_library")
    (blocks / "leaving.py").write_text("raise SystemExit(3)")
    (blocks / "wrong.py").write_text(GOOD.replace("good-one", "wrong").replace('title = "Good"', ""))
    (blocks / "stubborn.py").write_text(
        GOOD.replace("good-one", "stubborn") + "    def __init__(self): raise OSError('no room')\n"
    )
    (blocks / "_helper.py").write_text("raise AssertionError")
    monkeypatch.syspath_prepend(tmp_path)
    entries = (entry("acme", "acme_plug_in.blocks"),)
    monkeypatch.setattr(registry, "_entries", lambda: entries)
    for cached in (registry._packages, registry._providers, registry.load):
        cached.cache_clear()
    try:
        assert registry.groups()["acme"] == registry.groups()["plugins"] == registry.names()
        assert not [name for name in sys.modules if name.startswith("acme_plug_in")]
        found = hostable(["acme"])
        assert [block.type for block in found.blocks] == ["good-one"]
        assert found.disabled == {
            "leaving": "leaving (acme_plug_in.blocks.leaving): SystemExit: 3",
            "missing": "missing (acme_plug_in.blocks.missing): ModuleNotFoundError: No module named 'no_such_library'",
            "stubborn": "stubborn (acme_plug_in.blocks.stubborn): OSError: no room",
            "wrong": "wrong (acme_plug_in.blocks.wrong): TypeError: acme_plug_in.blocks.wrong.Good: title is missing",
        }
        assert all(f"not hosted: {reason}" in caplog.messages for reason in found.disabled.values())
    finally:
        for cached in (registry._packages, registry._providers, registry.load):
            cached.cache_clear()


def test_a_process_pays_for_none_but_its_own_blocks() -> None:
    program = """
import sys
from gnatwork_blocks import registry, sdk, testing
logic = ("condition", "filter", "noop", "response", "sleep", "switch", "transform")
for type_ in (*logic, "email", "html-scraper", "llm", "rss", "sql"):
    assert issubclass(registry.load(type_), sdk.Block)
    registry.describe(registry.load(type_))
ctx = testing.Recorder().context()
heavy = {"httpx", "httpcore", "bs4", "lxml", "standardwebhooks", "_quickjs", "gnatwork_blocks.javascript.service"}
heavy |= {"aiosmtplib", "asyncpg", "feedparser", "jsonschema_rs", "sqlalchemy"}
print(*sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_registered_block_is_a_block() -> None:
    assert all(issubclass(registry.load(type_), Block) for type_ in registry.names())
