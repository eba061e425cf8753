"""What must not grow: one run of very many tasks, and very many runs that only wait."""

import asyncio
import contextlib
import os
import signal
import time
from typing import Any

from bench.processes import cpu_seconds, family, find, peak_memory_mb
from bench.workloads import each, linear, parked
from gnatwork import Client

#: Tasks of the short and of the long run, whose costs per task are compared.
_FEW, _MANY = 1000, 100_000
_PARKED = 10_000
_IDLE_SECONDS = 20.0
_AT_ONCE = 200


async def measure(connection: dict[str, Any]) -> dict[str, float]:
    """The figures of one long run and of many parked ones, of a whole `gnatwork up`."""
    async with Client(connection["nats"]) as client:
        await _per_task(client, _FEW)
        few = min([await _per_task(client, _FEW) for _ in range(5)])
        many = await _per_task(client, _MANY)
        memory = peak_memory_mb(_scheduler(connection))
        before = await _idle(connection)
        await _park(client)
        after = await _idle(connection)
        restart = await _restart(client, connection)
    return {
        "each1000_us_per_task": round(1e6 * few, 1),
        "each100000_us_per_task": round(1e6 * many, 1),
        "per_task_ratio": round(many / few, 2),
        "scheduler_peak_mb": round(memory, 1),
        "idle_cpu_percent": round(before, 2),
        "parked10000_idle_cpu_percent": round(after, 2),
        "restart_to_first_dispatch_s": round(restart, 2),
    }


async def _per_task(client: Client, tasks: int) -> float:
    begin = time.perf_counter()
    run = await client.start(each(tasks))
    await run.result(timeout=300)
    return (time.perf_counter() - begin) / tasks


async def _idle(connection: dict[str, Any]) -> float:
    """Percent of one core that everything takes together while nothing happens."""
    # What was written last is still being put in order.
    await asyncio.sleep(5)
    pids = family(connection["pid"])
    before = cpu_seconds(pids)
    await asyncio.sleep(_IDLE_SECONDS)
    return 100 * (cpu_seconds(pids) - before) / _IDLE_SECONDS


async def _park(client: Client) -> None:
    """Start runs that wait for a signal which nobody sends, and wait until all of them do."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def start() -> None:
        async with places:
            await client.start(parked())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_PARKED):
            tasks.create_task(start())


async def _restart(client: Client, connection: dict[str, Any]) -> float:
    """Seconds from the death of the scheduler until another one has brought a new run to its end."""
    await (await client.start(linear())).result(timeout=60)
    begin, dead = time.perf_counter(), _scheduler(connection)
    os.kill(dead, signal.SIGKILL)
    # What the dead one still got is handed out again only after five seconds, and is another matter.
    while not (found := _found_scheduler(connection)) or found == dead:  # noqa: ASYNC110 - a process has no event
        await asyncio.sleep(0.01)
    await (await client.start(linear())).result(timeout=60)
    return time.perf_counter() - begin


def _found_scheduler(connection: dict[str, Any]) -> int | None:
    with contextlib.suppress(LookupError):
        return _scheduler(connection)
    return None


def _scheduler(connection: dict[str, Any]) -> int:
    return find(family(connection["pid"]), "gnatwork_cli", "scheduler")
