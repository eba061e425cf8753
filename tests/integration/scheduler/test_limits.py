"""Limits of workflows and block types, over the wire."""

import asyncio

import pytest
from support.playing import Playing
from support.story import block

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_engine.core import RunAddress
from gnatwork_scheduler import keeper, shard
from gnatwork_scheduler.serve import scheduling
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ConcurrencyLimit, StartRate
from gnatwork_schemas.definition import OnLimit
from gnatwork_schemas.messages import Fired, LimitAcquire, LimitRelease
from gnatwork_schemas.template import Templated


def one_at_a_time(on_limit: OnLimit = "queue") -> ConcurrencyLimit:
    return ConcurrencyLimit(max=1, key=Templated(config=None), on_limit=on_limit)


async def finish(playing: Playing, run: RunAddress) -> None:
    await playing.output(await playing.work(run, "a"))
    await playing.event(run, "complete")


async def test_runs_of_a_limited_workflow_come_one_after_the_other(playing: Playing) -> None:
    first, second = [await playing.start(block("a"), concurrency=one_at_a_time()) for _ in range(2)]
    await playing.event(first, "limit.granted")
    await playing.work(first, "a")
    assert (await playing.summary(second, "pending")).started_at is None
    await finish(playing, first)
    await finish(playing, second)


async def test_without_room_a_run_may_be_refused(playing: Playing) -> None:
    first = await playing.start(block("a"), concurrency=one_at_a_time("reject"))
    await playing.work(first, "a")
    second = await playing.start(block("a"), concurrency=one_at_a_time("reject"))
    assert (await playing.event(second, "failed"))["error"]["code"] == "limit.reached"
    await finish(playing, first)


async def test_the_oldest_may_make_room(playing: Playing) -> None:
    first = await playing.start(block("a"), concurrency=one_at_a_time("cancel_oldest"))
    await playing.work(first, "a")
    second = await playing.start(block("a"), concurrency=one_at_a_time("cancel_oldest"))
    await playing.event(first, "cancelled")
    await finish(playing, second)


async def test_runs_begin_at_a_rate(playing: Playing) -> None:
    rate = StartRate(max=1, per=1.0, key=Templated(config=None))
    first, second = [await playing.start(block("a"), rate_limit=rate) for _ in range(2)]
    await finish(playing, first)
    await finish(playing, second)
    begun = [(await playing.history.read(f"{run.base}.{subjects.LIMIT_GRANTED}"))[0].at for run in (first, second)]
    assert begun[1] - begun[0] >= 0.99


async def test_attempts_of_a_limited_type_share_its_slots(playing: Playing) -> None:
    limited = [block(name, type_concurrency=1) for name in ("a", "b")]
    run = await playing.start(*limited)
    work = await playing.work(run, "a")
    items = playing.wire.all(lambda message: message.subject.startswith("block."))
    assert [item.subject.split(".")[5] for item in items] == ["a"]
    await playing.output(work)
    await playing.output(await playing.work(run, "b"))
    await playing.event(run, "complete")


def key_base(playing: Playing, value: str = "") -> str:
    key = subjects.limit_key("concurrency", "default", "played", value)
    return subjects.limit_base(playing.history.shards, "default", key)


async def test_a_limit_key_that_no_one_uses_any_more_leaves_nothing(
    bus: Connection, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard, "_IDLE", 0.2)
    monkeypatch.setattr(keeper, "_REMAINS", 1.0)
    playing = await Playing.begin(bus)
    async with scheduling(SchedulerSettings(nats_url=nats_url, name="test")):
        await finish(playing, await playing.start(block("a"), concurrency=one_at_a_time()))
        async with asyncio.timeout(20):
            while await playing.history.read(subjects.run_events(key_base(playing))):
                pass
        await finish(playing, await playing.start(block("a"), concurrency=one_at_a_time()))


async def test_a_key_is_not_shortened_while_a_grant_is_owed(
    bus: Connection, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler has folded a request in and dies; what comes later comes to the next one first."""
    monkeypatch.setattr(shard, "_LONG_LIMIT", 3)
    playing = await Playing.begin(bus)
    base = key_base(playing)
    holder = RunAddress(0, "default", "played", "01931d2e-0000-7000-8000-0000000fffff")
    asked = LimitAcquire(kind="concurrency", holder=holder.base, max=1)
    taken = asyncio.Event()
    first = Consumer(
        bus,
        subjects.HISTORY,
        subjects.scheduler_consumer(subjects.parse_history(f"{base}.").shard),
        batch=1,
        handle=lambda _: taken.set(),
        expires=1.0,
        pinned_group=subjects.SCHEDULER_GROUP,
    )
    await first.start()
    await playing.history.append(base, subjects.LIMIT_ACQUIRE, asked.model_dump_json().encode())
    await taken.wait()
    await first.stop()
    for _ in range(5):
        given_back = LimitRelease(holder="history.0.default.played.other").model_dump_json().encode()
        await playing.history.append(base, subjects.LIMIT_RELEASE, given_back)
    async with scheduling(SchedulerSettings(nats_url=nats_url, name="test")):
        await playing.event(holder, subjects.LIMIT_GRANTED)


async def test_a_limit_key_is_shortened_and_goes_on(
    bus: Connection, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard, "_LONG_LIMIT", 5)
    playing = await Playing.begin(bus)
    base = key_base(playing)
    settings = SchedulerSettings(nats_url=nats_url, name="test")
    async with scheduling(settings):
        for _ in range(6):
            await finish(playing, await playing.start(block("a"), concurrency=one_at_a_time()))
        async with asyncio.timeout(20):
            while not await playing.history.read(f"{base}.{subjects.LIMIT_SNAPSHOT}"):
                await finish(playing, await playing.start(block("a"), concurrency=one_at_a_time()))
        holder = await playing.start(block("a"), concurrency=one_at_a_time())
        await playing.work(holder, "a")
        waiting = await playing.start(block("a"), concurrency=one_at_a_time())
        await playing.summary(waiting, "pending")
    async with scheduling(settings):
        await finish(playing, holder)
        await finish(playing, waiting)


async def test_runs_of_one_trigger_wait_for_their_turn_or_take_the_place_of_the_one_before(playing: Playing) -> None:
    nightly = {"trigger": Fired(type="schedule", id="nightly")}
    first = await playing.start(block("a"), beginning={**nightly, "overlap": "queue"})
    await playing.work(first, "a")
    second = await playing.start(block("a"), beginning={**nightly, "overlap": "queue"})
    assert (await playing.summary(second, "pending")).started_at is None
    await finish(playing, first)
    await playing.work(second, "a")
    third = await playing.start(block("a"), beginning={**nightly, "overlap": "replace"})
    await playing.event(second, "cancelled")
    await finish(playing, third)
