"""A manager: everything put together, started in order and stopped in reverse."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.items import Items
from gnatwork_bus.kv import Bucket
from gnatwork_bus.lifetime import on_signals, until_ended
from gnatwork_bus.patience import until_available
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.reconcile import join
from gnatwork_manager.app import build_api, build_app
from gnatwork_manager.audit.log import AuditLog
from gnatwork_manager.audit.verbs import AuditedVerbs
from gnatwork_manager.catalogue import Catalogue
from gnatwork_manager.claims import Claims
from gnatwork_manager.connections.room import open_connections
from gnatwork_manager.control_blocks import ControlBlocks
from gnatwork_manager.definitions import Definitions
from gnatwork_manager.event_stream import EventStreams
from gnatwork_manager.executors.table import Executors
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.integrations.brought import Brought
from gnatwork_manager.metrics import Metrics
from gnatwork_manager.nats_api import NatsApi
from gnatwork_manager.people.guard import guarded_routes
from gnatwork_manager.people.room import open_people
from gnatwork_manager.reader import RunReader
from gnatwork_manager.remover import Remover
from gnatwork_manager.repeats import Repeats
from gnatwork_manager.run_control import RunControl
from gnatwork_manager.run_states import RunStates
from gnatwork_manager.server import HttpServer, listen
from gnatwork_manager.services import Services
from gnatwork_manager.settings import ManagerSettings
from gnatwork_manager.signals import Signals
from gnatwork_manager.store_guard import StoreGuard
from gnatwork_manager.stored_values import StoredValues
from gnatwork_manager.submitter import Submitter
from gnatwork_manager.triggers.clock import Clock
from gnatwork_manager.triggers.events import Events
from gnatwork_manager.triggers.firing import Firing
from gnatwork_manager.triggers.rates import RateLimits
from gnatwork_manager.triggers.states import TriggerStates
from gnatwork_manager.triggers.store import TriggerStore
from gnatwork_manager.triggers.table import TriggerTable
from gnatwork_manager.triggers.triggers import Triggers
from gnatwork_manager.triggers.views import TriggerViews
from gnatwork_manager.waits import Waits
from gnatwork_manager.workflow_store import stored_workflows
from gnatwork_schemas import subjects

log = logging.getLogger(__name__)


class Address(NamedTuple):
    """Where a manager listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The base of its HTTP addresses."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


async def run_manager(settings: ManagerSettings) -> None:
    """Run a manager until SIGTERM or SIGINT; requests under way get a few seconds to finish.

    Raises:
        ListenError: The address can't be listened on.
        OSError, IndexFileError: The index can't be written.
        TopologyError: The NATS server is not fit.
    """
    stop = asyncio.Event()
    with on_signals(stop.set):
        await serve(settings, stop)


async def serve(
    settings: ManagerSettings, stop: asyncio.Event, on_listening: Callable[[Address], None] = lambda _: None
) -> None:
    """Run a manager until `stop` is set; `on_listening` is called once it answers requests. Raises as `run_manager`."""
    started = asyncio.Event()

    def listens(address: Address) -> None:
        started.set()
        on_listening(address)

    manager = asyncio.create_task(_manage(settings, stop, listens), name="manager")
    await until_ended(manager, stop=stop, started=started)


async def _manage(settings: ManagerSettings, stop: asyncio.Event, on_listening: Callable[[Address], None]) -> None:
    with contextlib.closing(listen(settings.host, settings.port)) as listener:
        async with (
            Connection.open(settings.nats_url, name="manager") as connection,
            _services(connection, settings) as services,
        ):
            await _serve(services, settings, listener, stop, on_listening)


