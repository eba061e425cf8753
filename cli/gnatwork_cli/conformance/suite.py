"""All checks of an executor, in the order in which they are made."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from gnatwork_bus.connection import Connection
from gnatwork_bus.discovery import find_services
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile
from gnatwork_cli.conformance import (
    announcing,
    large_values,
    long_work,
    outcomes,
    redelivery,
    several,
    trouble,
    unreadable,
    vanishing,
)
from gnatwork_cli.conformance.bench import Bench
from gnatwork_cli.conformance.check import Check, Finding, examine
from gnatwork_cli.conformance.engine import Engine
from gnatwork_cli.conformance.executors import Executors
from gnatwork_cli.conformance.item import NAMESPACE, WORKFLOW
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import TopologyError

#: Seconds in which a scheduler answers that there is one.
_ROLL_CALL = 0.5
#: How schedulers call themselves among the services of NATS.
_SCHEDULER = "gnatwork-scheduler"

CHECKS = (
    Check("announced", "its type is in the catalogue", "announcing", announcing.entry),
    Check("leased", "it is known to live", "announcing", announcing.lease),
    Check("consumers", "each lane has its durable consumer", "consumers", announcing.consumers),
    Check("lanes", "it takes work of all lanes", "consumers", several.lanes),
    Check("output", "what a block yields arrives as it is", "outcomes", outcomes.output),
    Check("executor-named", "outcomes say which executor they are of", "outcomes", outcomes.named),
    Check("error", "what a block fails with arrives as it is", "errors", outcomes.error),
    Check("bad-config", "a config of no use is an error", "errors", outcomes.bad_config),
    Check("idempotency-key", "blocks see task, attempt and idempotency key", "work-items", outcomes.known),
    Check("trace", "the trace context is passed on", "outcomes", outcomes.trace),
    Check("timeout", "an attempt is stopped when its time is up", "running", outcomes.timeout),
    Check("heartbeats", "long work is renewed before it is delivered again", "heartbeats", long_work.heartbeats),
    Check("cancel", "work of a cancelled run is stopped, without an outcome", "cancelling", long_work.cancel),
    Check("again", "what is sent again runs no second time", "redelivery", redelivery.again),
    Check("late", "nor does what was queued late", "redelivery", redelivery.late),
    Check("next-attempt", "a new attempt runs", "redelivery", redelivery.again_without_outcome),
    Check("over", "nothing runs again for a run that is over", "redelivery", redelivery.over),
    Check("claims", "what may run once is claimed first", "claims", redelivery.claims),
    Check("claimed", "what another has claimed is not run", "claims", redelivery.claimed),
    Check("unknown-version", "an unknown `v` is refused, and work goes on", "refusing", unreadable.version),
    Check("invalid-json", "what is no JSON is refused, and work goes on", "refusing", unreadable.no_json),
    Check("large-output", "a large output is stored apart", "large-values", large_values.output),
    Check("deferred", "deferred leaves are resolved", "deferred-leaves", large_values.deferred),
    Check("plain", "or refused by an executor that can't", "deferred-leaves", unreadable.deferred),
    Check("live-events", "what it tells meanwhile is well-formed", "while-it-runs", long_work.live, alone=True),
    Check(
        "outcome-before-ack", "it acknowledges what is stored only", "outcomes", trouble.outcome_before_ack, alone=True
    ),
    Check("killed", "another executor runs what it was killed over", "redelivery", vanishing.killed, alone=True),
    Check(
        "killed-before-ack",
        "but not what has an outcome already",
        "redelivery",
        vanishing.killed_before_ack,
        alone=True,
    ),
    Check("poison", "what kills executors is given up", "poison", vanishing.poison, alone=True),
    Check("shared", "two executors share the work", "consumers", several.shared, alone=True),
    Check("leaving", "it hands back what it can't finish", "leaving", vanishing.leaving, alone=True),
    Check("restart", "it goes on after a restart of the server", "reconnecting", trouble.restart, alone=True),
)


@asynccontextmanager
async def open_bench(type_: str, nats: str | None, command: str | None, folder: Path) -> AsyncIterator[Bench]:
    """A bench whose executor pulls work.

    Args:
        type_: the block type.
        nats: where the executor is, or is to be; a server of the suite's own when None.
        command: what starts an executor; it finds the server in `NATS_URL`. None: it runs already.
        folder: for the server and the log of what was started.

    Raises:
        TopologyError: there is a scheduler, which would take the suite's runs for real ones.
        GnatworkError: the server or the executor can't be had.
        Unmet: the executor does not pull.
    """
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(EmbeddedServer(folder / "nats")) if nats is None else None
        url = server.url if server else nats or ""
        connection = await stack.enter_async_context(Connection.open(url, name="conformance", patience=10))
        services = await find_services(connection, patience=_ROLL_CALL) if nats else ()
        if any(service.name == _SCHEDULER for service in services):
            raise TopologyError("a scheduler works on this server; examine executors on a server without one")
        shards = await reconcile(connection)
        processes = Executors(command, url, folder / "printed.txt") if command else None
        if nats:
            stack.push_async_callback(_clean, connection)
        bench = Bench(await Engine.begin(connection, type_, shards), processes, server)
        if processes:
            stack.push_async_callback(processes.kill)
            await processes.start()
        await bench.until_ready()
        yield bench


async def findings(bench: Bench) -> AsyncGenerator[Finding, None]:
    """Make all checks; those that disturb nothing at the same time."""
    together = [asyncio.create_task(examine(check, bench)) for check in CHECKS if not check.alone]
    try:
        for task in together:
            yield await task
    finally:
        for task in together:
            task.cancel()
        await asyncio.gather(*together, return_exceptions=True)
    for check in CHECKS:
        if check.alone:
            yield await examine(check, bench)


async def _clean(connection: Connection) -> None:
    """Leave nothing behind on a server that is someone else's."""
    made_up = {
        subjects.WORK: subjects.work_of_run(NAMESPACE, "*"),
        subjects.HISTORY: f"{subjects.history_of(NAMESPACE, WORKFLOW)}.>",
        subjects.PAYLOADS: subjects.payloads_of_run(NAMESPACE, "*"),
    }
    for stream, pattern in made_up.items():
        await connection.api(f"STREAM.PURGE.{stream}", {"filter": pattern})
