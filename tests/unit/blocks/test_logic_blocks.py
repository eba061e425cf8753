from typing import Any

import pytest
from support.resources import resources

from gnatwork_blocks.builtin.condition import Condition
from gnatwork_blocks.builtin.filter import Filter
from gnatwork_blocks.builtin.switch import Switch, same
from gnatwork_blocks.builtin.transform import Transform
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.shared import Shared
from gnatwork_blocks.testing import Recorder, run_block

VALUES = {"input": {"total": 120, "tags": [], "none": None}, "news": {"lines": ["a", "b"]}}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (True, True),
        (False, False),
        ("input.total > 100", True),
        ("input.total > 120", False),
        ("input.tags", True),
        ("input.tags.length", False),
        ("input.none", False),
        ("input.missing?.deeper", False),
        ("'false'", True),
        ("1 / 0", True),
        ("news.lines.includes('b') && !input.none", True),
        ("async () => (await input).total === 120", True),
        ("const [first] = news.lines; first === 'b'", False),
    ],
)
async def test_conditions_and_filters(ctx: BlockContext, condition: Any, holds: bool) -> None:
    config = {"if": condition, "values": VALUES}
    assert await run_block(Condition, config, ctx) == {"port": "true" if holds else "false"}
    assert await run_block(Filter, config, ctx) == {"pass": holds}


async def test_a_literal_costs_no_process() -> None:
    async with JavaScript() as javascript:
        ctx = Recorder(resources=resources(javascript=Shared(lambda: javascript))).context()
        assert await run_block(Filter, {"if": True}, ctx) == {"pass": True}
        assert not javascript._pool.pids


CASES = {"one": 1, "yes": True, "text": "1", "list": [1, {"a": None}], "nothing": None, "map": {"a": 1, "b": [2.5]}}


@pytest.mark.parametrize(
    ("on", "port"),
    [
        ("1", "one"),
        ("1.0", "one"),
        ("true", "yes"),
        ("'1'", "text"),
        ("input.none", "nothing"),
        ("undefined", "nothing"),
        ("({ b: [5 / 2], a: 1 })", "map"),
        ("[1, { a: null }]", "list"),
        ("Promise.resolve(true)", "yes"),
        ("[1, { a: null, b: 1 }]", None),
        ("[1]", None),
        ("2", None),
        ("false", None),
        ("({ a: true, b: [2.5] })", None),
    ],
)
async def test_a_switch_over_values(ctx: BlockContext, on: str, port: str | None) -> None:
    config = {"on": on, "cases": CASES, "values": VALUES}
    assert await run_block(Switch, config, ctx) == {"port": port}
    assert await run_block(Switch, config | {"default": "other"}, ctx) == {"port": port or "other"}


@pytest.mark.parametrize(
    ("cases", "port"),
    [
        ({"large": "input.total > 100", "any": True}, "large"),
        ({"small": "input.total < 100", "any": True}, "any"),
        ({"small": "input.total < 100", "never": False}, None),
        ({"text": "'0'", "broken": "no.such.thing"}, "text"),
        ({"late": "Promise.resolve(0)", "later": "Promise.resolve(1)"}, "later"),
    ],
)
async def test_a_switch_over_expressions(ctx: BlockContext, cases: Any, port: str | None) -> None:
    assert await run_block(Switch, {"cases": cases, "values": VALUES}, ctx) == {"port": port}
    config = {"cases": cases, "default": "other", "values": VALUES}
    assert await run_block(Switch, config, ctx) == {"port": port or "other"}


async def test_the_case_that_failed_is_named(ctx: BlockContext) -> None:
    cases = {"first": "false", "second": "\ninput.no.more"}
    with pytest.raises(BlockError) as caught:
        await run_block(Switch, {"cases": cases, "values": VALUES}, ctx)
    assert caught.value.code == "code.error"
    assert caught.value.message.startswith("Case second: TypeError: ")
    assert caught.value.details == {"expression": 1, "line": 2}


async def test_an_error_that_is_of_no_case(ctx: BlockContext) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Switch, {"cases": {"one": "1"}, "values": {"input": "x" * limits.VALUES}}, ctx)
    assert caught.value.code == "code.too_large"
    assert not caught.value.message.startswith("Case")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), (1, True, False), (0, False, False), ("1", 1, False), (None, False, False), ({}, [], False)],
)
def test_values_are_compared_as_json(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is same(other, one) is equal
    assert same([{"a": one}], [{"a": other}]) is equal


@pytest.mark.parametrize(
    ("config", "output"),
    [
        ({"set": {"a": [1, None]}}, {"a": [1, None]}),
        ({"set": {}}, {}),
        ({"expression": "news.lines.map(line => line.toUpperCase())"}, ["A", "B"]),
        ({"expression": "input.none"}, None),
        ({"expression": "{ total: input.total, first: news.lines[0] }"}, {"total": 120, "first": "a"}),
        ({"expression": "({ ...set, more: true })", "set": {"a": 1}}, {"a": 1, "more": True}),
        ({"expression": "({ a }) => a + 1", "set": {"a": 1}}, 2),
        ({"expression": "set => set"}, {}),
        ({"expression": "async ({ a }) => [await a, input.total]", "set": {"a": 1}}, [1, 120]),
        ({"expression": "const sum = news.lines.length; ({ sum })"}, {"sum": 2}),
    ],
)
async def test_transforms(ctx: BlockContext, config: dict[str, Any], output: Any) -> None:
    assert await run_block(Transform, config | {"values": VALUES}, ctx) == output


@pytest.mark.parametrize(
    ("block", "config"),
    [
        (Condition, {"if": "input.no.more"}),
        (Filter, {"if": "input.no.more"}),
        (Switch, {"on": "input.no.more", "cases": {"one": 1}}),
        (Transform, {"expression": "input.no.more"}),
    ],
)
async def test_a_script_that_fails(ctx: BlockContext, block: type[Block], config: dict[str, Any]) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(block, config | {"values": VALUES}, ctx)
    assert (caught.value.code, caught.value.retryable) == ("code.error", False)
    assert "(line 1)" in caught.value.message


@pytest.mark.parametrize(
    ("block", "config", "pointer"),
    [
        (Condition, {}, "/if"),
        (Condition, {"if": ""}, "/if"),
        (Condition, {"if": 1}, "/if"),
        (Condition, {"if_": "1"}, "/if_"),
        (Condition, {"if": "1", "then": 1}, "/then"),
        (Filter, {"if": None}, "/if"),
        (Switch, {}, "/cases"),
        (Switch, {"cases": {}}, "/cases"),
        (Switch, {"cases": {"out": "1"}}, "/cases"),
        (Switch, {"cases": {"error": 1}, "on": "1"}, "/cases"),
        (Switch, {"cases": {"a.b": "1"}}, "/cases"),
        (Switch, {"cases": {"a": 1}}, ""),
        (Switch, {"cases": {"a": ""}}, ""),
        (Switch, {"cases": {"a": "1"}, "default": "out"}, "/default"),
        (Switch, {"cases": {"a": "1"}, "default": "a b"}, "/default"),
        (Switch, {"cases": {"a": "1"}, "on": 1}, "/on"),
        (Transform, {}, ""),
        (Transform, {"set": []}, "/set"),
        (Transform, {"expression": ""}, "/expression"),
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, block: type[Block], config: Any, pointer: str) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(block, config, ctx)
    assert caught.value.code == "block.config_invalid"
    assert caught.value.details is not None
    assert any(fault["pointer"].startswith(pointer) for fault in caught.value.details["errors"])
