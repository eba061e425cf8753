"""An executor process, from its start until it leaves."""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import ValidationError

from gnatwork_blocks.block import Block
from gnatwork_blocks.cores import cores
from gnatwork_blocks.hostable import hostable
from gnatwork_blocks.integrations import integrations_of
from gnatwork_blocks.resources import Resources
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.items import Items
from gnatwork_bus.kv import Bucket
from gnatwork_bus.lifetime import on_signals, until_ended
from gnatwork_bus.patience import until_available
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.reconcile import join
from gnatwork_bus.service import WorkReport, announced, work_report
from gnatwork_executor.announcing import announce
from gnatwork_executor.connections import Connections
from gnatwork_executor.evaluating import evaluating
from gnatwork_executor.implicit.hosting import implicit_blocks
from gnatwork_executor.item import mistakes
from gnatwork_executor.lanes import Lanes
from gnatwork_executor.lease import leased
from gnatwork_executor.limits import check_limits
from gnatwork_executor.permissions import check_allowed
from gnatwork_executor.ports import Hosted, Ports
from gnatwork_executor.processes import Processes
from gnatwork_executor.register import make_consumers, register
from gnatwork_executor.secrets import guard_logs
from gnatwork_executor.services.of_bus import BusServices
from gnatwork_executor.settings import ExecutorSettings
from gnatwork_executor.shares import shares
from gnatwork_executor.statistics import Statistics
from gnatwork_executor.threads import MOST_THREADS, Threads
from gnatwork_executor.watchdog import Watchdog
from gnatwork_executor.worker import Worker
from gnatwork_net.allow_list import AllowList
from gnatwork_schemas.executors import LivingExecutor
from gnatwork_schemas.messages import StopControl
from gnatwork_schemas.subjects import (
    CANCEL_CONTROLS,
    NORMAL_LANE,
    STATE_BUCKET,
    executor_consumer,
    parse_cancel_control,
    work_of_type,
)

log = logging.getLogger(__name__)

#: How executors call themselves among the services of NATS.
SERVICE = "gnatwork-executor"


#: Who hosts this type evaluates conditions for managers, too.
_CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Signals:
    """What is said to an executor, and by it, while it lives."""

    #: It pulls work.
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    #: It shall drain and leave.
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    #: It shall not wait for running blocks any longer.
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


async def run_executor(settings: ExecutorSettings) -> None:
    """Host the block types that the settings name until SIGTERM or SIGINT; a second one cuts the drain short.

    Raises:
        UnknownBlockTypeError: A name is neither a block type nor a group, or a limit is not that of a type.
        BlockLoadError: None of the blocks can be used; some that can't are left out, with a line in the log.
        AllowListError: `egress_allow` can't be read.
        ConcurrencyError: There are more block types than places.
        NotAllowedError: One of the blocks is hosted only where a setting says so.
        TopologyError: The NATS server is not fit.
    """
    check_limits(settings.limits)
    check_allowed(settings.blocks, python_full=settings.allow_python_full)
    blocks, disabled = hostable(settings.blocks)
    signals = Signals()

    def asked() -> None:
        (signals.hurry if signals.leave.is_set() else signals.leave).set()

    with on_signals(asked):
        if not await serve(settings, blocks, signals, disabled):
            log.error("blocks that do not stop are left behind; leaving without them")
            logging.shutdown()
            os._exit(1)


#: Work items of a block type that are of use at once, by where it runs: twice as many as run, so that the next waits
#: here already.
_MOST = {"loop": None, "thread": 2 * MOST_THREADS, "process": 2 * cores()}
#: Work items of a block type at once, unless a setting says how many of all types there may be. With fewer, pulls are
#: small and many, which costs the server and the scheduler a third more per step.
_PLACES = 128


