"""What is loaded, and what need not be."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from gnatwork_bus.message import StoredMessage
from gnatwork_scheduler import loader as loaders
from gnatwork_scheduler.live_run import LiveRun
from gnatwork_scheduler.loader import Loader


async def test_runs_that_no_one_waits_for_any_more_are_not_loaded() -> None:
    """When a shard has changed hands and come back, thousands may be in the queue."""
    begun: list[str] = []
    busy, go = asyncio.Event(), asyncio.Event()

    async def load_snapshot(address: Any) -> None:
        begun.append(address.run_id)
        if len(begun) == loaders._PARALLEL:
            busy.set()
        await go.wait()

    async def events_after(_base: str, _sequence: int) -> list[StoredMessage]:
        return []

    parts = cast("Any", SimpleNamespace(load=load_snapshot, events_after=events_after))
    loader = Loader(parts, parts, parts, parts)
    runs = [LiveRun(f"history.0.default.test.{number}") for number in range(2 * loaders._PARALLEL)]
    async with asyncio.TaskGroup() as tasks:
        for run in runs:
            tasks.create_task(loader.load(run))
        await busy.wait()
        for run in runs:
            run.broken = True
        go.set()
    assert len(begun) == loaders._PARALLEL
