"""`loop` and `group`: blocks inside of blocks."""

from typing import Any

import pytest
from support.definitions import CATALOGUE, block_of, compiled, faults_of, leaves_of, needs_of, noop, places_of

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.control_block import ControlledBlock, Loop
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.errors import DefinitionError

CONFIG, ROOT = "block.config_invalid", "template.unknown_root"


def loop(config: Any, *blocks: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "l", "type": "loop", "config": config, "blocks": blocks, **fields}


def one(raw: Any) -> ControlledBlock:
    return block_of(compiled({"blocks": [noop("src"), noop("other"), raw]}), raw["id"])


def test_a_loop_over_items() -> None:
    config = {"items": "{{ src.list }}", "as": "city", "concurrency": 3, "max_iterations": 7, "on_error": "continue"}
    found = one(loop(config, noop("a", config=["{{ city.name }}", "{{ index }}"]), noop("b", config="{{ a }}")))
    assert (found.kind, found.type, found.config) == ("loop", "loop", {"items": "{{ src.list }}"})
    assert found.loop == Loop(concurrency=3, max_iterations=7, on_error="continue")
    assert leaves_of(found) == {"items": ("blocks.src.list", 0)}
    a, b = found.blocks
    assert leaves_of(a) == {"0": ("item.name", 0), "1": ("index", 0)}
    assert (a.needs, [need.block for need in b.needs]) == ((), ["a"])


def test_the_defaults_of_a_loop() -> None:
    found = one(loop({"items": [1, "{{ src }}"]}, noop("a")))
    assert found.loop == Loop(concurrency=10, max_iterations=10_000, on_error="fail")
    assert leaves_of(found) == {"items.1": ("blocks.src", 0)}


def test_a_loop_that_asks_before() -> None:
    found = one(loop({"while": "index < 3 && previous.a?.next && src.x"}, noop("a", config="{{ previous.a.n ?? 0 }}")))
    assert found.config == {}
    assert found.loop is not None
    assert (found.loop.over, found.loop.concurrency) == ("while", 1)
    condition = found.loop.condition
    assert condition is not None
    assert (condition.id, condition.type, condition.routes) == (":while", "condition", "port")
    assert condition.retry == Retry(max_attempts=3)
    assert condition.config == {
        "if": "index < 3 && previous.a?.next && src.x",
        "values": {
            "index": "{{ index ?? null }}",
            "previous": {"a": "{{ previous.a ?? null }}"},
            "src": "{{ src ?? null }}",
        },
    }
    assert leaves_of(condition) == {
        "values.index": ("index", 0),
        "values.previous.a": ("previous.a", 0),
        "values.src": ("blocks.src", 1),
    }
    assert [need.block for need in found.needs] == ["src"]
    assert leaves_of(found.blocks[0]) == {"": ("previous.a.n", 0)}


def test_a_loop_that_asks_after() -> None:
    found = one(loop({"until": "a.done || Object.keys(previous).length"}, noop("a"), noop("b")))
    assert found.loop is not None
    assert found.loop.over == "until"
    condition = found.loop.condition
    assert condition is not None
    assert condition.id == ":until"
    assert leaves_of(condition) == {
        "values.a": ("blocks.a", 0),
        "values.previous.a": ("previous.a", 0),
        "values.previous.b": ("previous.b", 0),
    }
    assert (condition.needs, found.needs) == ((), ())


def test_the_iteration_before_is_seen_from_further_in() -> None:
    inner = {"id": "g", "type": "group", "blocks": [noop("x", config="{{ previous.a }}")]}
    (_, group) = one(loop({"until": "a"}, noop("a"), inner)).blocks
    assert leaves_of(group.blocks[0]) == {"": ("previous.a", 1)}


def test_a_group_is_a_scope() -> None:
    found = one({"id": "g", "type": "group", "steps": [noop("a", config="{{ src }}"), noop("b"), noop("c")]})
    assert (found.kind, found.config, found.loop) == ("group", {}, None)
    assert [[need.block for need in block.needs] for block in found.blocks] == [[], ["a"], ["b"]]
    assert leaves_of(found.blocks[0]) == {"": ("blocks.src", 1)}


