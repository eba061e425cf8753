"""Everyone who takes part in a simulation, each a process of its own, and the faults that meet them."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import copy_context
from typing import Any
from unittest.mock import patch

from support.sim.chance import chance
from support.sim.client import SimClient
from support.sim.clock import PROCESS, Process, VirtualLoop
from support.sim.server import Server

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_bus.reconcile import reconcile
from gnatwork_engine.compiler import compile_definition
from gnatwork_engine.core import Event, Plan, RunAddress, RunState, apply, decide
from gnatwork_engine.core.actions import Action
from gnatwork_executor.serve import Signals, serve
from gnatwork_executor.settings import ExecutorSettings
from gnatwork_scheduler.serve import scheduling
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.messages import CancelRequest, Start
from simulation.invariants import Invariants
from simulation.play import play_block
from simulation.scenario import CATALOGUE, TYPE, RunPlan, Scenario

_URL = "nats://simulated:4222"


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
        self.invariants = Invariants()
        self.server = Server(loop, chance("server", scenario.seed), self._stored)
        self.members: list[Member] = []
        #: Who stored what, for people.
        self.story: list[tuple[float, str, str, str]] = []
        self.addresses: dict[int, RunAddress] = {}
        self._block = play_block(chance("play", scenario.seed), self.invariants.begun)
        self._count = 0

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
        work = {
            "scheduler": lambda: self._schedule(name, stop),
            "executor": lambda: self._execute(name, signals),
            "client": self._start_runs,
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
        async with scheduling(SchedulerSettings(nats_url=_URL, shards=self.scenario.shards, name=name)):
            await stop.wait()

    async def _execute(self, name: str, signals: Signals) -> None:
        settings = ExecutorSettings(
            nats_url=_URL, blocks=(TYPE,), concurrency=self.scenario.places, drain=2.0, name=name
        )
        await serve(settings, [self._block], signals)

    async def _start_runs(self) -> None:
        async with Connection.open(_URL, name="client") as connection, asyncio.TaskGroup() as tasks:
            for plan in self.scenario.runs:
                tasks.create_task(self._start_run(connection, plan))

    async def _start_run(self, connection: Connection, plan: RunPlan) -> None:
        shards = self.scenario.shards
        history, bucket = History(connection, shards), Bucket(connection, subjects.STATE_BUCKET)
        control_block = compile_definition(plan.definition, CATALOGUE)
        digest = f"sha256-{plan.number:064x}"
        address = RunAddress(subjects.shard_of(plan.run_id, shards), "default", "simulated", plan.run_id)
        self.addresses[plan.number] = address
        self.invariants.expect(plan.run_id, control_block)
        await asyncio.sleep(plan.at)
        body = control_block.model_dump_json().encode()
        await until_available(lambda: bucket.put(subjects.control_block_key(digest), body))
        start = Start(run_id=plan.run_id, workflow="simulated", control_block=digest).model_dump_json().encode()
        borders = subjects.run_borders(address.base)
        # A conflict: it was stored, only its acknowledgement was lost.
        with contextlib.suppress(ConflictError):
            await until_available(lambda: history.append(address.base, subjects.START, start, expect=(borders, 0)))
        if plan.cancel_at is not None:
            await asyncio.sleep(max(0.0, plan.cancel_at - self.loop.time()))
            request = CancelRequest(reason="simulated").model_dump_json().encode()
            await until_available(lambda: history.append(address.base, subjects.REQUEST_CANCEL, request))

    def _stored(self, stream: str, message: Any, origin: str) -> None:
        if stream in {subjects.HISTORY, subjects.WORK}:
            self.story.append((self.loop.time(), message.subject, origin, f"{message.sequence}"))
        self.invariants.stored(stream, message, origin)


@contextlib.contextmanager
def staged(world: World) -> Iterator[None]:
    """Put the world in the place of the real one, for the code under test."""

    def name() -> str:
        process = PROCESS.get()
        return process.name if process else ""

    def applying(plan: Plan, state: RunState | None, event: Event) -> RunState:
        after = apply(plan, state, event)
        world.invariants.applied(name(), event)
        return after

    def deciding(plan: Plan, state: RunState, event: Event) -> tuple[Action, ...]:
        actions = decide(plan, state, event)
        world.invariants.decided(name(), state, actions)
        return actions

    @contextlib.asynccontextmanager
    async def announced(*_args: object, **_options: object) -> Any:
        yield

    class Watcher(logging.Handler):
        """A trace in the log of a process that lives is a mistake."""

        def emit(self, record: logging.LogRecord) -> None:
            process = PROCESS.get()
            if record.exc_info and not (process and process.dead):
                world.invariants.fail(f"{name()} logs: {record.getMessage()}: {record.exc_info[1]!r}")

    replaced: Mapping[str, object] = {
        "gnatwork_bus.connection.TolerantClient": world.new_client,
        "gnatwork_scheduler.shard.apply": applying,
        "gnatwork_scheduler.shard.decide": deciding,
        "gnatwork_scheduler.serve.announced": announced,
        "gnatwork_executor.serve.announced": announced,
    }
    logger, watcher = logging.getLogger(), Watcher(logging.ERROR)
    before = logger.handlers, logger.level
    with contextlib.ExitStack() as stack:
        for target, value in replaced.items():
            stack.enter_context(patch(target, value))
        logger.handlers, level = [watcher], logging.ERROR
        logger.setLevel(level)
        try:
            yield
        finally:
            logger.handlers = before[0]
            logger.setLevel(before[1])
