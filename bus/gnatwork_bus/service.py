"""Shows a process among the services of NATS (`nats micro ls`, `$SRV.PING|INFO|STATS`)."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib.metadata import version

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.micro.service import EndpointInfo, EndpointStats, Service, ServiceConfig, ServiceInfo, ServiceStats

from gnatwork_bus.connection import Connection

#: What was done of one kind of work; see `work_report`.
WorkReport = EndpointStats
#: What a process works at, read anew each time that someone asks.
Report = Callable[[], Sequence[WorkReport]]


class _ReportingService(Service):
    """A service whose work does not come as requests, such as one that pulls it from a stream."""

    def __init__(self, client: Client, config: ServiceConfig, report: Report) -> None:
        super().__init__(client, config)
        self._report = report

    async def start(self) -> None:
        """Listen to the questions. A server that goes away meanwhile is told of it when it is back."""
        with contextlib.suppress(NatsError, OSError):
            await super().start()

    def stats(self) -> ServiceStats:
        """The statistics, those of the report included."""
        stats = super().stats()
        stats.endpoints.extend(self._report())
        return stats

    def info(self) -> ServiceInfo:
        """The endpoints, those of the report included."""
        info = super().info()
        info.endpoints.extend(
            EndpointInfo(name=stats.name, subject=stats.subject, queue_group=stats.queue_group)
            for stats in self._report()
        )
        return info


def work_report(
    name: str, subject: str, consumer: str, *, requests: int, errors: int, seconds: float, data: Mapping[str, object]
) -> WorkReport:
    """What was done of the work on `subject`: `requests` in `seconds` altogether, of which `errors` failed."""
    nanoseconds = int(seconds * 1e9)
    return EndpointStats(
        name=name,
        subject=subject,
        queue_group=consumer,
        num_requests=requests,
        num_errors=errors,
        processing_time=nanoseconds,
        average_processing_time=nanoseconds // requests if requests else 0,
        data=dict(data),
    )


@contextlib.asynccontextmanager
async def announced(
    connection: Connection, name: str, *, description: str, metadata: Mapping[str, str], report: Report
) -> AsyncIterator[Service]:
    """Answer the questions of `nats micro` for as long as the context lasts; requests can be added as endpoints."""
    config = ServiceConfig(name=name, version=version("gnatwork"), description=description, metadata=dict(metadata))
    async with _ReportingService(connection.nc, config, report) as service:
        yield service
