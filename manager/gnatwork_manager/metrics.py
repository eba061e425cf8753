"""What Prometheus reads: this manager's own figures, and those of JetStream as of the scrape."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError, UnavailableError

MEDIA_TYPE = CONTENT_TYPE_LATEST

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_EXECUTOR_PREFIX = subjects.executor_consumer("", "").rstrip("-")


class _Backlog(NamedTuple):
    """What a consumer still has to do."""

    labels: tuple[str, ...]
    waiting: int
    in_flight: int


class Metrics:
    """The metrics of one manager, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.submissions = Counter(
            "gnatwork_submissions", "Runs that callers submitted here.", ["by", "result"], registry=registry
        )
        self.triggers_fired = Counter(
            "gnatwork_triggers_fired", "Runs that triggers began here.", ["type"], registry=registry
        )
        self.triggers_failed = Counter(
            "gnatwork_triggers_failed", "Tries of triggers that began no run.", ["type"], registry=registry
        )
        self.hooks_refused = Counter(
            "gnatwork_hooks_refused", "Calls of webhooks that were refused.", ["code"], registry=registry
        )
        self.logins_refused = Counter(
            "gnatwork_logins_refused", "Logins that were refused.", ["code"], registry=registry
        )
        self.connections_resolved = Counter(
            "gnatwork_connections_resolved", "Connections that executors got.", registry=registry
        )
        self.connections_refused = Counter(
            "gnatwork_connections_refused",
            "Requests of executors for connections, refused.",
            ["code"],
            registry=registry,
        )
        self._requests = Counter(
            "gnatwork_http_requests", "HTTP requests, by route.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "gnatwork_http_request_seconds",
            "Time until the answer, by route.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._nats = Gauge("gnatwork_nats_up", "1 when NATS answered this scrape.", registry=registry)
        self._index_lag = Gauge(
            "gnatwork_index_lag", "Status documents that are not in the run index yet.", registry=registry
        )
        self._dead = Gauge("gnatwork_dead_letters", "Messages that no one could read.", registry=registry)
        self._work_waiting = Gauge(
            "gnatwork_work_waiting", "Work items that no executor has taken.", ["type", "lane"], registry=registry
        )
        self._work_in_flight = Gauge(
            "gnatwork_work_in_flight", "Work items that executors have taken.", ["type", "lane"], registry=registry
        )
        self._events_waiting = Gauge(
            "gnatwork_events_waiting", "Events that no scheduler has taken.", ["shard"], registry=registry
        )
        self._events_in_flight = Gauge(
            "gnatwork_events_in_flight", "Events that schedulers have taken.", ["shard"], registry=registry
        )

    def count(self, name: str, help_text: str, read: Callable[[], int]) -> None:
        """Add a figure that is read at each scrape."""
        Gauge(name, help_text, registry=self._registry).set_function(read)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One HTTP request was answered."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    async def render(self, connection: Connection, shards: int, lag: Callable[[], Any]) -> bytes:
        """Everything in Prometheus' text format; without NATS, what there is without it."""
        try:
            if not connection.is_connected:
                raise UnavailableError  # noqa: TRY301 - the same as no answer
            async with asyncio.TaskGroup() as tasks:
                work = tasks.create_task(_work(connection))
                events = tasks.create_task(_events(connection, shards))
                dead = tasks.create_task(connection.api(f"STREAM.INFO.{subjects.DEAD_LETTERS}"))
                index_lag = tasks.create_task(lag())
        except* (ApiError, UnavailableError):
            self._nats.set(0)
        else:
            self._nats.set(1)
            self._index_lag.set(index_lag.result())
            self._dead.set(dead.result()["state"]["messages"])
            _set(work.result(), self._work_waiting, self._work_in_flight)
            _set(events.result(), self._events_waiting, self._events_in_flight)
        return generate_latest(self._registry)


@contextlib.contextmanager
def refusals(counter: Counter) -> Iterator[None]:
    """Count what is refused here, by its error code."""
    try:
        yield
    except (ProblemError, GnatworkError) as error:
        counter.labels(error.code).inc()
        raise


def _set(backlogs: Iterable[_Backlog], waiting: Gauge, in_flight: Gauge) -> None:
    waiting.clear()
    in_flight.clear()
    for backlog in backlogs:
        waiting.labels(*backlog.labels).set(backlog.waiting)
        in_flight.labels(*backlog.labels).set(backlog.in_flight)


async def _work(connection: Connection) -> list[_Backlog]:
    """The executors' consumers."""
    found: list[_Backlog] = []
    offset = 0
    while True:
        reply = await connection.api(f"CONSUMER.LIST.{subjects.WORK}", {"offset": offset})
        consumers = reply["consumers"] or ()
        for info in consumers:
            if info["name"].startswith(_EXECUTOR_PREFIX):
                type_, lane = info["config"]["filter_subject"].split(".")[1:3]
                found.append(_backlog(info, type_, lane))
        offset += len(consumers)
        if not consumers or offset >= reply["total"]:
            return found


async def _events(connection: Connection, shards: int) -> list[_Backlog]:
    """The schedulers' consumers."""

    async def of(shard: int) -> _Backlog:
        name = subjects.scheduler_consumer(shard)
        return _backlog(await connection.api(f"CONSUMER.INFO.{subjects.HISTORY}.{name}"), str(shard))

    return list(await asyncio.gather(*(of(shard) for shard in range(shards))))


def _backlog(info: dict[str, Any], *labels: str) -> _Backlog:
    return _Backlog(labels, info["num_pending"], info["num_ack_pending"])
