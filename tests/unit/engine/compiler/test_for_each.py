"""`for_each`: one block, once per item."""

from typing import Any

import pytest
from support.definitions import block_of, compiled, faults_of, leaves_of, needs_of, noop

from gnatwork_schemas.control_block import Loop
from gnatwork_schemas.definition import Retry


def each(**fields: Any) -> dict[str, Any]:
    return noop("it", **{"for_each": {"items": "{{ src.list }}"}, **fields})


def test_the_container_has_the_place_and_the_block_inside_the_work() -> None:
    it = each(
        for_each={"items": "{{ src.list }}", "concurrency": 2, "max_items": 9, "on_error": "continue"},
        needs=["b.error"],
        join="always",
        on_error="continue",
        retry={"max_attempts": 3},
        timeout="5s",
        idempotent=False,
        priority="high",
        config={"x": "{{ item.x }}", "n": "{{ index }}", "c": "{{ c }}", "e": "{{ error }}"},
    )
    control_block = compiled({"blocks": [noop("src"), noop("b"), noop("c"), it, noop("after", config="{{ it[0] }}")]})
    outer = block_of(control_block, "it")
    (inner,) = outer.blocks
    assert (outer.kind, outer.type, outer.config) == ("each", "noop", {"items": "{{ src.list }}"})
    assert outer.loop == Loop(concurrency=2, max_iterations=9, on_error="continue")
    assert leaves_of(outer) == {"items": ("blocks.src.list", 0)}
    assert needs_of(control_block)["it"] == ["b.error", "src", "c"]
    assert (outer.join, outer.on_error, outer.handles, outer.lane) == ("always", "continue", ("b",), "high")
    assert outer.retry == Retry()
    assert (inner.id, inner.kind, inner.needs, inner.join, inner.on_error) == ("it", "task", (), "all", "fail")
    assert (inner.retry, inner.timeout) == (Retry(max_attempts=3), 5)
    assert (inner.idempotent, inner.lane) == (False, "high")
    assert leaves_of(inner) == {"x": ("item.x", 0), "n": ("index", 0), "c": ("blocks.c", 1), "e": ("error", 1)}
    assert needs_of(control_block)["after"] == ["it"]


def test_the_item_has_the_name_that_it_is_given() -> None:
    it = each(for_each={"items": [{"n": 1}], "as": "city"}, config=["{{ city.n }}"])
    (inner,) = block_of(compiled({"blocks": [it]}), "it").blocks
    assert leaves_of(inner) == {"0": ("item.n", 0)}
    it = each(for_each={"items": [1], "as": "city"}, config="{{ item }}")
    ((pointer, code, message),) = faults_of({"blocks": [it]})
    assert (pointer, code) == ("/blocks/0/config", "template.unknown_root")
    assert message == "the item is called `city` here"


def test_expressions_of_the_block_see_the_item() -> None:
    it = {"id": "it", "type": "transform", "for_each": {"items": [1], "as": "n"}, "config": {"expression": "n * index"}}
    (inner,) = block_of(compiled({"blocks": [it]}), "it").blocks
    assert leaves_of(inner) == {"values.n": ("item", 0), "values.index": ("index", 0)}


@pytest.mark.parametrize(
    ("type_", "config"),
    [("delay", {"for": "{{ item }}"}), ("wait", {"signal": "{{ item }}"}), ("workflow", {"name": "{{ item }}"})],
)
def test_steered_blocks_keep_their_kind(type_: str, config: Any) -> None:
    it = {"id": "it", "type": type_, "for_each": {"items": [1, 2]}, "config": config}
    outer = block_of(compiled({"blocks": [it]}), "it")
    assert (outer.kind, outer.type, outer.blocks[0].kind, outer.blocks[0].type) == ("each", type_, type_, type_)
    assert len(leaves_of(outer.blocks[0])) == 1


@pytest.mark.parametrize(
    ("for_each", "pointer", "code", "told"),
    [
        ({}, "", "definition.invalid", "`items` is missing"),
        ({"items": 7}, "/items", "block.config_invalid", "must be an array, or a template that yields one"),
        ({"items": None}, "/items", "block.config_invalid", "must be an array"),
        ({"items": "text"}, "/items", "block.config_invalid", "must be an array"),
        ({"items": "a {{ input }}"}, "/items", "block.config_invalid", "must be one template and nothing else"),
        ({"items": '{{ "a" }}'}, "/items", "block.config_invalid", "must be one template and nothing else"),
        ({"items": "{{ nope }}"}, "/items", "template.unknown_root", "neither a block"),
        ({"items": "{{ it }}"}, "/items", "template.not_upstream", "its own output"),
        ({"items": "{{ item }}"}, "/items", "template.unknown_root", "only inside a loop"),
        ({"items": [1, 2, 3], "max_items": 2}, "/items", "block.config_invalid", "has 3 items, more than"),
        ({"items": [], "max_items": 2_000_000}, "/max_items", "definition.invalid", "at most 1000000"),
        ({"items": [], "concurrency": 0}, "/concurrency", "definition.invalid", "at least 1"),
        ({"items": [], "conc": 0}, "/conc", "definition.invalid", "there is no `conc`"),
        ({"items": [], "as_": "x"}, "/as_", "definition.invalid", "did you mean `as`?"),
        ({"items": [], "As": "x"}, "/As", "definition.invalid", "did you mean `as`?"),
        ({"items": [], "as": "input"}, "/as", "block.config_invalid", "is a root of templates; call the item"),
        ({"items": [], "as": "class"}, "/as", "block.config_invalid", "is a word of JavaScript"),
        ({"items": [], "as": "it"}, "/as", "block.config_invalid", "is the id of a block in it"),
        ({"items": [], "as": "a-b"}, "/as", "definition.invalid", "1 to 64 letters"),
    ],
)
def test_a_mistake_stands_at_its_place(for_each: Any, pointer: str, code: str, told: str) -> None:
    ((found, found_code, message),) = faults_of({"blocks": [noop("it", for_each=for_each)]})
    assert (found, found_code) == (f"/blocks/0/for_each{pointer}", code)
    assert told in message


def test_a_block_can_not_ask_for_its_own_items() -> None:
    assert faults_of({"blocks": [noop("it", for_each={"items": [1]}, config="{{ it }}")]}) == [
        ("/blocks/0/config", "template.not_upstream", "`it` mentions its own output")
    ]


@pytest.mark.parametrize(("type_", "told"), [("loop", "give the loop `items`"), ("group", "make it a `loop`")])
def test_loops_and_groups_do_not_run_per_item(type_: str, told: str) -> None:
    config = {"items": [1]} if type_ == "loop" else {}
    it = {"id": "it", "type": type_, "config": config, "blocks": [noop("x")], "for_each": {"items": [1]}}
    ((pointer, code, message),) = faults_of({"blocks": [it]})
    assert (pointer, code) == ("/blocks/0/for_each", "definition.no_effect")
    assert told in message


def test_the_caller_gets_one_reply() -> None:
    ((pointer, code, message),) = faults_of({"blocks": [{"id": "r", "type": "answer", "for_each": {"items": [1]}}]})
    assert (pointer, code) == ("/blocks/0/type", "definition.invalid")
    assert "can't stand in a loop" in message
