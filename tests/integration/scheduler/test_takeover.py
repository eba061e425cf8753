"""A scheduler that goes, or loses its connection, leaves nothing undone."""

import asyncio
import os
import signal
from pathlib import Path

from support.playing import Playing
from support.story import block

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile
from gnatwork_scheduler.serve import scheduling
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects


async def test_what_happened_without_a_scheduler_is_made_good(bus: Connection, nats_url: str) -> None:
    settings = SchedulerSettings(nats_url=nats_url, name="test")
    playing = await Playing.begin(bus)
    run = await playing.start(block("a"), block("b", "a"), block("c", "b"))
    async with scheduling(settings):
        work = await playing.work(run, "a")
    await playing.output(work, 1)
    async with scheduling(settings):
        await playing.output(await playing.work(run, "b"))
        await playing.output(await playing.work(run, "c"))
        await playing.event(run, "complete")
        await playing.summary(run, "completed")


async def test_two_schedulers_make_each_decision_once(bus: Connection, nats_url: str) -> None:
    playing = await Playing.begin(bus)
    async with (
        scheduling(SchedulerSettings(nats_url=nats_url, name="one")),
        scheduling(SchedulerSettings(nats_url=nats_url, name="two")),
    ):
        runs = [await playing.start(block("a"), block("b", "a")) for _ in range(20)]
        for task in ("a", "b"):
            for run in runs:
                await playing.output(await playing.work(run, task))
        for run in runs:
            await playing.event(run, "complete")
    items = playing.wire.all(lambda message: message.subject.startswith("block."))
    assert len(items) == 40


async def test_a_killed_server_loses_no_run(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    async with server, Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        async with scheduling(SchedulerSettings(nats_url=server.url, name="test")):
            playing = await Playing.begin(connection)
            run = await playing.start(block("a"), block("b", "a"))
            work = await playing.work(run, "a")
            back = asyncio.Event()
            connection.on_reconnect(back.set)
            assert server.pid
            os.kill(server.pid, signal.SIGKILL)
            await server.stop()
            await server.start()
            async with asyncio.timeout(20):
                await back.wait()
            await playing.output(work)
            await playing.output(await playing.work(run, "b"))
            await playing.event(run, "complete")


async def test_an_attempt_that_may_have_been_made_is_marked(bus: Connection, nats_url: str) -> None:
    """The first scheduler dies before it acknowledges: the second one can't know what became of its decision."""
    playing = await Playing.begin(bus)
    run = await playing.start(block("a"))
    taken = asyncio.Event()
    first = Consumer(
        bus,
        subjects.HISTORY,
        subjects.scheduler_consumer(run.shard),
        batch=1,
        handle=lambda _: taken.set(),
        expires=1.0,
        pinned_group=subjects.SCHEDULER_GROUP,
    )
    await first.start()
    await taken.wait()
    await first.stop()
    async with scheduling(SchedulerSettings(nats_url=nats_url, name="test")):
        assert (await playing.work(run, "a")).again
