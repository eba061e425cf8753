"""What becomes of runs that are idle, long, or over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.playing import Playing, runs_in_memory
from support.story import block

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.core import RunAddress
from gnatwork_engine.core.snapshot import thaw
from gnatwork_scheduler import shard, snapshots
from gnatwork_scheduler.serve import scheduling
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlledBlock, Loop
from gnatwork_schemas.payload import ItemsRef


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            pass


def each(count: int) -> ControlledBlock:
    """A loop over items that a test plays."""
    return ControlledBlock(
        id="each",
        type="noop",
        kind="each",
        config={"items": list(range(count))},
        loop=Loop(concurrency=4),
        blocks=(block("each"),),
    )


async def play_items(playing: Playing, run: RunAddress, first: int, last: int) -> None:
    """Play the executors of some items of `each`."""
    for index in range(first, last):
        await playing.output(await playing.work(run, f"each/{index}"), index)


async def test_idle_runs_leave_memory_and_come_back(
    bus: Connection, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard, "_IDLE", 0.1)
    async with scheduling(SchedulerSettings(nats_url=nats_url, name="test")):
        playing = await Playing.begin(bus)
        run = await playing.start(block("a"), block("b", "a"))
        work = await playing.work(run, "a")

        async def forgotten() -> bool:
            return await runs_in_memory(playing) == 0

        await until(forgotten)
        await playing.output(work)
        await playing.output(await playing.work(run, "b"))
        await playing.event(run, "complete")


async def test_a_long_run_goes_on_from_its_snapshot(
    bus: Connection, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_EVERY", 10)
    settings = SchedulerSettings(nats_url=nats_url, name="test")
    playing = await Playing.begin(bus)
    run = await playing.start(each(40), block("after", "each"))
    pattern = subjects.payload_chunk(run.namespace, run.run_id, "snapshot", 0)

    async def saved() -> bool:
        return bool(await read_all(bus, subjects.PAYLOADS, pattern))

    async with scheduling(settings):
        work = await playing.work(run, "each:expand", type_="expand")
        items = ItemsRef(id="items", count=40, page_size=256)
        await playing.output(work, {"items": items.model_dump()})
        await play_items(playing, run, 0, 30)
        await until(saved)
    loaded: list[int] = []

    def noting(plan: Any, frozen: dict[str, Any]) -> Any:
        state = original(plan, frozen)
        loaded.append(state.sequence)
        return state

    original = thaw
    monkeypatch.setattr(snapshots, "thaw", noting)
    async with scheduling(settings):
        await play_items(playing, run, 30, 40)
        collect = await playing.work(run, "each:collect", type_="collect")
        assert len(collect.config["results"]) == 40
        assert sorted(collect.config["results"]) == collect.config["results"]
        await playing.output(collect, list(range(40)))
        await playing.output(await playing.work(run, "after"))
        await playing.event(run, "complete")
    assert loaded


async def test_an_ended_run_is_archived_and_what_comes_late_vanishes(bus: Connection, nats_url: str) -> None:
    async with scheduling(SchedulerSettings(nats_url=nats_url, archive_after=0.2, name="test")):
        playing = await Playing.begin(bus)
        run = await playing.start(block("a"))
        work = await playing.work(run, "a")
        await playing.output(work, {"n": 1})
        await playing.summary(run, "completed")

        async def gone() -> bool:
            return not await playing.history.load_live(run.namespace, run.run_id)

        await until(gone)
        archived = await playing.history.load_run(run.namespace, run.run_id)
        assert [message.subject.removeprefix(f"{run.base}.") for message in archived] == [
            "start",
            "block.a.output",
            "complete",
        ]
        await playing.output(work, {"n": 2})
        await until(gone)
        assert len(await playing.history.load_run(run.namespace, run.run_id)) == 3


async def test_a_snapshot_does_not_bring_back_what_was_put_away(
    bus: Connection, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Payloads outlive the history, and so does the snapshot among them."""
    monkeypatch.setattr(snapshots, "_EVERY", 4)
    async with scheduling(SchedulerSettings(nats_url=nats_url, archive_after=0.2, name="test")):
        playing = await Playing.begin(bus)
        run = await playing.start(each(10), block("after", "each"))
        items = ItemsRef(id="items", count=10, page_size=256)
        await playing.output(await playing.work(run, "each:expand", type_="expand"), {"items": items.model_dump()})
        await play_items(playing, run, 0, 10)
        collect = await playing.work(run, "each:collect", type_="collect")
        await playing.output(collect, list(range(10)))
        await playing.output(await playing.work(run, "after"))
        await playing.summary(run, "completed")

        async def gone() -> bool:
            return not await playing.history.load_live(run.namespace, run.run_id)

        await until(gone)
        assert await Payloads(bus).any(run.namespace, run.run_id)
        items_seen = len(playing.wire.all(lambda seen: seen.subject.startswith("block.")))
        for index in range(10):
            late = await playing.work(run, f"each/{index}")
            await playing.output(late, index)
        await playing.output(collect, [])
        await until(gone)
        assert len(playing.wire.all(lambda seen: seen.subject.startswith("block."))) == items_seen


async def test_a_workflow_may_keep_nothing(bus: Connection, nats_url: str) -> None:
    async with scheduling(SchedulerSettings(nats_url=nats_url, archive_after=0.2, name="test")):
        playing = await Playing.begin(bus)
        run = await playing.start(block("a"), retention=0.0)
        await Payloads(bus).put(run.namespace, run.run_id, b"1" * 100, "large")
        await playing.output(await playing.work(run, "a"))

        async def gone() -> bool:
            events = await playing.history.load_run(run.namespace, run.run_id)
            return not events and not await Payloads(bus).any(run.namespace, run.run_id)

        await until(gone)