@contextlib.asynccontextmanager
async def _services(connection: Connection, settings: ManagerSettings) -> AsyncIterator[Services]:
    shards = await until_available(lambda: join(connection))
    history, payloads = History(connection, shards), Payloads(connection)
    state, status = Bucket(connection, subjects.STATE_BUCKET), Bucket(connection, subjects.STATUS_BUCKET)
    catalogue = Catalogue(connection, state)
    await until_available(catalogue.refresh)
    brought = Brought(connection, state)
    await until_available(brought.refresh)
    executors = Executors(connection, state)
    await until_available(executors.refresh)
    async with (
        RunIndex.open(connection, status, settings.data_dir) as index,
        contextlib.AsyncExitStack() as stack,
    ):
        values = StoredValues(payloads=payloads, items=Items(connection, payloads))
        states = RunStates(history, ControlBlocks(state), values, index)
        reader = RunReader(history=history, states=states, values=values, statuses=status)
        waits, streams, metrics = Waits(connection, history, reader), EventStreams(connection, history), Metrics()
        metrics.count("gnatwork_waiting_callers", "Callers that wait for their run.", lambda: waits.waiting)
        metrics.count("gnatwork_event_streams", "Event streams that are open.", lambda: streams.open)
        claims, definitions = (
            Claims(Bucket(connection, subjects.IDEMPOTENCY_BUCKET)),
            Definitions(state, catalogue, brought),
        )
        control, table = RunControl(history=history, reader=reader), TriggerTable(connection, state)
        workflows = stored_workflows(state, definitions, index, table.note)
        submitter = Submitter(
            connection=connection,
            history=history,
            payloads=payloads,
            claims=claims,
            definitions=definitions,
            workflows=workflows,
            table=table,
            index=index,
            guard=StoreGuard(connection),
        )
        connections = await stack.enter_async_context(open_connections(connection, settings, brought))
        trigger_states = TriggerStates(state)
        firing = Firing(submitter=submitter, states=trigger_states, metrics=metrics)
        clock = Clock.of(connection, state, table, firing, waits)
        triggers = Triggers(
            table=table,
            states=trigger_states,
            firing=firing,
            clock=clock,
            events=Events(connection, table, clock.timetable, firing),
            store=TriggerStore(documents=workflows.documents, catalogue=catalogue, brought=brought),
            views=TriggerViews(states=trigger_states),
            rates=RateLimits(state),
            secrets=connections.values,
        )
        await stack.enter_async_context(triggers.known())
        people = await stack.enter_async_context(open_people(connection, state, settings))
        yield Services(
            connection=connection,
            people=people,
            audit=AuditLog(connection),
            catalogue=catalogue,
            brought=brought,
            executors=executors,
            index=index,
            submitter=submitter,
            reader=reader,
            control=control,
            signals=Signals(
                control=control, history=history, payloads=payloads, definitions=definitions, claims=claims
            ),
            repeats=Repeats(
                reader=reader, states=states, payloads=payloads, definitions=definitions, workflows=workflows
            ),
            remover=Remover(
                connection=connection,
                history=history,
                payloads=payloads,
                statuses=status,
                reader=reader,
                index=index,
            ),
            workflows=workflows,
            triggers=triggers,
            connections=connections,
            waits=waits,
            streams=streams,
            metrics=metrics,
        )


async def _serve(
    services: Services,
    settings: ManagerSettings,
    listener: socket.socket,
    stop: asyncio.Event,
    on_listening: Callable[[Address], None],
) -> None:
    api = build_api()
    server = HttpServer(build_app(api, services, settings), listener, settings.http)
    audited = AuditedVerbs(guarded_routes(api), services.audit)
    address = Address(settings.host, listener.getsockname()[1])
    metadata = {"api": address.url, "pid": str(os.getpid())}
    async with _background(services), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.run_until_stopped(), name="http")
        await server.wait_until_up()
        async with NatsApi(services, audited).serve(metadata):
            log.info("listening on %s", address.url)
            on_listening(address)
            await stop.wait()
            log.info("stopping")
            services.waits.close()
            services.streams.close()
        server.stop()
        await serving


@contextlib.asynccontextmanager
async def _background(services: Services) -> AsyncIterator[None]:
    """What follows NATS beside the requests; should it fail, the manager fails."""
    async with asyncio.TaskGroup() as tasks:
        following = [
            tasks.create_task(services.catalogue.follow(), name="catalogue"),
            tasks.create_task(services.brought.follow(), name="integrations"),
            tasks.create_task(services.executors.follow(), name="executors"),
            tasks.create_task(services.people.directory.follow(), name="people"),
            tasks.create_task(services.index.run(), name="index"),
            tasks.create_task(services.connections.table.follow(), name="connections"),
            tasks.create_task(services.triggers.run(), name="triggers"),
        ]
        try:
            yield
        finally:
            for task in following:
                task.cancel()
