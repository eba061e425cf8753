"""The product's real path: definitions submitted to a whole `gnatwork up`, everything switched on."""

import asyncio
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figures
from bench.http import post_many
from bench.processes import cpu_seconds, family, find, memory_mb
from bench.workloads import LARGE, STEPS, fan_out, large, linear
from gnatwork import Client

_IDLE_SECONDS = 20.0
_START_SECONDS = 60.0


@contextlib.contextmanager
def running(folder: Path, sync: str, *options: str) -> Iterator[tuple[dict[str, Any], float]]:
    """A whole `gnatwork up` in an empty folder: its connection and the seconds that it took to start."""
    command = [sys.executable, "-m", "gnatwork_cli", "up", "--port", "0", "--data-dir", str(folder), "--sync", sync]
    command += options
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        file = folder / "connection.json"
        while not file.exists():
            if process.poll() is not None or time.perf_counter() - begin > _START_SECONDS:
                raise RuntimeError("gnatwork up did not start; its logs are in the data directory")
            time.sleep(0.02)
        yield json.loads(file.read_text()), time.perf_counter() - begin
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


async def measure(connection: dict[str, Any], *, runs: int, repeat: int) -> tuple[Figures, dict[str, float]]:
    """The product's figures, runs submitted over NATS; and beside them those of submission over HTTP."""
    pids = family(connection["pid"])
    async with Client(connection["nats"]) as client:
        await timed(client, linear(), 3)
        before = cpu_seconds(pids)
        await asyncio.sleep(_IDLE_SECONDS)
        idle = 100 * (cpu_seconds(pids) - before) / _IDLE_SECONDS
        memory = memory_mb(pids)
        alone = await timed(client, linear(), repeat) / STEPS
        wide = await timed(client, fan_out(), max(5, repeat // 4))
        through = await timed(client, large(), max(5, repeat // 4), {"text": "x" * LARGE})
        seconds = await _flood(client, linear(), runs)
    figures = Figures(
        linear10_ms_per_step=alone,
        fanout100_ms=wide,
        linear10_steps_per_s=runs * STEPS / seconds,
        payload100k_ms=through,
        idle_cpu_percent=idle,
        rss_mb=memory,
    )
    return figures, await _over_http(connection, runs=runs, repeat=repeat)


async def _over_http(connection: dict[str, Any], *, runs: int, repeat: int) -> dict[str, float]:
    manager = find(family(connection["pid"]), "gnatwork", "manager")
    async with Client(connection["api"], token=connection["token"]) as client:
        alone = await timed(client, linear(), repeat) / STEPS
        # A block that waits keeps the runs from ending, so that only their submission is counted.
        waiting = {"blocks": [{"id": "wait", "type": "sleep", "config": {"for": "1h"}, "timeout": "2h"}]}
        submission = {"workflow": {"definition": waiting}}
        before, begin = cpu_seconds([manager]), time.perf_counter()
        run_ids = await post_many(f"{connection['api']}/api/v1/runs", connection["token"], submission, runs)
        seconds, used = time.perf_counter() - begin, cpu_seconds([manager]) - before
        for run_id in run_ids:
            await client.run(run_id).cancel()
    return {
        "http_linear10_ms_per_step": round(alone, 3),
        "http_submissions_per_s": round(runs / seconds),
        "http_submit_manager_cpu_ms": round(1000 * used / runs, 3),
    }


async def timed(client: Client, definition: dict[str, Any], times: int, value: Any = None) -> float:
    """Median milliseconds from submission to result."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        await (await client.start(definition, input=value)).result(30)
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


async def _flood(client: Client, definition: dict[str, Any], runs: int) -> float:
    """Seconds that many runs take that are submitted at once."""

    async def one() -> None:
        await (await client.start(definition)).result(300)

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(runs)))
    return time.perf_counter() - begin