def test_what_is_mentioned_outside_is_waited_for_by_the_container() -> None:
    inner = {"id": "g", "type": "group", "blocks": [noop("x", config=["{{ src }}", "{{ a }}", "{{ item }}"])]}
    control_block = compiled({"blocks": [noop("src"), loop({"items": [1]}, noop("a"), inner)]})
    found = block_of(control_block, "l")
    assert needs_of(control_block)["l"] == ["src"]
    a, group = found.blocks
    assert [need.block for need in group.needs] == ["a"]
    (x,) = group.blocks
    assert x.needs == ()
    assert leaves_of(x) == {"0": ("blocks.src", 2), "1": ("blocks.a", 1), "2": ("item", 1)}
    assert a.needs == ()


def test_names_resolve_innermost_first() -> None:
    inner = {
        "id": "m",
        "type": "loop",
        "config": {"items": "{{ item.list }}"},
        "blocks": [noop("src"), noop("x", config=["{{ src }}", "{{ item }}", "{{ index }}", "{{ other }}"])],
    }
    found = one(loop({"items": [1]}, noop("a"), inner))
    (_, m) = found.blocks
    assert leaves_of(m) == {"items": ("item.list", 0)}
    assert leaves_of(m.blocks[1]) == {
        "0": ("blocks.src", 0),
        "1": ("item", 0),
        "2": ("index", 0),
        "3": ("blocks.other", 2),
    }


def test_items_of_several_loops_are_told_apart_by_name() -> None:
    inner = {"id": "m", "type": "loop", "config": {"items": [1], "as": "y"}, "blocks": [noop("x", config="{{ item }}")]}
    (m,) = one(loop({"items": [1]}, inner)).blocks
    assert leaves_of(m.blocks[0]) == {"": ("item", 1)}


def test_the_error_that_a_container_handles_is_known_inside() -> None:
    found = one(loop({"items": [1]}, noop("a", config="{{ error.code }}"), needs=["src.error"]))
    assert found.handles == ("src",)
    assert leaves_of(found.blocks[0]) == {"": ("error.code", 1)}


@pytest.mark.parametrize(
    ("raw", "pointer", "code", "told"),
    [
        (loop({}, noop("a")), "/config", CONFIG, "just one of them; there is none"),
        (loop({"items": [], "while": "1"}, noop("a")), "/config", CONFIG, "there are `items` and `while`"),
        (loop(7, noop("a")), "/config", CONFIG, "must be an object"),
        (loop("{{ input }}", noop("a")), "/config", CONFIG, "must be an object"),
        (loop({"itms": []}, noop("a")), "/config/itms", CONFIG, "did you mean `items`?"),
        (loop({"items": {}}, noop("a")), "/config/items", CONFIG, "must be an array"),
        (loop({"items": None}, noop("a")), "/config/items", CONFIG, "must be an array"),
        (loop({"items": [1, 2], "max_iterations": 1}, noop("a")), "/config/items", CONFIG, "has 2 items"),
        (loop({"items": [], "max_iterations": 1_000_001}, noop("a")), "/config/max_iterations", CONFIG, ""),
        (loop({"items": [], "as": "a"}, noop("a")), "/config/as", CONFIG, "is the id of a block in it"),
        (loop({"while": ""}, noop("a")), "/config/while", CONFIG, "at least 1 characters"),
        (loop({"while": "a ="}, noop("b")), "/config/while", "expression.syntax", "JavaScript"),
        (loop({"while": "a.x"}, noop("a")), "/config/while", "template.not_upstream", "`a` has not run yet when"),
        (loop({"until": "item"}, noop("a")), "/config/until", "expression.unknown_name", "only inside a loop over"),
        (loop({"until": "l.x"}, noop("a")), "/config/until", "template.not_upstream", "`l` lies around this"),
        (loop({"until": "previous.b"}, noop("a")), "/config/until", "expression.unknown_name", "in the loop"),
        (loop({"until": "1", "concurrency": 2}, noop("a")), "/config/concurrency", "definition.no_effect", "at a time"),
        (loop({"until": "1", "as": "x"}, noop("a")), "/config/as", "definition.no_effect", "has no item"),
        (loop({"items": []}, noop("a", config="{{ l }}")), "/blocks/0/config", "template.not_upstream", "lies around"),
        (loop({"items": []}, noop("a", config="{{ previous.a }}")), "/blocks/0/config", ROOT, "only"),
        (loop({"until": "1"}, noop("a", config="{{ previous }}")), "/blocks/0/config", ROOT, "id of a"),
        (loop({"items": []}, noop("a", needs=["b"])), "/blocks/0/needs/0", "definition.unknown_need", "no block `b`"),
        (loop({"items": []}, noop("a", needs=["z"])), "/blocks/0/needs/0", "definition.unknown_need", "let `l` wait"),
        ({"id": "l", "type": "group", "config": {"x": 1}, "blocks": [noop("a")]}, "/config/x", CONFIG, ""),
        ({"id": "l", "type": "group"}, "", "definition.invalid", "there are no `blocks`"),
        ({"id": "l", "type": "group", "blocks": []}, "/blocks", "definition.invalid", "add a block"),
        (noop("l", blocks=[noop("a")]), "/blocks", "definition.invalid", "only a `loop` or a `group` has `blocks`"),
        (noop("l", steps=[noop("a")]), "/steps", "definition.invalid", "only a `loop` or a `group` has `steps`"),
        (loop({"items": []}, {"id": "r", "type": "answer"}), "/blocks/0/type", "definition.invalid", "in a loop"),
        (loop({"items": []}, noop("a"), noop("a")), "/blocks/1/id", "definition.duplicate_id", "`a` is the id of"),
        (loop({"items": []}, noop("item")), "/blocks/0/id", "definition.reserved_id", "is a root"),
    ],
)  # fmt: skip
def test_a_mistake_stands_at_its_place(raw: Any, pointer: str, code: str, told: str) -> None:
    ((found, found_code, message),) = faults_of({"blocks": [raw, noop("z")]})
    assert (found, found_code) == (f"/blocks/0{pointer}", code)
    assert told in message


