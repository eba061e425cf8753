"""An executor in this process, and the scheduler's side of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import orjson

from gnatwork_blocks.sdk import Block
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_executor.serve import Signals, serve
from gnatwork_executor.settings import ExecutorSettings
from gnatwork_schemas.messages import Work
from gnatwork_schemas.subjects import (
    NORMAL_LANE,
    WorkSubject,
    error_event,
    history_base,
    live_event,
    output_event,
    shard_of,
    work_item,
)
from support.wire import Seen, Wire

_SHARDS = 8
_RUNS = count()


def new_run_id() -> str:
    """An id that no other test has."""
    return f"01890a5d-ac96-774b-bcce-{next(_RUNS):012x}"


def make_work(type_: str, config: Any = None, **fields: Any) -> Work:
    """A work item as the scheduler makes it, of a run of its own unless `run_id` is given."""
    run_id = fields.pop("run_id", None) or new_run_id()
    task = fields.pop("task", "step")
    base = history_base(shard_of(run_id, _SHARDS), "default", "test", run_id)
    return Work(
        **{
            "run_id": run_id,
            "namespace": "default",
            "workflow": "test",
            "task": task,
            "type": type_,
            "attempt": 1,
            "max_attempts": 3,
            "timeout": 30.0,
            "idempotency_key": f"{run_id}/{task}",
            "decided_at": time.time(),
            "config": config,
            "output_subject": f"{base}.{output_event(task)}",
            "error_subject": f"{base}.{error_event(task)}",
            **fields,
        }
    )


def subject_of(work: Work, lane: str = NORMAL_LANE) -> str:
    """Where the item is queued."""
    return work_item(WorkSubject(work.type, lane, work.namespace, work.run_id, work.task, work.attempt))


def base_of(work: Work) -> str:
    """The history of the item's run."""
    return history_base(shard_of(work.run_id, _SHARDS), work.namespace, work.workflow, work.run_id)


class Sent(NamedTuple):
    """A queued item."""

    work: Work
    #: Its place in the work queue.
    sequence: int


@dataclass(frozen=True)
class Scheduler:
    """Queues work and watches what becomes of it."""

    connection: Connection
    wire: Wire

    @classmethod
    async def watching(cls, connection: Connection) -> "Scheduler":
        """See all events, and how items are settled."""
        return cls(connection, await Wire.tap(connection, "workflow.>", "$JS.ACK.WORK.>"))

    @property
    def history(self) -> History:
        return History(self.connection, _SHARDS)

    async def send(self, type_: str, config: Any = None, *, lane: str = NORMAL_LANE, **fields: Any) -> Sent:
        """Queue an item."""
        return await self.send_work(make_work(type_, config, **fields), lane=lane)

    async def send_work(
        self, work: Work, headers: dict[str, str] | None = None, *, lane: str = NORMAL_LANE, begins: bool = True
    ) -> Sent:
        """Queue this item; its run begins before, if it has not."""
        if begins:
            await self.history.begin(base_of(work), b'{"v": 1}')
        data = work.model_dump_json().encode()
        return Sent(work, await self.connection.publisher.publish(subject_of(work, lane), data, headers))

    async def event(self, sent: Sent, event: str) -> Any:
        """The body of the first such event of the run."""
        subject = live_event(sent.work.run_id, event)
        return (await self.wire.first(lambda seen: seen.subject == subject)).body

    async def output(self, sent: Sent) -> Any:
        """The value that the task yields."""
        return (await self.event(sent, output_event(sent.work.task)))["output"]

    async def error(self, sent: Sent) -> Any:
        """The error that the task fails with."""
        return (await self.event(sent, error_event(sent.work.task)))["error"]

    def outcomes(self, sent: Sent) -> list[Seen]:
        """All outcomes of the task that were stored so far."""
        subjects = {live_event(sent.work.run_id, of(sent.work.task)) for of in (output_event, error_event)}
        return self.wire.all(lambda seen: seen.subject in subjects)

    async def settled(self, sent: Sent, verb: bytes = b"+ACK") -> Seen:
        """The executor's answer to the item that starts with this verb."""
        return await self.wire.first(lambda seen: _is_about(seen.subject, sent.sequence) and seen.data.startswith(verb))

    async def take(self, type_: str, sent: Sent, lane: str = NORMAL_LANE) -> str:
        """Be an executor that takes the item; where it would settle it."""
        inbox = self.connection.nc.new_inbox()
        subscription = await self.connection.nc.subscribe(inbox)
        request = orjson.dumps({"batch": 1, "expires": 5_000_000_000})
        self.connection.send(f"$JS.API.CONSUMER.MSG.NEXT.WORK.exec-{type_}-{lane}", request, inbox)
        message = await subscription.next_msg(timeout=5)
        await subscription.unsubscribe()
        assert message.subject == subject_of(sent.work, lane)
        return str(message.reply)

    async def take_away(self, type_: str, sent: Sent, times: int = 1) -> None:
        """Be executors that take the item and vanish, so that it will be delivered again."""
        for _ in range(times):
            self.connection.send(await self.take(type_, sent), b"-NAK")


def _is_about(subject: str, sequence: int) -> bool:
    tokens = subject.split(".")
    return tokens[:2] == ["$JS", "ACK"] and tokens[-4] == str(sequence)


@asynccontextmanager
async def hosting(url: str, *blocks: type[Block], **settings: Any) -> AsyncIterator[Signals]:
    """An executor of these blocks; it drains when the context ends."""
    signals = Signals()
    task = asyncio.create_task(_serve(url, blocks, settings, signals))
    ready = asyncio.create_task(signals.ready.wait())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield signals
    finally:
        signals.leave.set()
        ready.cancel()
        await task


async def _serve(url: str, blocks: Sequence[type[Block]], settings: dict[str, Any], signals: Signals) -> bool:
    names = tuple(block.type for block in blocks)
    return await serve(
        ExecutorSettings(**{"nats_url": url, "blocks": names, "drain": 5.0, **settings}), blocks, signals
    )