async def serve(
    settings: ExecutorSettings,
    blocks: Sequence[type[Block]],
    signals: Signals,
    disabled: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Host these block types until told to leave; whether all of their tasks have ended.

    `disabled` says of other types why they are not hosted, for those who look.
    """
    hosting = asyncio.create_task(_host(settings, blocks, disabled, signals))
    return await until_ended(hosting, stop=signals.leave, started=signals.ready) is not False


async def _host(
    settings: ExecutorSettings, blocks: Sequence[type[Block]], disabled: Mapping[str, str], signals: Signals
) -> bool:
    guard_logs()
    name = settings.name or f"{socket.gethostname()}-{os.getpid()}"
    implicit = implicit_blocks(settings.blocks)
    limits = {block.type: _MOST[block.runs_in] for block in blocks}
    limits |= {block.type: block.places for block in implicit}
    concurrency = settings.concurrency or _PLACES * len(blocks) + sum(block.places for block in implicit)
    places = shares(concurrency, limits)
    async with (
        Connection.open(settings.nats_url, name=f"executor-{name}") as connection,
        Resources.allowing(
            AllowList.parse(settings.egress_allow),
            services=BusServices(connection),
            sqlite_dir=settings.sqlite_dir,
        ) as resources,
    ):
        ports = await _ports(settings, name, connection, resources, exhausted=signals.leave.set)
        hosted = {block.type: Hosted(block(), Statistics()) for block in blocks}
        hosted |= {block.type: Hosted(block(ports), Statistics()) for block in implicit}
        await make_consumers(connection, hosted)
        living = LivingExecutor(
            executor=name,
            started_at=time.time(),
            blocks={block.type: block.version for block in blocks},
            disabled=dict(disabled),
        )
        async with (
            leased(ports.state, living),
            announced(
                connection,
                SERVICE,
                description="Runs blocks",
                metadata={
                    "executor": name,
                    "blocks": ",".join(hosted),
                    "concurrency": str(concurrency),
                    **({"disabled": ",".join(disabled)} if disabled else {}),
                },
                report=lambda: _report(hosted),
            ),
        ):
            await _make_known(ports.state, blocks, settings.limits)
            worker = Worker(hosted, ports)
            evaluates = (
                evaluating(connection, resources.javascript) if _CONDITION in hosted else contextlib.nullcontext()
            )
            watchdog = Watchdog(worker, settings.nats_url, max_memory=settings.max_memory, too_large=signals.leave.set)
            try:
                watchdog.start()
                async with evaluates:
                    await _work(worker, connection, places, settings.drain, signals)
            finally:
                watchdog.stop()
                await ports.connections.close()
            return not worker.abandoned


async def _make_known(state: Bucket, blocks: Sequence[type[Block]], limits: Mapping[str, int]) -> None:
    """Let managers know the block types, and what comes with them."""
    for block in blocks:
        limit = limits.get(block.type)
        await until_available(lambda block=block, limit=limit: register(state, block, limit))  # type: ignore[misc]  # defaults bind
    brought = integrations_of([block.type for block in blocks])
    await until_available(lambda: announce(state, brought))


async def _ports(
    settings: ExecutorSettings,
    name: str,
    connection: Connection,
    resources: Resources,
    *,
    exhausted: Callable[[], None],
) -> Ports:
    payloads = Payloads(connection)
    return Ports(
        executor=name,
        connection=connection,
        history=History(connection, await until_available(lambda: join(connection))),
        payloads=payloads,
        items=Items(connection, payloads),
        state=Bucket(connection, STATE_BUCKET),
        resources=resources,
        processes=Processes(),
        threads=Threads(exhausted),
        connections=Connections(connection),
        max_deliveries=settings.max_deliveries,
    )


async def _work(
    worker: Worker, connection: Connection, places: Mapping[str, int], drain: float, signals: Signals
) -> None:
    """Pull until told to leave, then drain."""
    await connection.listen(CANCEL_CONTROLS, lambda subject, body: _stop(worker, subject, body))
    connection.on_reconnect(worker.look_again)
    pulled = [Lanes(connection, type_, count, worker.handle) for type_, count in places.items()]
    try:
        for lanes in pulled:
            await lanes.start()
        signals.ready.set()
        log.info("hosting %s", ", ".join(places))
        await signals.leave.wait()
    finally:
        connection.forget(worker.look_again)
        worker.take_no_more()
        await asyncio.gather(*(lanes.stop() for lanes in pulled))
        await worker.drain(drain, signals.hurry)


def _stop(worker: Worker, subject: str, body: bytes) -> None:
    """A scheduler wants the work of a run to stop."""
    try:
        control = StopControl.model_validate_json(body or b"{}")
    except ValidationError as error:
        log.warning("%s is not understood: %s", subject, mistakes(error))
        return
    worker.stop_run(*parse_cancel_control(subject), control.epoch)


def _report(hosted: Mapping[str, Hosted]) -> list[WorkReport]:
    return [
        work_report(
            type_,
            work_of_type(type_, NORMAL_LANE),
            executor_consumer(type_, NORMAL_LANE),
            requests=host.statistics.attempts,
            errors=host.statistics.errors.total(),
            seconds=host.statistics.seconds,
            data=host.statistics.as_json(),
        )
        for type_, host in hosted.items()
    ]
