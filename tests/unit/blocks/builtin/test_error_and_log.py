from typing import Any

import pytest

from gnatwork_blocks.builtin.error import Error
from gnatwork_blocks.builtin.log import Log
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import Recorder, run_block


async def test_an_error_is_raised_as_it_is_written(ctx: BlockContext) -> None:
    config = {
        "code": "order.empty",
        "message": "No lines.",
        "retryable": True,
        "retry_after": "5m",
        "details": {"number": 7},
    }
    with pytest.raises(BlockError) as caught:
        await run_block(Error, config, ctx)
    assert caught.value.info.model_dump(exclude={"task"}) == {**config, "retry_after": 300.0}


async def test_an_error_needs_no_more_than_a_message(ctx: BlockContext) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Error, {"message": "No."}, ctx)
    assert (caught.value.code, caught.value.retryable) == ("user.error", False)


async def test_a_line_is_logged() -> None:
    recorder = Recorder()
    config = {"message": "Found it", "fields": {"level": 3, "message": "mine"}}
    assert await run_block(Log, config, recorder.context()) == {"level": "info", **config}
    assert recorder.logs == [("info", "Found it", {"level": 3, "message": "mine"})]


@pytest.mark.parametrize("value", [7, None, {"a": 1}])
async def test_a_value_is_passed_on(value: Any) -> None:
    recorder = Recorder()
    assert await run_block(Log, {"level": "error", "message": "!", "value": value}, recorder.context()) == value
    assert recorder.logs == [("error", "!", {})]


@pytest.mark.parametrize(
    ("block", "config"),
    [
        (Error, {}),
        (Error, {"message": ""}),
        (Error, {"message": "x", "code": "Not A Code"}),
        (Error, {"message": "x", "retry_after": -1}),
        (Log, {}),
        (Log, {"message": "x", "level": "loud"}),
        (Log, {"message": "x", "fields": []}),
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, block: type[Block], config: Any) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(block, config, ctx)
    assert caught.value.code == "block.config_invalid"