def test_blocks_inside_can_not_be_seen_from_outside() -> None:
    group = {"id": "g", "type": "group", "blocks": [noop("x")]}
    raw = {
        "blocks": [loop({"items": [1]}, group), noop("a", config="{{ x }}"), noop("b", config="{{ blocks.x.y }}")],
        "output": "{{ x }}",
    }
    found = faults_of({**raw, "blocks": [*raw["blocks"], noop("c", needs=["x"]), noop("d", when="x")]})
    assert {message.partition(" ")[0] for _, _, message in found} == {"`x`"}
    assert {(pointer, code) for pointer, code, message in found if "lies inside `l`" in message} == {
        ("/blocks/1/config", "template.unknown_root"),
        ("/blocks/2/config", "template.unknown_root"),
        ("/blocks/3/needs/0", "definition.unknown_need"),
        ("/blocks/4/when", "expression.unknown_name"),
        ("/output", "template.unknown_root"),
    }


def test_a_circle_through_a_container_is_found() -> None:
    raw = {"blocks": [loop({"items": [1]}, noop("x", config="{{ a }}")), noop("a", config="{{ l }}")]}
    ((pointer, code, message),) = faults_of(raw)
    assert (pointer, code) == ("/blocks/0/blocks/0/config", "template.not_upstream")
    assert "`l` waits for `a` waits for `l`" in message


def test_a_circle_inside_is_found() -> None:
    raw = {"blocks": [loop({"items": [1]}, noop("x", needs=["y"]), noop("y", needs=["x"]))]}
    assert places_of(raw) == [("/blocks/0/blocks/0/needs/0", "definition.cycle")]


def test_a_reply_may_come_from_a_group() -> None:
    found = one({"id": "g", "type": "group", "blocks": [{"id": "r", "type": "answer"}]})
    assert found.blocks[0].responds


def test_mistakes_inside_a_loop_that_is_wrong_are_told_as_well() -> None:
    raw = loop({"as": "city"}, noop("a", config=["{{ city }}", "{{ previous.a }}", "{{ index }}", "{{ nope }}"]))
    assert places_of({"blocks": [raw]}) == [
        ("/blocks/0/config", "block.config_invalid"),
        ("/blocks/0/blocks/0/config/3", "template.unknown_root"),
    ]


def test_a_loop_with_a_condition_takes_an_executor_for_it() -> None:
    catalogue = {"noop": CATALOGUE["noop"]}
    compile_definition({"blocks": [loop({"items": [1]}, noop("a"))]}, catalogue)
    with pytest.raises(DefinitionError) as caught:
        compile_definition({"blocks": [loop({"until": "1"}, noop("a"))]}, catalogue)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/blocks/0/config/until", "block.unknown_type")
    ]
