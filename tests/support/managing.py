"""A real manager on a free port, and a hand that plays executors and schedulers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_manager.manager import Address, serve
from gnatwork_manager.settings import ManagerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.messages import Complete, Failed, Message, Output, Start
from gnatwork_schemas.status import RunStatus, RunSummary

T = TypeVar("T")

TOKEN = "the-token"

BLOCK_TYPES = (
    BlockType(type="noop", title="No-op", summary="Nothing.", config_schema=True, output_schema=True),
    BlockType(
        type="response",
        title="Response",
        summary="Answers.",
        config_schema={"type": "object", "properties": {"status": {"type": "integer"}}},
        output_schema=True,
        responds=True,
    ),
)


@dataclass(frozen=True)
class Bench:
    """A manager under test."""

    address: Address
    http: httpx.AsyncClient
    connection: Connection
    history: History
    data_dir: Path

    async def submit(self, workflow: dict[str, Any], **fields: Any) -> str:
        """Submit over HTTP; the id of the run."""
        reply = await self.http.post("/runs", json={"workflow": workflow, **fields})
        assert reply.status_code == 202, reply.text
        return str(reply.json()["run_id"])

    async def events(self, run_id: str, namespace: str = "default") -> list[StoredMessage]:
        """The history of a run, from the wire."""
        return await self.history.load_run(namespace, run_id)

    async def append(self, run_id: str, event: str, body: Message, workflow: str = "adhoc") -> int:
        """What an executor or a scheduler would append."""
        base = subjects.history_base(self.history.shard(run_id), "default", workflow, run_id)
        return await self.history.append(base, event, body.model_dump_json().encode())

    async def announce(self, block_type: BlockType) -> None:
        """An executor says something new of a block type, and the manager has heard it."""
        state = Bucket(self.connection, subjects.STATE_BUCKET)
        await state.put(subjects.catalogue_key(block_type.type), block_type.model_dump_json().encode())

        async def heard() -> bool:
            reply = await self.http.get(f"/blocks/{block_type.type}")
            return reply.status_code == 200 and BlockType.model_validate(reply.json()) == block_type

        await until(heard)

    async def metrics(self) -> str:
        """What Prometheus would read."""
        return (await self.http.get(f"{self.address.url}/metrics")).text

    async def put_out(self, run_id: str, task: str, output: Any, workflow: str = "adhoc") -> int:
        """A task succeeds at its first attempt."""
        body = Output(task=task, attempt=1, started_at=1.0, ended_at=2.0, executor="test", output=output)
        return await self.append(run_id, subjects.output_event(task), body, workflow)

    async def complete(self, run_id: str, output: Any = None, deferred: tuple[str, ...] = ()) -> int:
        """The run completes."""
        return await self.append(run_id, subjects.COMPLETE, Complete(output=output, deferred=deferred))

    async def append_end(self, run_id: str) -> int:
        """The run completes, as a scheduler says it: unless it has ended."""
        events = await self.events(run_id)
        base = events[0].subject.removesuffix(f".{subjects.START}")
        expect = (subjects.run_borders(base), events[0].sequence)
        return await self.history.append(base, subjects.COMPLETE, b'{"v": 1}', expect=expect)

    async def see_to(self, run_id: str) -> None:
        """A scheduler acknowledges all events so far of the run's shard."""
        events = await self.events(run_id)
        durable, acknowledged = subjects.scheduler_consumer(self.history.shard(run_id)), asyncio.Event()

        def handle(delivery: Delivery) -> None:
            delivery.ack()
            if delivery.sequence >= events[-1].sequence:
                acknowledged.set()

        consumer = Consumer(
            self.connection,
            subjects.HISTORY,
            durable,
            batch=100,
            handle=handle,
            pinned_group=subjects.SCHEDULER_GROUP,
        )
        await consumer.start()
        await acknowledged.wait()
        await consumer.stop()

    async def fail(self, run_id: str, error: dict[str, Any]) -> int:
        """The run fails."""
        return await self.append(run_id, subjects.FAILED, Failed.model_validate({"error": error}))

    async def put_status(self, run_id: str, status: RunStatus, sequence: int, **fields: Any) -> int:
        """What the projector would write."""
        bucket = Bucket(self.connection, subjects.STATUS_BUCKET)
        summary = RunSummary.model_validate(
            {
                "run_id": run_id,
                "namespace": "default",
                "workflow": "adhoc",
                "status": status,
                "created_at": 1.0,
                "sequence": sequence,
                **fields,
            }
        )
        return await bucket.put(subjects.status_key("default", run_id), summary.model_dump_json().encode())


def start_of(events: list[StoredMessage]) -> Start:
    """The first event of a history."""
    return Start.model_validate_json(events[0].data)


@contextlib.asynccontextmanager
async def running_manager(nats_url: str, data_dir: Path, **settings: Any) -> AsyncIterator[Address]:
    """A manager, until the context ends."""
    stop = asyncio.Event()
    listening: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
    options = {"nats_url": nats_url, "token": TOKEN, "data_dir": data_dir, "port": 0, **settings}
    running = asyncio.create_task(serve(ManagerSettings(**options), stop, listening.set_result))
    running.add_done_callback(lambda _: listening.cancel())
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        if running.done():
            running.result()
        yield listening.result()
    finally:
        stop.set()
        await running


@contextlib.asynccontextmanager
async def open_bench(connection: Connection, nats_url: str, data_dir: Path, **settings: Any) -> AsyncIterator[Bench]:
    """A manager with clients."""
    async with running_manager(nats_url, data_dir, **settings) as address:
        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
        async with httpx.AsyncClient(
            base_url=f"{address.url}/api/v1",
            headers={"Authorization": f"Bearer {TOKEN}"},
            limits=limits,
            timeout=30,
        ) as http:
            yield Bench(address, http, connection, History(connection, 8), data_dir)


async def until(check: Callable[[], Awaitable[T]], patience: float = 30.0) -> T:
    """What `check`, a request, yields once it is true: for what the manager does in the background."""
    async with asyncio.timeout(patience):
        while not (result := await check()):
            pass
    return result


def parse_events(text: str) -> list[dict[str, Any]]:
    """The events in a stream of server-sent events."""
    found = []
    for part in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if line and not line.startswith(":"))
        if fields:
            found.append({**fields, "data": orjson.loads(fields["data"])})
    return found
