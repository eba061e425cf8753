"""Blocks that are plain functions: each attempt in a thread of its own, for libraries that wait.

A thread can't be stopped. One whose attempt has ended is left behind and keeps its place until it ends by itself, so
that there are never more than so many. Where all are left behind, this process is of no use for such blocks any more.
"""

import asyncio
import contextvars
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from gnatwork_blocks.context import BlockContext, Level, LogSink, ProgressSink

log = logging.getLogger(__name__)

#: Threads of one process, all its block types together.
MOST_THREADS = 32
#: Lines and reports of one thread that may wait for the event loop; past that it waits as well.
_TOLD_AHEAD = 64

Value = TypeVar("Value")


class Place:
    """A thread's place, to be given back once whatever ran in it has ended."""

    def __init__(self) -> None:
        #: Whether a function is in it still.
        self.taken = False
        self._ended: Callable[[], None] | None = None

    async def run(self, function: Callable[[], Value]) -> Value:
        """`function()` in a thread; a cancel leaves the thread behind."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Value] = loop.create_future()

        def finish(settle: Callable[[Any], None], value: Any) -> None:
            self.taken = False
            if not result.done():
                settle(value)
            if self._ended is not None:
                self._ended()

        def work() -> None:
            try:
                done = partial(finish, result.set_result, function())
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                # Neither is for a future to raise.
                raised = RuntimeError(repr(error)) if isinstance(error, StopIteration | SystemExit) else error
                done = partial(finish, result.set_exception, raised)
            try:
                loop.call_soon_threadsafe(done)
            except RuntimeError:
                log.debug("a thread outlived the event loop")

        context = contextvars.copy_context()
        # A daemon: the process does not wait for it when it leaves.
        threading.Thread(target=context.run, args=(work,), name="block", daemon=True).start()
        # Not before it is there: the system may refuse another one. It gives the place back on this loop, so later.
        self.taken = True
        return await result

    def when_ended(self, call: Callable[[], None]) -> None:
        """Have this called, on the event loop, when the thread has ended."""
        self._ended = call


class Threads:
    """The threads of one process."""

    def __init__(self, exhausted: Callable[[], None], most: int = MOST_THREADS) -> None:
        self._places = asyncio.Semaphore(most)
        self._most = most
        #: Called when all are left behind.
        self._exhausted = exhausted
        #: Threads whose attempts have ended.
        self.left_behind = 0

    @asynccontextmanager
    async def place(self, left_behind: Callable[[], None]) -> AsyncIterator[Place]:
        """Wait for a thread to be free, and keep it; `left_behind` is called if its function does not end in time."""
        await self._places.acquire()
        place = Place()
        try:
            yield place
        finally:
            if place.taken:
                left_behind()
                self._leave_behind(place)
            else:
                self._places.release()

    def _leave_behind(self, place: Place) -> None:
        self.left_behind += 1
        place.when_ended(self._came_back)
        if self.left_behind == self._most:
            log.error("all %d threads are in blocks that do not return; a process takes this one's place", self._most)
            self._exhausted()

    def _came_back(self) -> None:
        self.left_behind -= 1
        self._places.release()


def from_thread(log_sink: LogSink, progress_sink: ProgressSink) -> tuple[LogSink, ProgressSink]:
    """The same sinks, for a thread: what it says is told on the event loop, in order."""
    loop = asyncio.get_running_loop()
    ahead = threading.Semaphore(_TOLD_AHEAD)

    def tell(call: Callable[[], None]) -> None:
        def told() -> None:
            ahead.release()
            call()

        ahead.acquire()
        loop.call_soon_threadsafe(told)

    def log_line(ctx: BlockContext, level: Level, message: str, fields: dict[str, Any]) -> None:
        tell(lambda: log_sink(ctx, level, message, fields))

    def progress(ctx: BlockContext, fraction: float, message: str) -> None:
        tell(lambda: progress_sink(ctx, fraction, message))

    return log_line, progress


def for_the_loop_alone() -> Any:
    """Stands for what a thread can't use."""
    raise RuntimeError("this is awaited on the event loop; write `async def run`")
