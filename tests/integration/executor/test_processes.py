"""Blocks that keep a CPU busy run in worker processes, which can be killed."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.executing import Scheduler, hosting
from support.odd_blocks import Burn, block_of
from support.processes import executor_process

from gnatwork_blocks.sdk import BlockContext
from gnatwork_executor.processes import Processes
from gnatwork_schemas.subjects import cancel_control


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def fifo(tmp_path: Path) -> str:
    """Where a worker tells its process id."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return str(path)


async def test_it_computes_elsewhere(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, Burn):
        pid = await scheduler.output(await scheduler.send("burn", {"pid": 1}))
    assert pid != os.getpid()


async def test_past_its_timeout_the_worker_is_killed(nats_url: str, scheduler: Scheduler, fifo: str) -> None:
    async with hosting(nats_url, Burn):
        await scheduler.output(await scheduler.send("burn", {"pid": 1}))
        sent = await scheduler.send("burn", {"forever": fifo}, timeout=0.5)
        pid = int(await asyncio.to_thread(Path(fifo).read_text))
        assert (await scheduler.error(sent))["code"] == "block.timeout"
        assert not is_alive(pid)
        # Another worker takes its place.
        assert await scheduler.output(await scheduler.send("burn", {"pid": 1})) != pid


async def test_a_block_on_the_loop_may_compute_elsewhere(nats_url: str, scheduler: Scheduler, fifo: str) -> None:
    async def compute(ctx: BlockContext, config: Any) -> Any:
        return await ctx.compute(Burn.compute, config)

    async with hosting(nats_url, block_of(compute)):
        pid = await scheduler.output(await scheduler.send("odd", {"pid": 1}))
        assert pid != os.getpid()
        sent = await scheduler.send("odd", {"forever": fifo}, timeout=0.5)
        pid = int(await asyncio.to_thread(Path(fifo).read_text))
        assert (await scheduler.error(sent))["code"] == "block.timeout"
        assert not is_alive(pid)


async def test_what_waits_for_a_worker_is_not_claimed(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it can be handed back, and be run by another executor although it may run only once."""
    waiting = asyncio.Event()

    @asynccontextmanager
    async def full(_self: Processes) -> AsyncIterator[None]:
        waiting.set()
        await asyncio.Event().wait()
        yield

    with monkeypatch.context() as busy:
        busy.setattr(Processes, "place", full)
        async with hosting(nats_url, Burn, drain=0.01):
            sent = await scheduler.send("burn", {"pid": 1}, idempotent=False)
            await waiting.wait()
    async with hosting(nats_url, Burn):
        assert await scheduler.output(sent)


async def test_a_cancel_kills_the_worker(nats_url: str, scheduler: Scheduler, fifo: str) -> None:
    async with hosting(nats_url, Burn):
        sent = await scheduler.send("burn", {"forever": fifo})
        pid = int(await asyncio.to_thread(Path(fifo).read_text))
        scheduler.connection.send(cancel_control("default", sent.work.run_id), b"")
        await scheduler.settled(sent)
        assert not is_alive(pid)
    assert scheduler.outcomes(sent) == []


async def test_block_errors_cross_the_border(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, Burn):
        error = await scheduler.error(await scheduler.send("burn", {"raise": "block"}))
    assert error == {
        "code": "burn.bad",
        "message": "Burnt.",
        "retryable": True,
        "retry_after": 2.5,
        "details": {"a": 1},
    }


async def test_other_errors_stay_in_the_log(
    nats_url: str, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    async with hosting(nats_url, Burn):
        error = await scheduler.error(await scheduler.send("burn", {"raise": "unforeseen"}))
    assert error["message"] == "The block raised KeyError; the executor's log has the trace."
    assert "the password is 1234" in caplog.text


async def test_a_worker_that_dies_takes_nothing_with_it(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, Burn):
        error = await scheduler.error(await scheduler.send("burn", {"die": 1}))
        assert (error["code"], error["retryable"]) == ("block.failed", True)
        assert "died" in error["message"]
        assert await scheduler.output(await scheduler.send("burn", {"pid": 1}))


HOST_BURN = """
from gnatwork_executor import serve
from support.odd_blocks import Burn

serve.hostable = lambda names: ((Burn,), {})
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
async def test_workers_die_with_an_executor_that_is_killed(nats_url: str, scheduler: Scheduler, fifo: str) -> None:
    async with executor_process(nats_url, "burn", drain=1, prepare=HOST_BURN) as process:
        await scheduler.send("burn", {"forever": fifo})
        worker = os.pidfd_open(int(await asyncio.to_thread(Path(fifo).read_text)))
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(worker, gone.set)
        process.kill()
        await gone.wait()
        asyncio.get_running_loop().remove_reader(worker)
        os.close(worker)
