"""A run's events as they happen: those stored, from any place on, and the live ones in between."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.history import History
from gnatwork_bus.live import listening
from gnatwork_bus.message import StoredMessage
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.reader import event_document, readable
from gnatwork_manager.sse import HEARTBEAT, MEDIA_TYPE, format_event
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError

log = logging.getLogger(__name__)

#: Streams that one manager serves at once.
MAX_STREAMS = 1024
#: Seconds of quiet after which a comment shows that the stream is alive.
_HEARTBEAT = 15.0
#: Seconds without a stored event after which a stream looks whether its run is archived by now.
_QUIET = 30.0
#: Events that wait for the reader: live ones beyond are left out, stored ones wait in the server.
_QUEUE = 256
#: Seconds that a reader may take for what was sent before it is dropped; it can go on from its last event.
_SLOW = 30.0

_LIVE_KINDS = ("started", "progress", "log")

#: Formatted events; None is the end.
_Queue = asyncio.Queue[bytes | None]


class EventStreams:
    """All event streams of one manager."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history
        self._open: set[_Queue] = set()
        self._closed = False

    @property
    def open(self) -> int:
        """How many streams there are."""
        return len(self._open)

    def close(self) -> None:
        """End all streams: the manager stops, and readers go on elsewhere or later."""
        self._closed = True
        for queue in self._open:
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(None)

    async def nothing_follows(self, base: str, after: int) -> bool:
        """Whether the run has ended and the reader knows it."""
        end = await self._history.end(base)
        return end is not None and end.sequence <= after

    def events(self, base: str, after: int) -> AsyncGenerator[bytes, None]:
        """Events of the run with this history base that come after a sequence, up to its end.

        Raises ProblemError when there are too many streams already.
        """
        if self._closed or len(self._open) >= MAX_STREAMS:
            raise ProblemError("engine.unavailable", "this manager serves no more event streams at the moment")
        return self._events(base, after)

    async def _events(self, base: str, after: int) -> AsyncGenerator[bytes, None]:
        queue: _Queue = asyncio.Queue(_QUEUE)
        self._open.add(queue)
        stored = asyncio.create_task(self._stored(base, after, queue), name="event-stream")
        try:
            async with self._live(subjects.parse_history(f"{base}.").run_id, queue):
                while True:
                    try:
                        async with asyncio.timeout(_HEARTBEAT):
                            event = await queue.get()
                    except TimeoutError:
                        event = HEARTBEAT
                    if event is None:
                        return
                    yield event
        finally:
            self._open.discard(queue)
            stored.cancel()
            await asyncio.gather(stored, return_exceptions=True)

    async def _stored(self, base: str, after: int, queue: _Queue) -> None:
        try:
            async with contextlib.aclosing(self._messages(base, after)) as messages:
                async for message in messages:
                    document = event_document(message)
                    await queue.put(format_event(document["event"], document, sequence=message.sequence))
                    if document["event"] in subjects.ENDS:
                        break
        except GnatworkError as error:
            log.warning("an event stream breaks off: %s", error)
        await queue.put(None)

    async def _messages(self, base: str, after: int) -> AsyncGenerator[StoredMessage, None]:
        """The stored events as they come; once the run is archived, the rest from there."""
        following = follow(self._connection, subjects.HISTORY, subjects.run_events(base), after=after)
        coming: asyncio.Task[StoredMessage] | None = None
        async with contextlib.aclosing(following) as live:
            try:
                # A run that is archived, or deleted, has no start here any more, and nothing comes to say so.
                while await self._history.last(f"{base}.{subjects.START}"):
                    while coming is None or await _done(coming):
                        if coming:
                            message = coming.result()
                            after = message.sequence
                            yield message
                        coming = asyncio.ensure_future(anext(live))
            finally:
                if coming:
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
        for message in await self._history.page(base, after=after):
            yield message

    def _live(self, run_id: str, queue: _Queue) -> AbstractAsyncContextManager[None]:
        prefix = subjects.live_event(run_id, "")

        def heard(subject: str, data: bytes) -> None:
            event = subject.removeprefix(prefix)
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(format_event(event, {"event": event, "body": readable(data)}))

        wanted = [subjects.live_task(run_id, "*", kind) for kind in _LIVE_KINDS]
        return listening(self._connection, wanted, heard)


async def _done(task: asyncio.Task[StoredMessage]) -> bool:
    """Whether it is, after a while at most."""
    await asyncio.wait({task}, timeout=_QUIET)
    return task.done()


class EventStreamResponse(Response):
    """Sends events until they end, the reader goes, or is too slow."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        # Without `X-Accel-Buffering` some proxies collect a stream before they pass it on.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - of ASGI
        """Send, as ASGI has it."""
        sending = asyncio.create_task(self._send(send), name="event-stream-send")
        gone = asyncio.create_task(_gone(receive), name="event-stream-gone")
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, gone):
                task.cancel()
            results = await asyncio.gather(sending, gone, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, TimeoutError):
                raise result

    async def _send(self, send: Send) -> None:
        async with contextlib.aclosing(self._events) as events:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for event in events:
                async with asyncio.timeout(_SLOW):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
