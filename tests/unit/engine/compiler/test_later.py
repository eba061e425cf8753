"""What later versions bring, and other dialects, is refused by name."""

from typing import Any

import pytest
from support.definitions import CATALOGUE, compiled, faults_of, noop, places_of

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.catalogue import BlockType

_REFUSED = "definition.not_supported"


@pytest.mark.parametrize("key", ["on_failure", "concurrency", "rate_limit", "retention", "triggers"])
def test_keys_of_a_workflow(key: str) -> None:
    ((pointer, code, message),) = faults_of({"blocks": [noop("a")], key: []})
    assert (pointer, code) == (f"/{key}", _REFUSED)
    assert message.startswith(f"`{key}` is not supported by this version")


@pytest.mark.parametrize("key", ["when", "compensate", "for_each", "priority", "blocks"])
@pytest.mark.parametrize("name", ["blocks", "steps"])
def test_keys_of_a_block(name: str, key: str) -> None:
    assert places_of({name: [noop("a"), noop("b", **{key: "x"})]}) == [(f"/{name}/1/{key}", _REFUSED)]


@pytest.mark.parametrize(
    "type_", ["condition", "switch", "filter", "transform", "loop", "delay", "wait", "workflow", "group"]
)
def test_block_types(type_: str) -> None:
    assert places_of({"blocks": [{"id": "a", "type": type_, "config": {}}]}) == [("/blocks/0/type", _REFUSED)]


def test_a_block_type_that_an_executor_has_announced_is_no_longer_of_later() -> None:
    delay = BlockType(type="delay", title="", summary="", config_schema=True, output_schema=True)
    compile_definition({"blocks": [{"id": "a", "type": "delay"}]}, {**CATALOGUE, "delay": delay})


@pytest.mark.parametrize("key", ["items", "while", "until", "max_iterations", "concurrency"])
def test_keys_of_a_loop(key: str) -> None:
    raw = {"blocks": [{"id": "a", "type": "loop", key: 1}]}
    assert sorted(places_of(raw)) == sorted([(f"/blocks/0/{key}", _REFUSED), ("/blocks/0/type", _REFUSED)])
    assert places_of({"blocks": [noop("a", **{key: 1})]}) == [(f"/blocks/0/{key}", "definition.invalid")]


@pytest.mark.parametrize("root", ["item", "index", "connections"])
def test_roots_of_templates(root: str) -> None:
    raw = {"blocks": [noop("a", config={"x": ["", f"n: {{{{ {root}.name }}}}"]})], "output": f"{{{{ {root} }}}}"}
    assert places_of(raw) == [("/blocks/0/config/x/1", _REFUSED), ("/output", _REFUSED)]


@pytest.mark.parametrize(
    ("raw", "pointers"),
    [
        ({"trigger": {"type": "webhook"}, "steps": [{"id": "a", "type": "http", "config": {}}]}, ["/trigger"]),
        (
            {
                "name": "Graph",
                "entryStepId": "a",
                "scheduleCron": "* * * * *",
                "steps": [{"id": "a", "name": "A", "type": "TRIGGER", "ref": "r", "params": {}, "next": ["b"]}],
            },
            ["/entryStepId", "/scheduleCron", "/steps/0/ref", "/steps/0/params", "/steps/0/next"],
        ),
        (
            {"steps": [{"id": "a", "type": "if", "position": 1, "trueSteps": [], "falseSteps": []}]},
            ["/steps/0/position", "/steps/0/trueSteps", "/steps/0/falseSteps"],
        ),
        ({"script": "export default 1", "entry": "main"}, ["/script"]),
    ],
)
def test_other_dialects_are_refused_without_further_faults(raw: Any, pointers: list[str]) -> None:
    found = faults_of(raw)
    assert [pointer for pointer, _, _ in found] == pointers
    assert {code for _, code, _ in found} == {_REFUSED}
    assert all("another dialect" in message for _, _, message in found)


def test_what_is_refused_does_not_hide_other_mistakes() -> None:
    raw = {"blocks": [noop("a", when="x", needs=["nope"]), noop("b", needs=["a"])]}
    assert places_of(raw) == [("/blocks/0/when", _REFUSED), ("/blocks/0/needs/0", "definition.unknown_need")]


def test_the_native_words_alone_are_fine() -> None:
    assert len(compiled({"steps": [noop("a"), noop("b")]}).blocks) == 2
