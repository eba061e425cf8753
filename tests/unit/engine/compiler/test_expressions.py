"""Expressions in configs: which fields they are, what they mention, and the values beside them."""

from typing import Any

import pytest
from support.definitions import block_of, compiled, faults_of, leaves_of, needs_of, noop, places_of

BEFORE = [noop("news"), noop("my-id")]


def step(type_: str, config: Any, **fields: Any) -> dict[str, Any]:
    return {"blocks": [*BEFORE, {"id": "it", "type": type_, "config": config, **fields}]}


def test_what_an_expression_mentions_becomes_values_and_needs() -> None:
    expression = "news.lines.length > input.n && blocks['my-id'].x && Math.max(1, 2) && run.id != trigger.id"
    control_block = compiled(step("condition", {"if": expression}))
    it = block_of(control_block, "it")
    assert it.config == {
        "if": expression,
        "values": {
            "news": "{{ news ?? null }}",
            "input": "{{ input ?? null }}",
            "blocks": {"my-id": "{{ blocks.my-id ?? null }}"},
            "run": "{{ run ?? null }}",
            "trigger": "{{ trigger ?? null }}",
        },
    }
    assert leaves_of(it) == {
        "values.news": ("blocks.news", 0),
        "values.input": ("input", 0),
        "values.blocks.my-id": ("blocks.my-id", 0),
        "values.run": ("run", 0),
        "values.trigger": ("trigger", 0),
    }
    for leaf in it.templates:
        (part,) = leaf.parts
        assert not isinstance(part, str)
        assert (part.has_default, part.default) == (True, None)
    assert needs_of(control_block)["it"] == ["news", "my-id"]


def test_an_expression_that_mentions_nothing_has_no_values() -> None:
    assert block_of(compiled(step("condition", {"if": "1 < 2"})), "it").config == {"if": "1 < 2"}


@pytest.mark.parametrize(
    ("type_", "config", "values"),
    [
        ("condition", {"if": True}, None),
        ("filter", {"if": "news"}, ["news"]),
        ("filter", {"if": False}, None),
        ("switch", {"on": "news.kind", "cases": {"a": "{{ input.a }}", "b": 7, "c": {"x": "news >"}}}, ["news"]),
        ("switch", {"cases": {"a": "news.a", "b": "input.b", "c": True}, "default": "d"}, ["news", "input"]),
        ("switch", {"on": None, "cases": {"a": "news"}}, ["news"]),
        ("transform", {"set": {"a": "{{ news }}"}}, None),
        ("transform", {"expression": "news.map(x => x * input.n)"}, ["news", "input"]),
        ("transform", {"set": {"n": "{{ input.n }}"}, "expression": "set.n + news.n"}, ["news"]),
    ],
)
def test_the_fields_that_are_expressions(type_: str, config: Any, values: list[str] | None) -> None:
    found = block_of(compiled(step(type_, config)), "it").config
    assert isinstance(found, dict)
    assert list(found["values"]) == values if values else "values" not in found  # type: ignore[arg-type]  # JSON
    assert {key: value for key, value in found.items() if key != "values"} == config


def test_templates_beside_expressions_are_templates() -> None:
    it = block_of(compiled(step("switch", {"on": "news", "cases": {"a": "{{ blocks.my-id }}"}})), "it")
    assert leaves_of(it) == {"cases.a": ("blocks.my-id", 0), "values.news": ("blocks.news", 0)}


def test_set_is_a_block_where_nothing_else_is_called_so() -> None:
    raw: Any = {"blocks": [noop("set"), {"id": "it", "type": "transform", "config": {"expression": "set.x"}}]}
    assert needs_of(compiled(raw))["it"] == ["set"]
    raw["blocks"][1]["config"]["set"] = {"x": 1}
    assert needs_of(compiled(raw))["it"] == []


