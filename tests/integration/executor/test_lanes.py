"""Urgent work overtakes, and no lane starves."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from support.executing import Scheduler, hosting
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import BlockContext
from gnatwork_bus.connection import Connection
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer
from gnatwork_executor import lanes
from gnatwork_schemas.subjects import LANES


class Gate:
    """A block that waits, and notes in which order it was run; its config is the lane."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.running = 0
        self.most = 0
        self.entered = asyncio.Event()
        self.open = asyncio.Event()

    async def run(self, _ctx: BlockContext, config: Any) -> Any:
        self.order.append(config)
        self.running += 1
        self.most = max(self.most, self.running)
        self.entered.set()
        await self.work()
        self.running -= 1

    async def work(self) -> None:
        await self.open.wait()


class Paced(Gate):
    """A block that takes as long as a few trips to the server."""

    def __init__(self, connection: Connection, ends_after: int) -> None:
        super().__init__()
        self.connection = connection
        self.ends_after = ends_after
        self.ended = asyncio.Event()

    async def work(self) -> None:
        for _ in range(5):
            await self.connection.nc.flush()
        if len(self.order) == self.ends_after and self.running == 1:
            self.ended.set()


async def delivered(scheduler: Scheduler, lane: str, count: int = 1) -> None:
    """Return once executors hold so many items of a lane."""
    while (await scheduler.connection.api(f"CONSUMER.INFO.WORK.exec-odd-{lane}"))["num_ack_pending"] < count:
        pass


async def test_there_is_a_consumer_for_each_lane(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    gate.open.set()
    async with hosting(nats_url, block_of(gate.run)):
        for lane in LANES:
            sent = await scheduler.send("odd", lane, lane=lane)
            await scheduler.settled(sent)
            config = (await scheduler.connection.api(f"CONSUMER.INFO.WORK.exec-odd-{lane}"))["config"]
            assert config["filter_subject"] == f"block.odd.{lane}.>"
    assert gate.order == list(LANES)


@pytest.mark.parametrize("places", [1, 4, 16])
async def test_urgent_work_overtakes_what_waits(nats_url: str, scheduler: Scheduler, places: int) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run), concurrency=places):
        sent = [await scheduler.send("odd", "normal") for _ in range(5 * places)]
        await delivered(scheduler, "normal", places)
        sent.append(await scheduler.send("odd", "high", lane="high"))
        await delivered(scheduler, "high")
        gate.open.set()
        for item in sent:
            await scheduler.settled(item)
    assert gate.order.index("high") == places
    assert gate.most == places


@pytest.mark.parametrize("places", [1, 3, 32])
async def test_all_lanes_have_their_share_of_a_flood(nats_url: str, scheduler: Scheduler, places: int) -> None:
    block = Paced(scheduler.connection, ends_after=450)
    for lane in LANES:
        await asyncio.gather(*(scheduler.send("odd", lane, lane=lane) for _ in range(150)))
    async with hosting(nats_url, block_of(block.run), concurrency=places):
        await block.ended.wait()
    assert block.most == places
    while_all_had_work = Counter(block.order[:150])
    assert while_all_had_work["high"] > while_all_had_work["normal"] > while_all_had_work["low"] >= 5


async def test_what_waits_in_vain_is_left_to_another_executor(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", 0.05)
    stuck, other = Gate(), Gate()
    other.open.set()
    async with hosting(nats_url, block_of(stuck.run), concurrency=1):
        first = await scheduler.send("odd", "normal")
        await stuck.entered.wait()
        urgent = await scheduler.send("odd", "high", lane="high")
        await scheduler.settled(urgent, b"-NAK")
        async with hosting(nats_url, block_of(other.run), concurrency=1):
            await scheduler.settled(urgent)
        stuck.open.set()
        await scheduler.settled(first)
    assert other.order == ["high"]


async def test_it_is_given_away_once_and_then_waits(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", 0.05)
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run), concurrency=1):
        first = await scheduler.send("odd", "normal")
        await gate.entered.wait()
        urgent = await scheduler.send("odd", "high", lane="high")
        await scheduler.settled(urgent, b"-NAK")
        gate.entered.clear()
        gate.open.set()
        await scheduler.settled(first)
        await scheduler.settled(urgent)
    assert gate.order == ["normal", "high"]
    assert len(scheduler.outcomes(urgent)) == 1


async def test_the_server_hears_of_what_waits(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", 0.05)
    gate = Gate()
    urgent = await scheduler.send("odd", "high", lane="high")
    await ensure_consumer(scheduler.connection, executor_consumer("odd", "high"))
    taken = await scheduler.take("odd", urgent, "high")
    async with hosting(nats_url, block_of(gate.run), concurrency=1):
        await scheduler.send("odd", "normal")
        await gate.entered.wait()
        # It has been given away once.
        scheduler.connection.send(taken, b"-NAK")
        await scheduler.settled(urgent, b"+WPI")
        gate.open.set()
        await scheduler.settled(urgent)
    assert gate.order == ["normal", "high"]


async def test_what_waits_goes_back_at_once_when_the_process_leaves(nats_url: str, scheduler: Scheduler) -> None:
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run), concurrency=1, drain=0.01):
        await scheduler.send("odd", "normal")
        await gate.entered.wait()
        urgent = await scheduler.send("odd", "high", lane="high")
        await delivered(scheduler, "high")
    await scheduler.settled(urgent, b"-NAK")
    assert gate.order == ["normal"]
