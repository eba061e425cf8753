"""Timeouts, cancels and blocks that do not stop."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import pytest
from support.executing import Scheduler, hosting, subject_of
from support.odd_blocks import block_of
from support.processes import executor_process

from gnatwork_blocks.sdk import BlockContext
from gnatwork_bus.connection import Connection
from gnatwork_executor import attempt
from gnatwork_schemas.messages import StopControl
from gnatwork_schemas.subjects import cancel_control


class Gate:
    """A block that waits, and tells what becomes of it."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.stopped = asyncio.Event()
        self.open = asyncio.Event()
        self.contexts: list[BlockContext] = []

    async def run(self, ctx: BlockContext, _config: Any) -> Any:
        self.contexts.append(ctx)
        self.entered.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.stopped.set()
            raise
        return "went through"

    async def run_late(self, ctx: BlockContext, config: Any) -> Any:
        """Takes a cancel for a hint to return early."""
        try:
            return await self.run(ctx, config)
        except asyncio.CancelledError:
            return "early"

    async def run_stubbornly(self, ctx: BlockContext, config: Any) -> Any:
        """Does not let itself be stopped."""
        while not self.open.is_set():
            try:
                await self.run(ctx, config)
            except asyncio.CancelledError:
                continue
        return "went through"


async def test_past_its_timeout_a_block_is_stopped(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run)):
        sent = await scheduler.send("odd", timeout=0.1)
        error = await scheduler.error(sent)
        assert gate.stopped.is_set()
        await scheduler.settled(sent)
    assert (error["code"], error["retryable"]) == ("block.timeout", True)
    assert error["message"] == "The attempt took longer than its timeout of 0.1 s."
    assert gate.contexts[0].cancelled


async def test_what_a_block_returns_after_its_timeout_does_not_count(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run_late)):
        sent = await scheduler.send("odd", timeout=0.01)
        assert (await scheduler.error(sent))["code"] == "block.timeout"
        await scheduler.settled(sent)
    assert len(scheduler.outcomes(sent)) == 1


async def test_a_block_that_does_not_stop_is_left_behind(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "GRACE", 0.05)
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run_stubbornly), concurrency=1):
        sent = await scheduler.send("odd", timeout=0.01)
        assert (await scheduler.error(sent))["code"] == "block.timeout"
        await scheduler.settled(sent)
        # Its place is free again.
        gate.open.set()
        assert await scheduler.output(await scheduler.send("odd")) == "went through"
    assert len(scheduler.outcomes(sent)) == 1


async def test_a_cancelled_run_is_stopped_at_once_and_leaves_no_outcome(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run)):
        cancelled, other = await scheduler.send("odd"), await scheduler.send("odd")
        await scheduler.event(other, "block.step.started")
        await scheduler.event(cancelled, "block.step.started")
        scheduler.connection.send(cancel_control("default", cancelled.work.run_id), b"")
        await scheduler.settled(cancelled)
        assert gate.stopped.is_set()

        gate.open.set()
        assert await scheduler.output(other) == "went through"
    assert scheduler.outcomes(cancelled) == []


async def test_an_item_that_comes_after_the_cancel_of_its_run_is_dropped(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run)):
        first = await scheduler.send("odd")
        await gate.entered.wait()
        scheduler.connection.send(cancel_control("default", first.work.run_id), b"")
        await scheduler.settled(first)
        late = await scheduler.send("odd", run_id=first.work.run_id, task="next")
        await scheduler.settled(late)
    assert len(gate.contexts) == 1
    assert scheduler.outcomes(late) == []


