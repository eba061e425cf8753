"""The scheduler process."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.lifetime import on_signals, until_ended
from gnatwork_bus.patience import until_available
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.reconcile import reconcile
from gnatwork_bus.service import WorkReport, announced, work_report
from gnatwork_scheduler.keeper import Keeper
from gnatwork_scheduler.loader import Loader
from gnatwork_scheduler.perform import Performer
from gnatwork_scheduler.plans import Plans
from gnatwork_scheduler.projector import Projector
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_scheduler.shard import Shard
from gnatwork_scheduler.snapshots import Snapshots
from gnatwork_scheduler.statistics import Statistics
from gnatwork_schemas import subjects

log = logging.getLogger(__name__)

#: Seconds that effects under way get to be stored when the process is to leave.
_DRAIN = 5.0


async def run_scheduler(settings: SchedulerSettings) -> None:
    """Schedule until SIGTERM or SIGINT. Raises TopologyError when the NATS server is not fit."""
    stop, started = asyncio.Event(), asyncio.Event()
    with on_signals(stop.set):
        await until_ended(asyncio.create_task(_schedule(settings, stop, started)), stop=stop, started=started)


async def _schedule(settings: SchedulerSettings, stop: asyncio.Event, started: asyncio.Event) -> None:
    async with scheduling(settings):
        started.set()
        await stop.wait()


@contextlib.asynccontextmanager
async def scheduling(settings: SchedulerSettings) -> AsyncIterator[None]:
    """Take part in the scheduling of all shards for as long as the context lasts."""
    name = settings.name or f"{socket.gethostname()}-{os.getpid()}"
    statistics = Statistics()
    async with Connection.open(settings.nats_url, name=f"scheduler-{name}") as connection, asyncio.TaskGroup() as tasks:
        count = await until_available(lambda: reconcile(connection, shards=settings.shards, replicas=settings.replicas))
        history = History(connection, count)
        projector = Projector(Bucket(connection, subjects.STATUS_BUCKET), history, settings, tasks)
        payloads, snapshots = Payloads(connection), Snapshots(connection)
        loader = Loader(history, Plans(Bucket(connection, subjects.STATE_BUCKET)), payloads, snapshots)
        performer = Performer(connection, history, payloads, settings, tasks)
        keeper = Keeper(connection, history, payloads, Bucket(connection, subjects.STATUS_BUCKET))
        shards = [
            Shard(
                connection,
                number,
                loader=loader,
                performer=performer,
                projector=projector,
                keeper=keeper,
                snapshots=snapshots,
                statistics=statistics,
                tasks=tasks,
            )
            for number in range(count)
        ]
        writer = tasks.create_task(projector.work())
        async with announced(
            connection,
            "gnatwork-scheduler",
            description="Folds histories and dispatches what they call for.",
            metadata={"name": name, "shards": str(count)},
            report=lambda: _report(shards, statistics),
        ):
            for shard in shards:
                await shard.start()
            log.info("scheduling %d shards", count)
            try:
                yield
            finally:
                await _leave(shards, projector, connection)
                writer.cancel()


async def _leave(shards: Sequence[Shard], projector: Projector, connection: Connection) -> None:
    """Take no more events, and let the effects of those taken be stored."""
    for shard in shards:
        await shard.stop()
    projector.flush()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN):
            while any(shard.unsettled for shard in shards) and connection.is_connected:
                projector.flush()
                await asyncio.sleep(0.02)
    # What is answered from now on would find nobody to go on with it.
    connection.publisher.stop()


def _report(shards: Sequence[Shard], statistics: Statistics) -> list[WorkReport]:
    data = {
        "active_shards": [shard.number for shard in shards if shard.active],
        "runs": sum(shard.runs for shard in shards),
        "refused": statistics.refused,
        "orphaned": statistics.orphaned,
    }
    return [
        work_report(
            "history",
            subjects.HISTORY_SUBJECTS,
            subjects.SCHEDULER_GROUP,
            requests=statistics.events,
            errors=statistics.refused,
            seconds=0.0,
            data=data,
        )
    ]
