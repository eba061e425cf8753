"""Code that means no good, in a real executor: it fails as foreseen, and the executor neither grows nor suffers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.executing import Scheduler, Sent
from support.hostile import FULL, JAVASCRIPT, PYTHON, Program
from support.walls import all_walls

from gnatwork_bus.connection import Connection
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer
from gnatwork_schemas.subjects import error_event, live_event, output_event

pytestmark = pytest.mark.skipif(not all_walls(), reason="this machine can't give all walls")

#: Seconds that a program may compute which is to be stopped, and one which is to come to something by itself.
_SHORT, _LONG = 0.2, 20.0
#: MiB that a program may have.
_MEMORY = 32
#: Bytes by which the executor's resident memory may grow.
_GROWTH = 50 * 1024 * 1024
_HONEST = (
    ("code", {"language": "javascript", "source": "function main(x) { return x + 41 }"}),
    ("code", {"language": "python", "source": "def main(x):\n    return x + 41"}),
    ("python-full", {"source": "def main(x):\n    return x + 41"}),
)


@asynccontextmanager
async def _executor(url: str) -> AsyncIterator[int]:
    """The number of a process that hosts code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gnatwork_cli", "executor", "--nats", url),
        *("--blocks", "code,python-full", "--allow-python-full"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.kill()
        await process.wait()


def _most_resident(pid: int) -> int:
    """Bytes that the process had in memory at most."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _work() -> list[tuple[str, dict[str, Any], Program]]:
    return [
        *(("code", {"language": "javascript", "source": program.source}, program) for program in JAVASCRIPT),
        *(("code", {"language": "python", "source": program.source}, program) for program in PYTHON),
        *(("python-full", {"source": program.source}, program) for program in FULL),
    ]


def _limits(program: Program) -> dict[str, Any]:
    return {"timeout": _SHORT if "code.timeout" in program.codes else _LONG, "memory": _MEMORY}


def _wrong(program: Program, outcome: dict[str, Any]) -> bool:
    """Whether this is not what has to come of it."""
    if "output" in outcome:
        return bool(program.codes) or outcome["output"] != program.value
    error = outcome["error"]
    said = not program.says or any(word in error["message"] for word in program.says.split(" or "))
    return error["code"] not in program.codes or not said


async def _outcome(scheduler: Scheduler, sent: Sent) -> dict[str, Any]:
    subjects = {live_event(sent.work.run_id, of(sent.work.task)) for of in (output_event, error_event)}
    found: dict[str, Any] = (await scheduler.wire.first(lambda seen: seen.subject in subjects)).body
    return found


async def _honest(scheduler: Scheduler) -> list[Any]:
    sent = [await scheduler.send(type_, {**config, "input": 1}) for type_, config in _HONEST]
    return [await scheduler.output(one) for one in sent]


def test_there_are_enough_of_them() -> None:
    assert len(JAVASCRIPT) >= 25
    assert len(PYTHON) >= 20
    assert len(FULL) >= 15


@pytest.mark.timeout(120)
async def test_hostile_programs_fail_as_foreseen_and_leave_the_executor_as_it_was(
    bus: Connection, nats_url: str
) -> None:
    for type_ in ("code", "python-full"):
        await ensure_consumer(bus, executor_consumer(type_))
    scheduler = await Scheduler.watching(bus)
    async with _executor(nats_url) as pid:
        assert await _honest(scheduler) == [42, 42, 42]
        before = _most_resident(pid)
        sent = [
            (program, await scheduler.send(type_, {**config, **_limits(program), "input": {"a": 1}}))
            for type_, config, program in _work()
        ]
        outcomes = [(program, await _outcome(scheduler, one)) for program, one in sent]
        grown = _most_resident(pid) - before
        assert await _honest(scheduler) == [42, 42, 42]
    wrong = [
        (program.source, outcome.get("output", outcome.get("error")))
        for program, outcome in outcomes
        if _wrong(program, outcome)
    ]
    assert not wrong
    assert grown < _GROWTH