async def test_what_was_decided_after_the_stop_of_a_run_goes_on(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()

    async def stop(epoch: int) -> None:
        body = StopControl(epoch=epoch).model_dump_json().encode()
        scheduler.connection.send(cancel_control("default", first.work.run_id), body)

    async with hosting(nats_url, block_of(gate.run)):
        first = await scheduler.send("odd", task="a", epoch=0)
        second = await scheduler.send("odd", run_id=first.work.run_id, task="b", epoch=1)
        for sent in (first, second):
            await scheduler.event(sent, f"block.{sent.work.task}.started")
        await stop(1)
        await scheduler.settled(first)
        # An earlier stop that comes late changes nothing.
        await stop(0)
        late = await scheduler.send("odd", run_id=first.work.run_id, task="c", epoch=0)
        await scheduler.settled(late)
        gate.open.set()
        assert await scheduler.output(second) == "went through"
        third = await scheduler.send("odd", run_id=first.work.run_id, task="d", epoch=1)
        assert await scheduler.output(third) == "went through"
    assert scheduler.outcomes(first) == scheduler.outcomes(late) == []


async def test_a_stop_that_was_missed_is_found_after_a_reconnect(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, called = Gate(), list[Callable[[], None]]()
    on_reconnect = Connection.on_reconnect

    def noting(connection: Connection, callback: Callable[[], None]) -> None:
        called.append(callback)
        on_reconnect(connection, callback)

    monkeypatch.setattr(Connection, "on_reconnect", noting)
    async with hosting(nats_url, block_of(gate.run)):
        kept, stopped = [await scheduler.send("odd") for _ in range(2)]
        async with asyncio.timeout(30):
            while len(gate.contexts) < 2:
                await scheduler.connection.flush()
            await scheduler.connection.api("STREAM.PURGE.WORK", {"filter": subject_of(stopped.work)})
            for callback in called:
                callback()
            await gate.stopped.wait()
        assert [ctx.run_id for ctx in gate.contexts if ctx.cancelled] == [stopped.work.run_id]
        gate.open.set()
        assert await scheduler.output(kept) == "went through"


async def test_a_stop_that_is_not_understood_stops_nothing(
    nats_url: str, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run)):
        sent = await scheduler.send("odd")
        await gate.entered.wait()
        scheduler.connection.send(cancel_control("default", sent.work.run_id), b'{"epoch": "all"}')
        await scheduler.connection.nc.flush()
        gate.open.set()
        assert await scheduler.output(sent) == "went through"
    assert "is not understood" in caplog.text


async def test_a_drain_lets_blocks_finish(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run)) as signals:
        sent = await scheduler.send("odd")
        await gate.entered.wait()
        signals.leave.set()
        gate.open.set()
        assert await scheduler.output(sent) == "went through"
    await scheduler.settled(sent)


@pytest.mark.parametrize("hurried", [False, True])
async def test_what_does_not_finish_is_handed_back(nats_url: str, scheduler: Scheduler, hurried: bool) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run), drain=60.0 if hurried else 0.01) as signals:
        sent = await scheduler.send("odd")
        await gate.entered.wait()
        signals.leave.set()
        if hurried:
            signals.hurry.set()
    await scheduler.settled(sent, b"-NAK")
    assert gate.stopped.is_set()
    assert scheduler.outcomes(sent) == []

    gate.open.set()
    async with hosting(nats_url, block_of(gate.run)):
        assert await scheduler.output(sent) == "went through"


async def test_what_was_fetched_but_not_begun_is_handed_back_at_once(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run), drain=0.01) as signals:
        sent = [await scheduler.send("odd") for _ in range(20)]
        await gate.entered.wait()
        signals.leave.set()
    gate.open.set()
    async with hosting(nats_url, block_of(gate.run)):
        async with asyncio.timeout(9):  # sooner than the server delivers again by itself
            assert [await scheduler.output(item) for item in sent] == ["went through"] * 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_the_process(nats_url: str, scheduler: Scheduler, number: signal.Signals) -> None:
    async with executor_process(nats_url, "sleep", drain=30) as process:
        sent = await scheduler.send("sleep", {"for": "600ms"})
        await scheduler.event(sent, "block.step.started")
        process.send_signal(number)
        assert await scheduler.output(sent) == {"slept_ms": 600}
        assert await process.wait() == 0
    await scheduler.settled(sent)
