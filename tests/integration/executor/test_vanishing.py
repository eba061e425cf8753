"""Executors that are killed while they run a block: real processes, real signals."""

import signal
from pathlib import Path

import pytest
from support.executing import Scheduler
from support.processes import executor_process

#: An executor of a block that notes each of its runs in a file and then does as it is told. What is not renewed is
#: delivered again after half a second.
PREPARE = """
import asyncio, os, signal
from pathlib import Path
from gnatwork_bus import topology
topology.EXECUTOR_ACK_WAIT = 0.5
from gnatwork_blocks.sdk import Block
from gnatwork_executor import serve

class Deadly(Block):
    type, title, summary = "odd", "Odd", "Is the end of its executor."
    async def run(self, ctx, config):
        with Path(config["file"]).open("a") as file:
            file.write("run ")
        if config["do"] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.Event().wait()

serve.hostable = lambda names: ((Deadly,), {})
"""


def runs(file: Path) -> int:
    return len(file.read_text().split()) if file.exists() else 0


async def test_a_block_that_kills_its_executors_is_given_up(
    nats_url: str, scheduler: Scheduler, tmp_path: Path
) -> None:
    file = tmp_path / "runs"
    sent = await scheduler.send("odd", {"file": str(file), "do": "die"})
    for attempt in (1, 2, 3):
        async with executor_process(nats_url, "odd", prepare=PREPARE, max_deliveries=3) as process:
            assert await process.wait() == -signal.SIGKILL
        assert runs(file) == attempt
    async with executor_process(nats_url, "odd", prepare=PREPARE, max_deliveries=3):
        error = await scheduler.error(sent)
        await scheduler.settled(sent)
    assert (error["code"], error["retryable"]) == ("executor.lost", False)
    assert runs(file) == 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_what_may_run_once_does_not_run_twice(
    nats_url: str, scheduler: Scheduler, tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "runs"
    sent = await scheduler.send("odd", {"file": str(file), "do": "wait"}, idempotent=False)
    async with executor_process(nats_url, "odd", prepare=PREPARE, drain=0) as process:
        # It runs: it was claimed, and there is no outcome.
        await scheduler.event(sent, "block.step.started")
        await scheduler.event(sent, "block.step.claimed.1")
        process.send_signal(number)
        await process.wait()
    async with executor_process(nats_url, "odd", prepare=PREPARE):
        error = await scheduler.error(sent)
        await scheduler.settled(sent)
    assert (error["code"], error["retryable"]) == ("executor.lost", False)
    assert runs(file) == 1
    assert len(scheduler.outcomes(sent)) == 1


async def test_rolling_restarts_do_not_end_a_long_task(nats_url: str, scheduler: Scheduler, tmp_path: Path) -> None:
    file = tmp_path / "runs"
    sent = await scheduler.send("odd", {"file": str(file), "do": "wait"})
    for attempt in (1, 2, 3):
        async with executor_process(nats_url, "odd", prepare=PREPARE, drain=0, max_deliveries=2) as process:
            await scheduler.wire.several(
                attempt, lambda seen: seen.subject.endswith(".step.started") and sent.work.run_id in seen.subject
            )
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    assert runs(file) == 3
    assert scheduler.outcomes(sent) == []
