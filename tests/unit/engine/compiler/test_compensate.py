"""`compensate`: what undoes a block."""

from typing import Any

import pytest
from support.definitions import CATALOGUE, block_of, compiled, faults_of, leaves_of, needs_of, noop

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.errors import DefinitionError


def undo(config: Any = None, **fields: Any) -> dict[str, Any]:
    return {"type": "noop", **({} if config is None else {"config": config}), **fields}


def test_it_sees_the_block_and_what_went_before() -> None:
    config = ["{{ it.id }}", "{{ a }}", "{{ b ?? 1 }}", "{{ input.x }}", "{{ error.code }}"]
    it = noop("it", needs=["b", "c.error"], compensate=undo(config, retry={"max_attempts": 5}, timeout="9s"))
    control_block = compiled(
        {
            "blocks": [noop("a"), noop("b", needs=["a"]), noop("c"), {**it, "priority": "low"}],
            "retry": {"initial": "9s"},
        }
    )
    found = block_of(control_block, "it").compensate
    assert found is not None
    assert (found.id, found.type, found.kind, found.lane) == ("it:undo", "noop", "task", "low")
    assert (found.retry, found.timeout, found.needs, found.handles) == (Retry(max_attempts=5), 9, (), ("c",))
    assert leaves_of(found) == {
        "0": ("blocks.it.id", 0),
        "1": ("blocks.a", 0),
        "2": ("blocks.b", 0),
        "3": ("input.x", 0),
        "4": ("error.code", 0),
    }
    assert needs_of(control_block)["it"] == ["b", "c.error"]


def test_its_defaults_are_the_workflows() -> None:
    raw = {"blocks": [noop("a", compensate=undo(idempotent=False))], "retry": {"max_attempts": 4}}
    found = block_of(compiled(raw), "a").compensate
    assert found is not None
    assert (found.config, found.retry, found.timeout, found.idempotent) == ({}, Retry(max_attempts=4), 60, False)


def test_an_item_is_undone_by_itself() -> None:
    it = noop("it", for_each={"items": "{{ a }}"}, compensate=undo(["{{ it }}", "{{ item }}", "{{ a }}"]))
    outer = block_of(compiled({"blocks": [noop("a"), it]}), "it")
    assert outer.compensate is None
    found = outer.blocks[0].compensate
    assert found is not None
    assert leaves_of(found) == {"0": ("blocks.it", 0), "1": ("item", 0), "2": ("blocks.a", 1)}


def test_inside_a_loop_it_sees_what_the_loop_waits_for() -> None:
    inner = noop("x", compensate=undo(["{{ x }}", "{{ item }}", "{{ a }}"]))
    loop = {"id": "l", "type": "loop", "config": {"items": [1]}, "blocks": [inner]}
    found = block_of(compiled({"blocks": [noop("a"), {**loop, "needs": ["a"]}]}), "l").blocks[0].compensate
    assert found is not None
    assert leaves_of(found)["2"] == ("blocks.a", 1)
    ((pointer, code, message),) = faults_of({"blocks": [noop("a"), loop]})
    assert (pointer, code) == ("/blocks/1/blocks/0/compensate/config/2", "template.not_upstream")
    assert message == "`a` may not be over when `l` is; let `l` wait for it"


def test_it_may_hold_expressions() -> None:
    it = noop("it", compensate={"type": "transform", "config": {"expression": "it.x + 1"}})
    found = block_of(compiled({"blocks": [it]}), "it").compensate
    assert found is not None
    assert leaves_of(found) == {"values.it": ("blocks.it", 0)}


@pytest.mark.parametrize(
    ("compensate", "pointer", "code", "told"),
    [
        (undo("{{ z }}"), "/config", "template.not_upstream", "`z` may not be over when `it` is"),
        (undo("{{ after }}"), "/config", "template.not_upstream", "`after` may not be over when `it` is"),
        (undo("{{ nope }}"), "/config", "template.unknown_root", "`nope`"),
        (undo("{{ error }}"), "/config", "template.unknown_root", "only in a block that needs another by"),
        ({"type": "got"}, "/type", "block.unknown_type", "did you mean `get`?"),
        ({"type": "get"}, "", "block.config_invalid", "there is no `config`, and in it `url` is missing"),
        ({"type": "get", "config": {"urll": 1}}, "/config", "block.config_invalid", "`url` is missing"),
        ({"type": "delay"}, "/type", "definition.invalid", "one task of an executor"),
        ({"type": "expand"}, "/type", "block.unknown_type", "the engine adds by itself"),
        ({"typ": "noop"}, "", "definition.invalid", "`type` is missing"),
        (undo(timout=1), "/timout", "definition.invalid", "did you mean `timeout`?"),
        (undo(retry={"max": "x"}), "/retry/max", "definition.invalid", "a duration"),
    ],
)
def test_a_mistake_stands_at_its_place(compensate: Any, pointer: str, code: str, told: str) -> None:
    raw = {"blocks": [noop("it", compensate=compensate), noop("z"), noop("after", needs=["it"])]}
    found = [(pointer, code, message) for pointer, code, message in faults_of(raw)]
    assert any((place, its) == (f"/blocks/0/compensate{pointer}", code) and told in text for place, its, text in found)


def test_it_is_checked_against_the_catalogue() -> None:
    with pytest.raises(DefinitionError):
        compile_definition({"blocks": [noop("a", compensate={"type": "get"})]}, {"noop": CATALOGUE["noop"]})
