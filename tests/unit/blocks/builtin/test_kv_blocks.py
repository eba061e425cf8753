from typing import Any

import pytest

from gnatwork_blocks.builtin.kv_get import KvGet
from gnatwork_blocks.builtin.kv_put import KvPut
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import run_block

KEY = {"bucket": "carts", "key": "ada@example.com"}


async def put(ctx: BlockContext, **config: Any) -> Any:
    return (await run_block(KvPut, {**KEY, **config}, ctx))["revision"]


async def get(ctx: BlockContext, **config: Any) -> Any:
    return await run_block(KvGet, {**KEY, **config}, ctx)


async def test_what_is_kept_is_read_again(ctx: BlockContext) -> None:
    assert await get(ctx) == {"found": False, "value": None, "revision": 0}
    assert await get(ctx, default=[]) == {"found": False, "value": [], "revision": 0}
    revision = await put(ctx, value={"items": 3})
    assert await get(ctx, default=[]) == {"found": True, "value": {"items": 3}, "revision": revision}
    assert await put(ctx, delete=True) is None
    assert not (await get(ctx))["found"]


async def test_null_is_a_value(ctx: BlockContext) -> None:
    await put(ctx, value=None)
    assert (await get(ctx, default=1))["value"] is None


async def test_read_and_written_on_the_condition_that_nobody_else_writes(ctx: BlockContext) -> None:
    first = await put(ctx, value=1, if_revision=0)
    second = await put(ctx, value=2, if_revision=first)
    with pytest.raises(BlockError) as caught:
        await put(ctx, value=3, if_revision=first)
    assert (caught.value.code, caught.value.details) == ("kv.changed", {"revision": second})
    await put(ctx, delete=True, if_revision=second)


@pytest.mark.parametrize(
    ("block", "config"),
    [
        (KvGet, {"bucket": "No Name", "key": "a"}),
        (KvGet, {"bucket": "a.b", "key": "a"}),
        (KvGet, {"bucket": "a", "key": ""}),
        (KvGet, {"bucket": "a", "key": "x" * 256}),
        (KvPut, {"bucket": "a", "key": "b"}),
        (KvPut, {"bucket": "a", "key": "b", "value": 1, "delete": True}),
        (KvPut, {"bucket": "a", "key": "b", "delete": True, "ttl": "1m"}),
        (KvPut, {"bucket": "a", "key": "b", "delete": True, "if_revision": 0}),
        (KvPut, {"bucket": "a", "key": "b", "value": 1, "ttl": "10ms"}),
        (KvPut, {"bucket": "a", "key": "b", "value": 1, "if_revision": -1}),
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, block: type[Block], config: Any) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(block, config, ctx)
    assert caught.value.code == "block.config_invalid"
