from typing import Any

import pytest

from gnatwork_blocks.builtin.noop import Noop
from gnatwork_blocks.builtin.response import Response
from gnatwork_blocks.builtin.sleep import Sleep
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import run_block


@pytest.mark.parametrize("config", [None, 1, "text", [1, {"a": None}], {"any": {"thing": True}}])
async def test_noop_yields_its_config(ctx: BlockContext, config: Any) -> None:
    assert await run_block(Noop, config, ctx) == config


@pytest.mark.parametrize(("duration", "slept"), [("2ms", 2), (0.001, 1), (0, 0), ("1ms1ms", 2)])
async def test_sleep_sleeps(ctx: BlockContext, duration: str | float, slept: int) -> None:
    assert await run_block(Sleep, {"for": duration}, ctx) == {"slept_ms": slept}


async def test_response_yields_the_answer(ctx: BlockContext) -> None:
    assert await run_block(Response, {}, ctx) == {"status": 200, "headers": {}, "body": None}
    config = {"status": 404, "headers": {"X-Count": 3, "x-note": " a b "}, "body": {"error": "none"}}
    assert await run_block(Response, config, ctx) == {
        "status": 404,
        "headers": {"X-Count": "3", "x-note": "a b"},
        "body": {"error": "none"},
    }


@pytest.mark.parametrize(
    ("block", "config", "pointer"),
    [
        (Sleep, {}, "/for"),
        (Sleep, {"for": "soon"}, "/for"),
        (Sleep, {"for": -1}, "/for"),
        (Sleep, {"for_": 1}, "/for_"),
        (Sleep, {"for": 1, "more": 1}, "/more"),
        (Response, {"status": 199}, "/status"),
        (Response, {"status": 600}, "/status"),
        (Response, {"status": "ok"}, "/status"),
        (Response, {"headers": {"a b": "c"}}, "/headers"),
        (Response, {"headers": {"a": "b\r\nc: d"}}, "/headers/a"),
        (Response, {"headers": {"a": "b\x00"}}, "/headers/a"),
        (Response, {"headers": {"Content-Length": "1"}}, "/headers"),
        (Response, {"headers": {"transfer-encoding": "chunked"}}, "/headers"),
        (Response, {"headers": {"a": {}}}, "/headers/a"),
        (Response, {"html": ""}, "/html"),
        (Response, [], ""),
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, block: type[Block], config: Any, pointer: str) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(block, config, ctx)
    assert caught.value.code == "block.config_invalid"
    assert caught.value.details is not None
    assert any(fault["pointer"].startswith(pointer) for fault in caught.value.details["errors"])
