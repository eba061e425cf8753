"""Blocks with JavaScript in an executor, whose worker processes go when it goes."""

import os
from pathlib import Path

import pytest
from support.executing import Scheduler, hosting

from gnatwork_blocks.builtin.condition import Condition
from gnatwork_blocks.builtin.switch import Switch
from gnatwork_blocks.builtin.transform import Transform

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are seen through Linux")


def workers() -> set[int]:
    """Processes of this one that evaluate JavaScript."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"gnatwork_blocks.javascript" in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


async def test_many_expressions_share_a_few_processes(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, Condition, Switch, Transform):
        assert not workers()
        sent = [
            await scheduler.send("condition", {"if": "input.n > 9", "values": {"input": {"n": n}}}) for n in range(20)
        ]
        outputs = [await scheduler.output(one) for one in sent]
        assert outputs == [{"port": "true" if n > 9 else "false"} for n in range(20)]
        choice = await scheduler.send("switch", {"on": "input", "cases": {"a": 1}, "values": {"input": 1}})
        made = await scheduler.send("transform", {"set": {"n": 2}, "expression": "({ n }) => n * n"})
        assert await scheduler.output(choice) == {"port": "a"}
        assert await scheduler.output(made) == 4
        assert 0 < len(workers()) <= len(os.sched_getaffinity(0))
    assert not workers()


async def test_past_the_timeout_of_its_block_a_script_is_killed(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, Transform):
        sent = await scheduler.send("transform", {"expression": "new Array(4294967295).join('')"}, timeout=0.3)
        assert (await scheduler.error(sent))["code"] == "block.timeout"
        assert await scheduler.output(await scheduler.send("transform", {"expression": "6 * 7"})) == 42


async def test_the_error_of_a_script_is_that_of_its_task(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, Condition):
        error = await scheduler.error(await scheduler.send("condition", {"if": "input.no.more"}))
    assert error["code"] == "code.error"
    assert error["message"] == "ReferenceError: input is not defined (line 1)"
    assert error["retryable"] is False


async def test_an_executor_that_drains_leaves_no_process(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, Transform, drain=0.01):
        await scheduler.output(await scheduler.send("transform", {"expression": "1"}))
        sent = await scheduler.send("transform", {"expression": "for (;;);"}, timeout=30)
        await scheduler.event(sent, "block.step.started")
    assert not workers()
    async with hosting(nats_url, Transform):
        # It was handed back; whoever has it next is cut short as well, by the limit of scripts.
        assert (await scheduler.error(sent))["code"] == "code.timeout"
