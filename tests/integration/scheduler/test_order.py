"""No event is left out and nothing goes on that has been overtaken, whatever comes when, and how late."""

import asyncio

import pytest
from support.playing import SHARDS, Playing, runs_in_memory
from support.story import Story, block

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.history import History
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.core.actions import PurgeTask, StopWork
from gnatwork_scheduler.live_run import LiveRun
from gnatwork_scheduler.loader import Loader
from gnatwork_scheduler.perform import Performer
from gnatwork_scheduler.serve import scheduling
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.messages import Output


async def test_whatever_comes_while_a_run_is_loaded_is_folded_in_order(
    bus: Connection, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More events than any small bound would hold, all stored after the history was read."""
    playing = await Playing.begin(bus)
    count = 1100
    run = await playing.start(*(block(f"b{number}") for number in range(count)))
    loaded, opened = asyncio.Event(), asyncio.Event()
    load = Loader.load

    async def slowly(self: Loader, live: LiveRun) -> None:
        await load(self, live)
        loaded.set()
        await opened.wait()

    def output(number: int) -> asyncio.Task[int]:
        body = Output(task=f"b{number}", attempt=1, started_at=1, ended_at=2).model_dump_json().encode()
        return asyncio.create_task(playing.history.append(run.base, f"block.b{number}.output", body))

    monkeypatch.setattr(Loader, "load", slowly)
    async with scheduling(SchedulerSettings(nats_url=nats_url, name="test")):
        await loaded.wait()
        await asyncio.gather(*(output(number) for number in range(1, count)))
        async with asyncio.timeout(20):
            while (await consumer(playing, run.shard))["num_pending"]:
                await playing.connection.nc.flush()
        opened.set()
        await output(0)
        await playing.event(run, "complete")


async def test_a_purge_that_comes_too_late_leaves_the_next_attempt_alone(bus: Connection) -> None:
    """It may come from a scheduler that was frozen, or away, while another one went on."""
    story = Story(block("a"))
    story.start()
    address = story.run.address
    for attempt in (1, 2):
        item = subjects.WorkSubject("noop", subjects.NORMAL_LANE, address.namespace, address.run_id, "a", attempt)
        await bus.publisher.publish(subjects.work_item(item), b"{}")
    performed = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        performer = Performer(bus, History(bus, SHARDS), Payloads(bus), SchedulerSettings(nats_url=""), tasks)
        performer.perform(story.run, [PurgeTask("a", 1)], again=False, performed=performed.set_result)
    assert performed.result() is None
    info = await bus.api(f"STREAM.INFO.{subjects.WORK}", {"subjects_filter": ">"})
    assert list(info["state"]["subjects"]) == [f"block.noop.normal.{address.namespace}.{address.run_id}.a.2.input"]


async def test_a_purge_overtakes_no_dispatch(bus: Connection) -> None:
    story = Story(*(block(f"b{number}") for number in range(500)))
    dispatches = story.start()
    async with asyncio.TaskGroup() as tasks:
        performer = Performer(bus, History(bus, SHARDS), Payloads(bus), SchedulerSettings(nats_url=""), tasks)
        answers: list[Exception | None] = []
        performer.perform(story.run, dispatches, again=False, performed=answers.append)
        performer.perform(story.run, [StopWork()], again=False, performed=answers.append)
    await bus.publisher.overtake_none(subjects.WORK_BARRIER)
    assert answers == [None] * 501
    assert (await bus.api(f"STREAM.INFO.{subjects.WORK}"))["state"]["messages"] == 0


async def test_an_attempt_that_was_overtaken_is_not_dispatched(bus: Connection) -> None:
    """Its run was cancelled while the attempt before was purged."""
    story = Story(block("a", retry=Retry(max_attempts=2)))
    story.start()
    story.error("a", retryable=True)
    again = story.fired("retry-a-2")
    assert len(again) == 2
    story.cancel()
    async with asyncio.TaskGroup() as tasks:
        performer = Performer(bus, History(bus, SHARDS), Payloads(bus), SchedulerSettings(nats_url=""), tasks)
        performer.perform(story.run, again, again=False, performed=lambda _: None)
    assert (await bus.api(f"STREAM.INFO.{subjects.WORK}"))["state"]["messages"] == 0


async def test_an_ended_run_is_forgotten_although_an_old_event_comes_again(bus: Connection, nats_url: str) -> None:
    playing = await Playing.begin(bus)
    run = await playing.start(block("a"))
    body = Output(task="a", attempt=1, started_at=1, ended_at=2).model_dump_json().encode()
    await playing.history.append(run.base, "block.a.output", body)
    await playing.history.append(run.base, "complete", b'{"v": 1}')
    taken: list[Delivery] = []
    all_taken = asyncio.Event()

    def take(delivery: Delivery) -> None:
        taken.append(delivery)
        if len(taken) == 3:
            all_taken.set()

    group = subjects.SCHEDULER_GROUP
    name = subjects.scheduler_consumer(run.shard)
    first = Consumer(bus, subjects.HISTORY, name, batch=3, handle=take, expires=1.0, pinned_group=group)
    await first.start()
    await all_taken.wait()
    await first.stop()
    taken[2].ack()
    taken[1].ack()
    taken[0].nak()
    async with scheduling(SchedulerSettings(nats_url=nats_url, name="test")):
        await playing.summary(run, "completed")
        async with asyncio.timeout(20):
            while (await consumer(playing, run.shard))["num_ack_pending"]:
                await playing.connection.nc.flush()
        assert await runs_in_memory(playing) == 0


async def consumer(playing: Playing, shard: int) -> dict[str, int]:
    return await playing.connection.api(f"CONSUMER.INFO.{subjects.HISTORY}.{subjects.scheduler_consumer(shard)}")
