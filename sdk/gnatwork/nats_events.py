"""Events and log lines over NATS: the streams themselves, read as a manager would."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import orjson
from pydantic import ValidationError

from gnatwork.feeds import EventFeed, LogFeed
from gnatwork.transport import RunEvent
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.live import listening
from gnatwork_bus.live_tasks import LiveTasks, LiveTold
from gnatwork_bus.logs import Logs
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.reconcile import join
from gnatwork_bus.run_events import run_events
from gnatwork_bus.run_log import run_log
from gnatwork_bus.wide_events import Wanted, last_event, leaves_gap, wide_events
from gnatwork_schemas import subjects
from gnatwork_schemas.event_kinds import kind_of
from gnatwork_schemas.live import LogLevel, LogLine
from gnatwork_schemas.status import Run

#: Events that wait for a reader; live ones beyond are left out, stored ones wait in the server.
_QUEUE = 256
#: The event that says that others may be missing before the next one.
_GAP = "gap"
_RANK = {level: rank for rank, level in enumerate(LogLevel)}

_Offer = Callable[[RunEvent], None]


class NatsEvents:
    """What one client follows."""

    def __init__(self, connection: Connection, namespace: str, run: Callable[[str], Awaitable[Run]]) -> None:
        self._connection = connection
        self._namespace = namespace
        self._run = run
        self._history: History | None = None

    async def events(self, feed: EventFeed, after: int | None) -> AsyncGenerator[RunEvent, None]:
        """Stored events that come after a sequence, those there are and those to come, and live ones in between."""
        if feed.run_id is None:
            stored = self._wide(feed, after)
        else:
            run = await self._run(feed.run_id)
            if run.status.ended and run.sequence <= (after or 0):
                return
            stored = self._of_run(feed, run, after or 0)
        async with contextlib.aclosing(_merged(stored, lambda offer: self._live(feed, offer))) as events:
            async for event in events:
                yield event

    async def log(self, feed: LogFeed) -> AsyncGenerator[LogLine, None]:
        """Lines there are and those to come, until the run has ended."""
        history = await self._opened()
        base = self._base(history, await self._run(feed.run_id))
        lines = run_log(history, Logs(self._connection), base, feed.task)
        async with contextlib.aclosing(lines) as messages:
            async for message in messages:
                # Anyone may send what looks like a line.
                with contextlib.suppress(ValidationError, ValueError):
                    told = LogLine.model_validate({**orjson.loads(message.data), "sequence": message.sequence})
                    if _RANK[told.level] >= _RANK[feed.level]:
                        yield told

    async def _of_run(self, feed: EventFeed, run: Run, after: int) -> AsyncGenerator[RunEvent, None]:
        history = await self._opened()
        async with contextlib.aclosing(run_events(history, self._base(history, run), after)) as messages:
            async for message in messages:
                event = _event(message)
                if not feed.kinds or kind_of(event.event) in feed.kinds:
                    yield event

    async def _wide(self, feed: EventFeed, after: int | None) -> AsyncGenerator[RunEvent, None]:
        if after is not None and await leaves_gap(self._connection, after):
            yield RunEvent(event=_GAP)
        elif after is None and not feed.replay:
            after = await last_event(self._connection)
        async with contextlib.aclosing(wide_events(self._connection, self._wanted(feed), after or 0)) as messages:
            async for message in messages:
                subject = subjects.parse_history(message.subject)
                place = {"run_id": subject.run_id, "workflow": subject.workflow}
                yield _event(message).model_copy(update=place)
        # Nothing that is stored was asked for.
        await asyncio.Event().wait()

    @contextlib.asynccontextmanager
    async def _live(self, feed: EventFeed, offer: _Offer) -> AsyncIterator[None]:
        kinds = feed.live_kinds
        if not kinds:
            yield
        elif feed.run_id is None:

            def told(live: LiveTold) -> None:
                body = orjson.loads(live.data)
                offer(RunEvent(event=live.event, run_id=live.run_id, workflow=live.workflow, body=body))

            wanted = Wanted(namespace=self._namespace, workflow=feed.workflow, kinds=kinds)
            async with LiveTasks(self._connection, await self._opened()).watching(wanted, told):
                yield
        else:
            prefix = subjects.live_event(feed.run_id, "")

            def heard(subject: str, data: bytes) -> None:
                offer(RunEvent(event=subject.removeprefix(prefix), body=orjson.loads(data)))

            subscribed = [subjects.live_task(feed.run_id, "*", kind) for kind in kinds]
            async with listening(self._connection, subscribed, heard):
                yield

    def _wanted(self, feed: EventFeed) -> Wanted:
        return Wanted(namespace=self._namespace, workflow=feed.workflow, kinds=feed.kinds)

    def _base(self, history: History, run: Run) -> str:
        return subjects.history_base(history.shard(run.run_id), run.namespace, run.workflow, run.run_id)

    async def _opened(self) -> History:
        if self._history is None:
            self._history = History(self._connection, await join(self._connection))
        return self._history


async def _merged(
    stored: AsyncGenerator[RunEvent, None], live: Callable[[_Offer], AbstractAsyncContextManager[None]]
) -> AsyncGenerator[RunEvent, None]:
    """Stored events up to their end, and live ones as far as there is room."""
    queue: asyncio.Queue[RunEvent | Exception | None] = asyncio.Queue(_QUEUE)

    def offer(event: RunEvent) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            queue.put_nowait(event)

    async def read() -> None:
        try:
            async with contextlib.aclosing(stored) as events:
                async for event in events:
                    await queue.put(event)
            await queue.put(None)
        except Exception as error:  # noqa: BLE001 - the reader of the queue raises it
            await queue.put(error)

    async with live(offer):
        reading = asyncio.create_task(read(), name="run-events")
        try:
            while (event := await queue.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


def _event(message: StoredMessage) -> RunEvent:
    event = subjects.parse_history(message.subject).event
    body = orjson.loads(message.data) if message.data else None
    return RunEvent(event=event, sequence=message.sequence, at=message.at, body=body)
