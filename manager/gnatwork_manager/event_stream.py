"""Event streams: what a source yields, and what it hears in between, to readers who may be slow or leave."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.live_tasks import LiveTasks
from gnatwork_bus.logs import Logs
from gnatwork_manager.actors import Actor, actor
from gnatwork_manager.people.principal import may_go_on
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.sse import HEARTBEAT, MEDIA_TYPE
from gnatwork_manager.streams.outbox import Outbox
from gnatwork_schemas.errors import GnatworkError

log = logging.getLogger(__name__)

#: Streams that one manager serves at once.
MAX_STREAMS = 1024
#: Those of one caller among them; whoever has the installation's own token may have all.
MAX_STREAMS_OF_ONE = 128
#: Seconds of quiet after which a comment shows that the stream is alive.
_HEARTBEAT = 15.0
#: Seconds that a reader may take for what was sent before it is dropped; it can go on from its last event.
_SLOW = 30.0

#: Hears live events for as long as its context lasts, and offers them to the function that it is given.
Live = Callable[[Callable[[bytes], None]], AbstractAsyncContextManager[None]]


class EventStreams:
    """All event streams of one manager, and what they are made of."""

    def __init__(self, connection: Connection, history: History) -> None:
        self.history = history
        self.tasks = LiveTasks(connection, history)
        self.logs = Logs(connection)
        self._open: set[Outbox] = set()
        #: How many each caller has.
        self._of: Counter[tuple[str, str]] = Counter()
        self._closed = False

    @property
    def open(self) -> int:
        """How many streams there are."""
        return len(self._open)

    def close(self) -> None:
        """End all streams: the manager stops, and readers go on elsewhere or later."""
        self._closed = True
        for outbox in self._open:
            outbox.cut()

    def serve(self, stored: AsyncGenerator[bytes, None], live: Live | None = None) -> AsyncGenerator[bytes, None]:
        """Formatted events up to the end of the stored ones; live ones come in between where there is room.

        Raises ProblemError when there are too many streams already, or too many of whoever asks.
        """
        caller = _caller(actor.get())
        if caller and self._of[caller] >= MAX_STREAMS_OF_ONE:
            detail = f"you follow {MAX_STREAMS_OF_ONE} event streams of this manager already"
            raise ProblemError("request.too_many_streams", detail, headers={"Retry-After": "1"})
        if self._closed or len(self._open) >= MAX_STREAMS:
            raise ProblemError("engine.unavailable", "this manager serves no more event streams at the moment")
        return self._serve(stored, live, caller)

    async def _serve(
        self, stored: AsyncGenerator[bytes, None], live: Live | None, caller: tuple[str, str] | None
    ) -> AsyncGenerator[bytes, None]:
        outbox = Outbox()
        self._open.add(outbox)
        if caller:
            self._of[caller] += 1
        filling = asyncio.create_task(_fill(outbox, stored), name="event-stream")
        try:
            async with live(outbox.offer) if live else contextlib.nullcontext():
                while not self._closed:
                    try:
                        async with asyncio.timeout(_HEARTBEAT):
                            events = await outbox.take()
                    except TimeoutError:
                        events = HEARTBEAT
                    if events is None:
                        return
                    yield events
        finally:
            self._open.discard(outbox)
            if caller:
                self._of[caller] -= 1
                # Of those who have left nothing is kept.
                self._of += Counter()
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)


def _caller(who: Actor) -> tuple[str, str] | None:
    """Whose streams are counted together: a person's are with those of their keys. None for those of the token."""
    return None if who.kind == "token" else ("person", who.person) if who.person else (who.kind, who.id)


async def _fill(outbox: Outbox, stored: AsyncGenerator[bytes, None]) -> None:
    try:
        async with contextlib.aclosing(stored) as events:
            async for event in events:
                await outbox.put(event)
    except GnatworkError as error:
        log.warning("an event stream breaks off: %s", error)
    finally:
        outbox.finish()


class EventStreamResponse(Response):
    """Sends events until they end, the reader goes, is too slow, or may not read any more."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        # Without `X-Accel-Buffering` some proxies collect a stream before they pass it on.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, as ASGI has it."""
        sending = asyncio.create_task(self._send(scope, send), name="event-stream-send")
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

    async def _send(self, scope: Scope, send: Send) -> None:
        async with contextlib.aclosing(self._events) as events:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for event in events:
                if not may_go_on(scope):
                    break
                async with asyncio.timeout(_SLOW):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
