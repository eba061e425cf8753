"""A scheduler that was frozen wakes up and does what it had decided, long after another one has."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.playing import Playing
from support.story import block

from gnatwork_bus.connection import Connection
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.core import Plan, RunState, apply, parse_event
from gnatwork_engine.core.actions import Action, Dispatch, DropTimers, PurgeTask, Retire, SetTimer
from gnatwork_scheduler.perform import Performer
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock


class Frozen:
    """A scheduler that does what it is told."""

    def __init__(self, bus: Connection, nats_url: str, playing: Playing, tasks: asyncio.TaskGroup) -> None:
        settings = SchedulerSettings(nats_url=nats_url)
        self.playing = playing
        self._performer = Performer(bus, playing.history, Payloads(bus), settings, tasks)

    async def run(self) -> RunState:
        """A run with one block that has just begun."""
        run = await self.playing.start(block("a"))
        (start,) = await self.playing.history.events_after(run.base, 0)
        return apply(Plan(ControlBlock(workflow="played", blocks=(block("a"),))), None, parse_event(*start))

    async def perform(self, state: RunState, *actions: Action) -> None:
        """Return once all of these actions are performed."""
        done: asyncio.Queue[Exception | None] = asyncio.Queue()
        self._performer.perform(state, actions, again=False, performed=done.put_nowait)
        assert [await done.get() for _ in actions] == [None] * len(actions)


@pytest.fixture
async def frozen(bus: Connection, nats_url: str) -> AsyncIterator[Frozen]:
    async with asyncio.TaskGroup() as tasks:
        yield Frozen(bus, nats_url, await Playing.begin(bus), tasks)


async def test_it_does_not_drop_the_timer_that_puts_the_run_away(frozen: Frozen) -> None:
    state = await frozen.run()
    await frozen.perform(state, SetTimer("timeout", 4e9))
    state.end_sequence = await frozen.playing.history.append(state.base, "cancelled", b"{}")
    await frozen.perform(state, DropTimers(), Retire(None))
    await frozen.perform(state, DropTimers())
    left = await frozen.playing.history.read(subjects.timers(state.base))
    assert [message.subject.rpartition(".")[2] for message in left] == ["archive-604800"]


async def test_executors_see_how_old_its_decisions_are(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    state = await frozen.run()
    dispatch = Dispatch("a", "noop", 1, 1, 60.0, True, {}, ())
    clock = 1000.0
    monkeypatch.setattr("gnatwork_scheduler.perform.time.time", lambda: clock)
    connection = frozen.playing.connection
    api = connection.api

    async def slow(*asked: Any) -> Any:
        nonlocal clock
        clock += 3600
        return await api(*asked)

    monkeypatch.setattr(connection, "api", slow)
    await frozen.perform(state, PurgeTask("a", 0), dispatch)
    assert (await frozen.playing.work(state.address, "a")).decided_at == 1000
