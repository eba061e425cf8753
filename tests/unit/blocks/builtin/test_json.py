from typing import Any

import pytest

from gnatwork_blocks.builtin.json import MAX_BYTES, Json
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block


async def failure(ctx: BlockContext, config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Json, config, ctx)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [("null", None), ("1.5", 1.5), ('"a"', "a"), (' {"a": [1, {"b": null}]}\n', {"a": [1, {"b": None}]})],
)
async def test_a_text_becomes_a_value(ctx: BlockContext, text: str, value: Any) -> None:
    assert await run_block(Json, {"parse": text}, ctx) == value


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"render": {"b": 1, "a": "é"}}, '{"b":1,"a":"é"}'),
        ({"render": {"b": 1, "a": {"d": 1, "c": 2}}, "sorted": True}, '{"a":{"c":2,"d":1},"b":1}'),
        ({"render": [1], "pretty": True}, "[\n  1\n]"),
        ({"render": None}, "null"),
        ({"render": "a"}, '"a"'),
    ],
)
async def test_a_value_becomes_a_text(ctx: BlockContext, config: Any, text: str) -> None:
    assert await run_block(Json, config, ctx) == text


@pytest.mark.parametrize(
    ("text", "line", "column"), [("", 1, 1), ("{\n  'a': 1}", 2, 3), ("[1 2]", 1, 4), ("NaN", 1, 1), ("[1] x", 1, 5)]
)
async def test_the_place_of_a_mistake_is_told(ctx: BlockContext, text: str, line: int, column: int) -> None:
    error = await failure(ctx, {"parse": text})
    assert (error.code, error.details) == ("json.invalid", {"line": line, "column": column})


async def test_depth_and_size_are_bounded(ctx: BlockContext) -> None:
    assert (await failure(ctx, {"parse": "[" * 200 + "]" * 200})).code == "json.too_deep"
    assert (await failure(ctx, {"parse": "[" * 100_000 + "]" * 100_000})).code == "json.invalid"
    assert (await failure(ctx, {"parse": '"' + "x" * MAX_BYTES + '"'})).code == "json.too_large"
    assert (await failure(ctx, {"render": "x" * MAX_BYTES})).code == "json.too_large"


@pytest.mark.parametrize(
    "config", [{}, {"parse": "1", "render": 1}, {"parse": None}, {"parse": 1}, {"parse": "1", "pretty": True}]
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: Any) -> None:
    assert (await failure(ctx, config)).code == "block.config_invalid"
