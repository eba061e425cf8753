"""Everyone who takes part in a simulation, each a process of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

from support.sim.chance import chance
from support.sim.client import SimClient
from support.sim.clock import PROCESS, Process, VirtualLoop
from support.sim.server import Server
from support.workflows import compiled

from gnatwork_bus.connection import Connection
from gnatwork_bus.reconcile import reconcile
from gnatwork_executor.serve import Signals, serve
from gnatwork_executor.settings import ExecutorSettings
from gnatwork_scheduler.serve import scheduling
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from simulation.client import SimulatedClient
from simulation.invariants import Invariants
from simulation.paths import types_of
from simulation.play import STAGE, Stage
from simulation.programs import BLOCKS
from simulation.scenario import Scenario

_URL = "nats://simulated:4222"
#: The furthest that the clock of a process is off, seconds.
_SKEW = 0.5


class Member(Process):
    """A process that takes part, with what it takes to end it."""

    def __init__(self, kind: str, name: str, leave: Callable[[], None]) -> None:
        super().__init__(name)
        self.kind = kind
        self.leave = leave
        self.clients: list[SimClient] = []
        self.task: asyncio.Task[None] | None = None


class World:
    """The server and all processes."""

    def __init__(self, loop: VirtualLoop, scenario: Scenario) -> None:
        self.loop = loop
        self.scenario = scenario
        self.server = Server(loop, chance("server", scenario.seed), self._stored)
        self.server.timer_lateness = scenario.timers_late
        self.invariants = Invariants(self.server.streams)
        self.members: list[Member] = []
        #: Who stored what, for people.
        self.story: list[tuple[float, str, str, str]] = []
        #: Whether all that the client had to do is done.
        self.asked = False
        self._skews = chance("skew", scenario.seed)
        raw = [*scenario.workflows.values(), *(plan.definition for plan in scenario.runs)]
        #: Types of tasks that there can be; executors need not ask for others.
        self.types = types_of(map(compiled, raw)) | (
            {"reuse"} if any(plan.retries for plan in scenario.runs) else set()
        )
        self._count = 0
        STAGE.set(Stage(scenario.seed, self.invariants.begun, self.invariants.fail))

    async def set_up(self) -> None:
        """Make all streams and consumers, as the first process of an installation does."""
        async with Connection.open(_URL, name="setup") as connection:
            await reconcile(connection, shards=self.scenario.shards)

    def spawn(self, kind: str) -> None:
        """Start a process: `scheduler`, `executor`, or `client`."""
        self._count += 1
        name = f"{kind}-{self._count}"
        stop, signals = asyncio.Event(), Signals()
        member = Member(kind, name, signals.leave.set if kind == "executor" else stop.set)
        member.skew = self._skews.uniform(-_SKEW, _SKEW)
        work = {
            "scheduler": lambda: self._schedule(name, stop),
            "executor": lambda: self._execute(name, signals),
            "client": self._ask,
        }[kind]
        context = copy_context()
        context.run(PROCESS.set, member)
        member.task = self.loop.create_task(self._live(member, work), context=context)
        self.members.append(member)

    def kill(self, member: Member) -> None:
        """End a process at once: nothing that it still does has an effect."""
        member.dead = True
        self.members.remove(member)
        for client in member.clients:
            client.kill()
        if member.frozen:
            self.loop.thaw(member)
        if member.task:
            member.task.cancel()

    def new_client(self) -> SimClient:
        """A client of the process that runs right now."""
        client, process = SimClient(self.server), PROCESS.get()
        if isinstance(process, Member):
            if process.dead:
                client.kill()
            process.clients.append(client)
        return client

    async def _live(self, member: Member, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - of a process that fell over
            if not member.dead:
                self.invariants.fail(f"{member.name} fell over: {error!r}")
        if member in self.members:
            self.members.remove(member)
        for client in member.clients:
            client.kill()

    async def _schedule(self, name: str, stop: asyncio.Event) -> None:
        scenario = self.scenario
        settings = SchedulerSettings(
            nats_url=_URL,
            shards=scenario.shards,
            name=name,
            archive_after=scenario.housekeeping.archive_after,
            retention=scenario.housekeeping.retention,
        )
        async with scheduling(settings):
            await stop.wait()

    async def _execute(self, name: str, signals: Signals) -> None:
        own = tuple(sorted(self.types & BLOCKS.keys()))
        settings = ExecutorSettings(
            nats_url=_URL,
            # The name brings the engine's own tasks with it.
            blocks=(*own, "condition"),
            concurrency=self.scenario.places * max(1, len(self.types)),
            drain=2.0,
            name=name,
        )
        await serve(settings, [BLOCKS[type_] for type_ in own], signals)

    async def _ask(self) -> None:
        async with Connection.open(_URL, name="client") as connection:
            await SimulatedClient(connection, self.scenario, self.invariants).work()
        self.asked = True

    def _stored(self, stream: str, message: Any, origin: str) -> None:
        if stream in {subjects.HISTORY, subjects.WORK}:
            self.story.append((self.loop.time(), message.subject, origin, f"{message.sequence}"))
        self.invariants.stored(stream, message, origin)
