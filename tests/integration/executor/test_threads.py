"""Blocks that are plain functions run in threads, which can't be stopped, but left behind."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from support.executing import Scheduler, hosting
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_executor import threads


def plain(function: Callable[[BlockContext, Any], Any]) -> type[Block]:
    """A block of the type `odd` that is a plain function."""

    def run(_self: Block, ctx: BlockContext, config: Any) -> Any:
        return function(ctx, config)

    return type("Plain", (Block,), {"type": "odd", "title": "Odd", "summary": "Is plain.", "run": run})


class Stuck:
    """A function that does not return before it may."""

    def __init__(self) -> None:
        self.may_return = threading.Event()
        self.contexts: list[BlockContext] = []

    def run(self, ctx: BlockContext, config: Any) -> Any:
        if config == "pass":
            return "passed"
        self.contexts.append(ctx)
        self.may_return.wait()
        return "late"


async def test_a_plain_function_runs_beside_the_event_loop(nats_url: str, scheduler: Scheduler) -> None:
    here = threading.current_thread()

    def where(ctx: BlockContext, _config: Any) -> Any:
        ctx.log("info", "first", n=1)
        ctx.progress(0.5, "half")
        ctx.log("info", "second")
        return {"elsewhere": threading.current_thread() is not here}

    async with hosting(nats_url, plain(where)):
        sent = await scheduler.send("odd")
        assert await scheduler.output(sent) == {"elsewhere": True}
    lines = scheduler.wire.all(lambda seen: seen.subject.endswith(f"{sent.work.run_id}.block.step.log"))
    assert [line.body["message"] for line in lines] == ["first", "second"]


async def test_what_it_raises_is_the_attempts_error(nats_url: str, scheduler: Scheduler) -> None:
    def fail(_ctx: BlockContext, config: Any) -> Any:
        if config == "stop":
            raise StopIteration
        raise BlockError("shop.closed", "The shop is closed.")

    async with hosting(nats_url, plain(fail)):
        error = await scheduler.error(await scheduler.send("odd"))
        assert (error["code"], error["retryable"]) == ("shop.closed", False)
        assert (await scheduler.error(await scheduler.send("odd", "stop")))["code"] == "block.failed"


async def test_a_code_that_a_block_calls_retryable_is_so(nats_url: str, scheduler: Scheduler) -> None:
    async def fail(_ctx: BlockContext, config: str) -> Any:
        raise BlockError(config, "It went wrong.")

    async with hosting(nats_url, block_of(fail, retryable=("shop.busy",))):
        assert (await scheduler.error(await scheduler.send("odd", "shop.busy")))["retryable"]
        assert not (await scheduler.error(await scheduler.send("odd", "shop.closed")))["retryable"]


async def test_what_belongs_to_the_event_loop_is_refused_to_a_thread(nats_url: str, scheduler: Scheduler) -> None:
    def ask(ctx: BlockContext, _config: Any) -> Any:
        with pytest.raises(RuntimeError, match="write `async def run`"):
            _ = ctx.http
        with pytest.raises(RuntimeError, match="write `async def run`"):
            _ = ctx.keys
        with pytest.raises(RuntimeError, match="write `async def run`"):
            _ = ctx.sql

    async with hosting(nats_url, plain(ask)):
        assert await scheduler.output(await scheduler.send("odd")) is None


async def test_past_its_timeout_the_attempt_ends_and_the_thread_is_left_behind(
    nats_url: str, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    stuck = Stuck()
    try:
        async with hosting(nats_url, plain(stuck.run)):
            sent = await scheduler.send("odd", timeout=0.2)
            assert (await scheduler.error(sent))["code"] == "block.timeout"
            assert stuck.contexts[0].cancelled
            assert await scheduler.output(await scheduler.send("odd", "pass")) == "passed"
        assert len(scheduler.outcomes(sent)) == 1
        assert f"step of run {sent.work.run_id} does not stop and is left behind" in caplog.text
    finally:
        stuck.may_return.set()


async def test_an_executor_whose_threads_are_all_left_behind_leaves(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(threads.Threads.__init__, "__defaults__", (2,))
    stuck = Stuck()
    try:
        async with hosting(nats_url, plain(stuck.run)) as signals:
            for _ in range(2):
                await scheduler.error(await scheduler.send("odd", timeout=0.2))
            await signals.leave.wait()
        assert "all 2 threads are in blocks that do not return" in caplog.text
    finally:
        stuck.may_return.set()


async def test_a_thread_that_comes_back_after_all_is_of_use_again() -> None:
    stuck, left = Stuck(), []
    pool = threads.Threads(lambda: left.append("all"), 1)
    async with pool.place(lambda: left.append("one")) as place:
        waiting = place.run(stuck.may_return.wait)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting, 0.01)
    assert left == ["one", "all"]
    stuck.may_return.set()
    async with pool.place(lambda: left.append("one")) as place:
        assert await place.run(lambda: "again") == "again"
    assert (left, pool.left_behind) == (["one", "all"], 0)


async def test_a_thread_that_the_system_refuses_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    left: list[str] = []
    pool = threads.Threads(lambda: left.append("all"), 1)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            async with pool.place(lambda: left.append("one")) as place:
                await place.run(lambda: "never")
    async with asyncio.timeout(20), pool.place(lambda: left.append("one")) as place:
        assert await place.run(lambda: "again") == "again"
    assert not left
