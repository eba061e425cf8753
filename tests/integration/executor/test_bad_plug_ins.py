"""Blocks that harm the process they run in: real processes that find them, fail them, and leave if they must."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import BaseModel
from support.executing import Scheduler, hosting, make_work
from support.odd_blocks import Burn, block_of
from support.processes import executor_process

from gnatwork_blocks.sdk import BlockContext
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_executor import attempt
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.payload import MAX_PAYLOAD
from gnatwork_schemas.subjects import STATE_BUCKET, WorkSubject, catalogue_key, work_item

#: An executor whose watchdog is quick, of a block that does what its config says.
PREPARE = """
import asyncio, logging, time
from gnatwork_blocks.sdk import Block
from gnatwork_executor import serve, watchdog
from gnatwork_executor.settings import ExecutorSettings

logging.basicConfig()
watchdog.STEP, watchdog.FOUND_AFTER, watchdog.END_AFTER = 0.1, 0.5, 2.0
ExecutorSettings.__init__.__kwdefaults__["max_memory"] = 300

def work_hard(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

class Bad(Block):
    type, title, summary = "odd", "Odd", "Harms its process."
    hoard = []
    async def run(self, ctx, config):
        match config:
            case {"block": seconds, "then": "return"}:
                work_hard(seconds)
            case {"block": seconds, "then": "wait"}:
                work_hard(seconds)
                await asyncio.Event().wait()
            case {"block": seconds, "then": "beside"}:
                async def beside():
                    work_hard(seconds)
                await asyncio.create_task(beside())
            case {"leak": megabytes}:
                self.hoard.append(b"x" * (megabytes * 1024 * 1024))
            case {"large": size}:
                return "x" * size
        return "done"

serve.hostable = lambda names: ((Bad,), {})
"""


@pytest.mark.parametrize("then", ["return", "wait", "beside"])
async def test_a_block_that_blocks_the_event_loop_is_named_and_fails(
    nats_url: str, scheduler: Scheduler, then: str
) -> None:
    async with executor_process(nats_url, "odd", prepare=PREPARE, stderr=subprocess.PIPE) as process:
        assert await scheduler.output(await scheduler.send("odd", {})) == "done"
        blocking = await scheduler.send("odd", {"block": 1.2, "then": then})
        error = await scheduler.error(blocking)
        await scheduler.settled(blocking)
        # The others go on.
        assert await scheduler.output(await scheduler.send("odd", {})) == "done"
        process.terminate()
        _, log = await process.communicate()
    assert (error["code"], error["retryable"]) == ("block.blocked_loop", False)
    assert f"the block type odd, with the task step of run {blocking.work.run_id}, has kept" in log.decode()
    assert "in work_hard" in log.decode()


async def test_a_process_whose_block_never_gives_the_loop_back_ends_and_says_which(
    nats_url: str, scheduler: Scheduler
) -> None:
    sent = await scheduler.send("odd", {"block": 1000, "then": "return"})
    async with executor_process(nats_url, "odd", prepare=PREPARE, stderr=subprocess.PIPE) as process:
        async with asyncio.timeout(30):
            _, log = await process.communicate()
        assert process.returncode == 1
    text = f"the task step of run {sent.work.run_id}, does not give the event loop back for 2 s; this process ends"
    assert text in log.decode()
    # It is over, and ends no further process.
    error = await scheduler.error(sent)
    assert (error["code"], error["retryable"]) == ("block.blocked_loop", False)
    async with executor_process(nats_url, "odd", prepare=PREPARE):
        await scheduler.settled(sent)


async def test_a_process_that_grows_too_large_drains_and_leaves(nats_url: str, scheduler: Scheduler) -> None:
    async with executor_process(nats_url, "odd", prepare=PREPARE, stderr=subprocess.PIPE) as process:
        sent = await scheduler.send("odd", {"leak": 400})
        assert await scheduler.output(sent) == "done"
        async with asyncio.timeout(30):
            _, log = await process.communicate()
        assert process.returncode == 0
    assert "more than the 300 MB of --max-memory; it drains, leaves" in log.decode()
    # Another one goes on.
    async with executor_process(nats_url, "odd", prepare=PREPARE):
        assert await scheduler.output(await scheduler.send("odd", {})) == "done"


async def test_an_output_of_50_mb_is_stored_and_a_larger_one_than_the_limit_refused(
    nats_url: str, scheduler: Scheduler
) -> None:
    prepare = PREPARE.replace("= 300", "= 0")
    async with executor_process(nats_url, "odd", prepare=prepare) as process:
        large = 50 * 1024 * 1024
        stored = await scheduler.output(await scheduler.send("odd", {"large": large}))
        assert stored["$payload"]["size"] == large + 2
        assert await scheduler.output(await scheduler.send("odd", {})) == "done"
        peak = _peak_megabytes(process.pid)
        error = await scheduler.error(await scheduler.send("odd", {"large": MAX_PAYLOAD}))
        assert error["code"] == "payload.too_large"
        # The value and its JSON, but no further copies.
        assert peak < 350
        assert _peak_megabytes(process.pid) < 400


def _peak_megabytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


class _Strict(BaseModel):
    number: int


async def double(_ctx: BlockContext, config: _Strict) -> Any:
    return 2 * config.number


async def test_an_item_for_a_newer_version_of_the_block_is_left_to_an_executor_that_has_it(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attempt, "ELSEWHERE_AFTER", 0.1)
    state = Bucket(scheduler.connection, STATE_BUCKET)
    async with hosting(nats_url, block_of(double, Config=_Strict)):
        entry = await state.get(catalogue_key("odd"))
        assert entry is not None
        newer = BlockType.model_validate_json(entry.value).model_copy(update={"version": "2", "config_schema": True})
        wrong = await scheduler.send("odd", {"number": "many"})
        assert (await scheduler.error(wrong))["code"] == "block.config_invalid"
        await state.put(catalogue_key("odd"), newer.model_dump_json().encode())
        sent = await scheduler.send("odd", {"number": "many"})
        await scheduler.settled(sent, b"-NAK")
    assert "step is for a newer version of odd than is hosted here" in caplog.text
    assert not scheduler.outcomes(sent)
    async with hosting(nats_url, block_of(_any, version="2")):
        assert await scheduler.output(sent) == {"number": "many"}


async def test_likewise_where_the_config_is_read_in_a_worker_process(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "ELSEWHERE_AFTER", 0.1)
    state = Bucket(scheduler.connection, STATE_BUCKET)
    async with hosting(nats_url, Burn):
        entry = await state.get(catalogue_key("burn"))
        assert entry is not None
        newer = BlockType.model_validate_json(entry.value).model_copy(update={"version": "2"})
        await state.put(catalogue_key("burn"), newer.model_dump_json().encode())
        sent = await scheduler.send("burn", {"raise": "invalid"})
        await scheduler.settled(sent, b"-NAK")
        # Claimed, it can run nowhere else.
        once = await scheduler.send("burn", {"raise": "invalid"}, idempotent=False)
        assert (await scheduler.error(once))["code"] == "block.config_invalid"
    assert not scheduler.outcomes(sent)


async def _any(_ctx: BlockContext, config: Any) -> Any:
    return config


async def test_an_item_of_a_type_that_is_not_hosted_is_handed_back(
    nats_url: str, bus: Connection, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone has let the consumer of one type have the work of another."""
    monkeypatch.setattr(attempt, "ELSEWHERE_AFTER", 30.0)
    async with hosting(nats_url, block_of(_any)):
        config = (await bus.api("CONSUMER.INFO.WORK.exec-odd-normal"))["config"]
        other = make_work("other", 1)
        subject = work_item(WorkSubject("other", "normal", "default", other.run_id, "step", 1))
        request = {
            "stream_name": "WORK",
            "config": {**config, "filter_subject": "block.*.normal.>"},
            "action": "update",
        }
        await bus.api("CONSUMER.DELETE.WORK.exec-burn-normal")
        await bus.api("CONSUMER.CREATE.WORK.exec-odd-normal", request)
        sequence = await bus.publisher.publish(subject, other.model_dump_json().encode())
        answer = await scheduler.wire.first(
            lambda seen: seen.subject.startswith("$JS.ACK") and seen.subject.split(".")[-4] == str(sequence)
        )
        assert answer.data.startswith(b"-NAK ")
        assert orjson.loads(answer.data[5:])["delay"] > 0
        assert await scheduler.output(await scheduler.send("odd", "fine")) == "fine"
