"""What a block returns or raises becomes the outcome of its attempt."""

import asyncio
import math
from typing import Any

import pytest
from pydantic import BaseModel
from support.executing import Scheduler, base_of, hosting, make_work
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_schemas.messages import Error, Output
from gnatwork_schemas.subjects import live_event


async def echo(_ctx: BlockContext, config: Any) -> Any:
    return config


async def test_an_output_is_stored_and_the_item_acknowledged_after_it(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, block_of(echo), name="me"):
        sent = await scheduler.send("odd", {"a": [1, None, "ä"]})
        body = await scheduler.event(sent, "block.step.output")
        acknowledged = await scheduler.settled(sent)

    output = Output.model_validate(body)
    assert (output.task, output.attempt, output.executor) == ("step", 1, "me")
    assert output.output == {"a": [1, None, "ä"]}
    assert output.started_at <= output.ended_at
    stored = scheduler.outcomes(sent)[0]
    assert scheduler.wire.messages.index(stored) < scheduler.wire.messages.index(acknowledged)


async def test_the_trace_context_goes_to_the_block_and_on_to_the_outcome(nats_url: str, scheduler: Scheduler) -> None:
    async def trace(ctx: BlockContext, _config: Any) -> Any:
        return ctx.traceparent

    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with hosting(nats_url, block_of(trace)):
        sent = await scheduler.send_work(make_work("odd"), {"traceparent": traceparent})
        assert await scheduler.output(sent) == traceparent

    stored = await scheduler.history.last(f"{base_of(sent.work)}.>")
    assert stored is not None
    assert stored.headers == {"traceparent": traceparent}


async def test_the_context_says_which_attempt_it_is(nats_url: str, scheduler: Scheduler) -> None:
    async def tell(ctx: BlockContext, _config: Any) -> Any:
        return [ctx.namespace, ctx.workflow, ctx.task, ctx.attempt, ctx.max_attempts, ctx.idempotency_key, ctx.timeout]

    async with hosting(nats_url, block_of(tell)):
        sent = await scheduler.send("odd", task="each/3/notify", attempt=2)
        key = sent.work.idempotency_key
        assert await scheduler.output(sent) == ["default", "test", "each/3/notify", 2, 3, key, 30.0]


async def test_a_block_error_is_told_as_it_is(nats_url: str, scheduler: Scheduler) -> None:
    async def fail(_ctx: BlockContext, _config: Any) -> Any:
        raise BlockError("odd.bad", "It is odd.", retryable=True, retry_after=2.5, details={"status": 503})

    async with hosting(nats_url, block_of(fail)):
        sent = await scheduler.send("odd")
        body = await scheduler.event(sent, "block.step.error")
        await scheduler.settled(sent)

    error = Error.model_validate(body).error
    assert error.model_dump(exclude_none=True) == {
        "code": "odd.bad",
        "message": "It is odd.",
        "retryable": True,
        "retry_after": 2.5,
        "details": {"status": 503},
    }


async def test_details_that_do_not_fit_are_told_as_their_size(nats_url: str, scheduler: Scheduler) -> None:
    async def fail(_ctx: BlockContext, config: Any) -> Any:
        details: Any = {"page": "x" * 2_000_000} if config == "large" else {"object": BlockError, "keys": {7: None}}
        raise BlockError("odd.bad", "y" * 20_000, details=details)

    async with hosting(nats_url, block_of(fail)):
        large = await scheduler.error(await scheduler.send("odd", "large"))
        strange = await scheduler.error(await scheduler.send("odd", "strange"))

    assert large["details"] == {"omitted_bytes": 2_000_011}
    assert large["message"].endswith("yyy… (20000 characters in all)")
    assert strange["details"] == {"object": repr(BlockError), "keys": {"7": None}}


async def test_what_a_block_did_not_foresee_stays_in_the_log(
    nats_url: str, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_ctx: BlockContext, _config: Any) -> Any:
        raise ValueError("the password is 1234")

    async with hosting(nats_url, block_of(fail)):
        error = await scheduler.error(await scheduler.send("odd"))

    assert error["code"] == "block.failed"
    assert error["retryable"]
    assert error["message"] == "The block raised ValueError; the executor's log has the trace."
    assert "the password is 1234" in caplog.text


@pytest.mark.parametrize("raised", [SystemExit(3), asyncio.CancelledError()])
async def test_a_block_cannot_end_its_executor(nats_url: str, scheduler: Scheduler, raised: BaseException) -> None:
    async def fail(_ctx: BlockContext, _config: Any) -> Any:
        raise raised

    async with hosting(nats_url, block_of(fail)):
        for _ in range(2):
            assert (await scheduler.error(await scheduler.send("odd")))["code"] == "block.failed"


class _Config(BaseModel):
    number: int


class _Output(BaseModel):
    double: int


async def double(_ctx: BlockContext, config: _Config) -> Any:
    return _Output(double=2 * config.number) if config.number > 0 else {"half": 1}


async def test_config_and_output_are_checked_against_their_models(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, block_of(double, Config=_Config, Output=_Output)):
        assert await scheduler.output(await scheduler.send("odd", {"number": 21})) == {"double": 42}
        wrong_config = await scheduler.error(await scheduler.send("odd", {"number": "many"}))
        wrong_output = await scheduler.error(await scheduler.send("odd", {"number": -1}))

    assert (wrong_config["code"], wrong_config["retryable"]) == ("block.config_invalid", False)
    assert "/number" in wrong_config["message"]
    assert (wrong_output["code"], wrong_output["retryable"]) == ("block.output_invalid", False)


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


class _Number(BaseModel):
    number: Any


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: 2},
        2**70,
        "\ud800",
        {"\ud800": 1},
        math.nan,
        {"deep": [1, {"in": (math.inf,)}], "none": None},
        _Number(number=-math.inf),
        _Number(number=object()),
        endless(),
        {"set": {1, 2}},
        b"bytes",
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_output_that_is_not_json_is_refused(nats_url: str, scheduler: Scheduler, value: Any) -> None:
    async def run(_ctx: BlockContext, _config: Any) -> Any:
        return value

    async with hosting(nats_url, block_of(run)):
        error = await scheduler.error(await scheduler.send("odd"))
    assert (error["code"], error["retryable"]) == ("block.output_invalid", False)


async def test_null_and_numbers_that_are_json_go_through(nats_url: str, scheduler: Scheduler) -> None:
    value = {"none": None, "list": [None, 1.5, -0.0, 2**63], "text": "null"}

    async def run(_ctx: BlockContext, _config: Any) -> Any:
        return value

    async with hosting(nats_url, block_of(run)):
        assert await scheduler.output(await scheduler.send("odd")) == value


async def test_many_at_once_each_get_their_own_outcome(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, block_of(echo), concurrency=7):
        sent = [await scheduler.send("odd", number) for number in range(200)]
        assert [await scheduler.output(item) for item in sent] == list(range(200))
    subjects = {live_event(item.work.run_id, "block.step.output") for item in sent}
    assert len(scheduler.wire.all(lambda seen: seen.subject in subjects)) == 200