@pytest.mark.parametrize(
    ("type_", "config", "pointer", "code", "told"),
    [
        ("condition", {"if": "{{ news }}"}, "/if", "expression.syntax", "write `news` without braces"),
        ("condition", {"if": "a >"}, "/if", "expression.syntax", "a value is missing at line 1"),
        ("condition", {"if": "x" * 20000}, "/if", "expression.too_long", "20,000 characters"),
        ("condition", {"if": "nwes.x"}, "/if", "expression.unknown_name", "did you mean `news`?"),
        ("condition", {"if": "my-id"}, "/if", "expression.unknown_name", '`my-id` is `blocks["my-id"]` in JavaScript'),
        ("condition", {"if": "fetch('x')"}, "/if", "expression.unknown_name", "`fetch` is neither a block, a root nor"),
        ("condition", {"if": "eval('1')"}, "/if", "expression.unknown_name", "`eval` is neither"),
        ("condition", {"if": "blocks[news]"}, "/if", "expression.unknown_name", "written out"),
        ("condition", {"if": "Object.keys(blocks)"}, "/if", "expression.unknown_name", "written out"),
        (
            "condition",
            {"if": "blocks.nwes"},
            "/if",
            "expression.unknown_name",
            "there is no block `nwes`; did you mean",
        ),
        ("condition", {"if": "item.x"}, "/if", "expression.unknown_name", "only inside a loop over `items`"),
        ("condition", {"if": "index > 1"}, "/if", "expression.unknown_name", "there is an `index` only inside a loop"),
        ("condition", {"if": "previous.x"}, "/if", "expression.unknown_name", "only inside a loop with `while`"),
        ("condition", {"if": "error.code"}, "/if", "expression.unknown_name", "only in a block that needs another"),
        ("condition", {"if": "connections.x"}, "/if", "connection.misplaced", "a connection can be mentioned only"),
        ("condition", {"if": "it.x"}, "/if", "template.not_upstream", "`it` mentions its own output"),
        ("condition", {"if": 7}, "/if", "block.config_invalid", ", not a number"),
        ("condition", {}, "", "block.config_invalid", "`if` is missing"),
        ("condition", {"if": "1", "values": {}}, "/values", "block.config_invalid", "leave it out"),
        ("condition", "{{ input }}", "", "block.config_invalid", "must be an object, written out"),
        ("condition", 7, "", "block.config_invalid", "must be an object, not a number"),
        ("switch", {"cases": {"a": "news >"}}, "/cases/a", "expression.syntax", "a value is missing"),
        ("switch", {"cases": {"a": 7}}, "/cases/a", "block.config_invalid", "as there is no `on`"),
        ("switch", {"cases": {}}, "/cases", "block.config_invalid", "at least 1"),
        ("switch", {"cases": {"a b": "1"}}, "/cases/a b", "block.config_invalid", "is a port, so it must be"),
        ("switch", {"cases": {"out": "1"}}, "/cases/out", "block.config_invalid", "every block has a port `out`"),
        ("switch", {"cases": {"a": "1"}, "default": "error"}, "/default", "block.config_invalid", "every block has"),
        ("switch", {"cases": "{{ input }}"}, "/cases", "block.config_invalid", "must be an object, written out"),
        ("transform", {"expression": "return 1"}, "/expression", "expression.syntax", "without `return`"),
        ("transform", {"set": {"a": "{{ nope }}"}}, "/set/a", "template.unknown_root", "neither a block nor a root"),
    ],
)
def test_a_mistake_stands_at_its_place(type_: str, config: Any, pointer: str, code: str, told: str) -> None:
    ((found, found_code, message),) = faults_of(step(type_, config))
    assert (found, found_code) == (f"/blocks/2/config{pointer}", code)
    assert told in message


def test_every_mistake_of_an_expression_is_told() -> None:
    assert len(faults_of(step("condition", {"if": "foo + bar + blocks.baz"}))) == 3


def test_a_type_that_nobody_hosts_says_how_to_host_it() -> None:
    from_ = {"id": "a", "type": "collect", "config": {}}
    ((pointer, code, message),) = faults_of({"blocks": [from_]})
    assert (pointer, code) == ("/blocks/0/type", "block.unknown_type")
    assert "the engine adds by itself" in message


def test_other_types_have_no_expressions() -> None:
    it = block_of(compiled(step("noop", {"if": "{{ news }}", "expression": "a ="})), "it")
    assert leaves_of(it) == {"if": ("blocks.news", 0)}


def test_the_error_is_known_to_the_handler() -> None:
    raw = step("condition", {"if": "error.code == 'x'"}, needs=["news.error"])
    it = block_of(compiled(raw), "it")
    assert leaves_of(it) == {"values.error": ("error", 0)}
    assert it.handles == ("news",)
    assert places_of(step("condition", {"if": "error"}, needs=["news"]))
