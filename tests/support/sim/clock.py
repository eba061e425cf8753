"""An event loop whose time passes only when nothing is left to do, and processes in it that can be frozen.

Everything that a handle starts belongs to the process that it belongs to itself: the process travels in the context.
"""

import asyncio
import contextlib
import heapq
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any
from unittest.mock import patch

#: Unix seconds at the beginning of every simulation.
EPOCH = 1_800_000_000.0


class Process:
    """Something that can be frozen and killed."""

    def __init__(self, name: str) -> None:
        self.name = name
        #: Nothing that it writes arrives any more.
        self.dead = False
        self.frozen = False
        #: Seconds by which its clock is ahead.
        self.skew = 0.0
        #: What it has to do once it is thawed, in order.
        self.parked: list[asyncio.Handle] = []


#: The process that runs right now; None: the server, or the world itself.
PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)


class _Soon(asyncio.Handle):
    __slots__ = ("process",)
    process: Process | None


class _Later(asyncio.TimerHandle):
    __slots__ = ("process",)
    process: Process | None


#: Handles that may run in one moment.
_MOST = 200_000


class StalledError(Exception):
    """Time would stand still for ever."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop without a real clock, sockets or threads."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._count = 0
        self._soon: deque[_Soon | _Later] = deque()
        self._later: list[tuple[float, int, _Later]] = []
        #: Handles that were run, all in all and before this moment.
        self.steps = 0
        self._moment = 0

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def call_soon(  # type: ignore[override]  # without the variadic type of the arguments
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run `callback` in this moment, after all that is waiting."""
        context = context or copy_context()
        handle = _Soon(callback, args, self, context)
        handle.process = context.get(PROCESS)
        self._soon.append(handle)
        return handle

    def call_soon_threadsafe(  # type: ignore[override]  # as above
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """As `call_soon`; there are no other threads."""
        return self.call_soon(callback, *args, context=context)

    def call_at(  # type: ignore[override]  # as above
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run `callback` at a time of this loop."""
        context = context or copy_context()
        handle = _Later(when, callback, args, self, context)
        handle.process = context.get(PROCESS)
        self._count += 1
        heapq.heappush(self._later, (when, self._count, handle))
        return handle

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on with what has been waiting for it."""
        process.frozen = False
        parked, process.parked = process.parked, []
        self._soon.extend(parked)  # type: ignore[arg-type]  # they were taken from there

    def _run_once(self) -> None:
        soon, later = self._soon, self._later
        if not soon:
            while later and later[0][2].cancelled():
                heapq.heappop(later)
            if not later:
                raise StalledError("everyone waits, and nothing is due")
            if later[0][0] > self._now:
                self._now, self._moment = later[0][0], self.steps
        while later and later[0][0] <= self._now:
            soon.append(heapq.heappop(later)[2])
        if self.steps - self._moment > _MOST:
            raise StalledError(f"someone is busy for ever: {soon[0]!r}")
        for _ in range(len(soon)):
            handle = soon.popleft()
            if handle.cancelled():
                continue
            if handle.process is not None and handle.process.frozen:
                handle.process.parked.append(handle)
                continue
            self.steps += 1
            handle._run()


@contextlib.contextmanager
def virtual_time(source: Random) -> Iterator[VirtualLoop]:
    """A loop whose clock is also the time of day, and whose `os.urandom` draws from `source`."""
    loop = VirtualLoop()

    def now() -> float:
        process = PROCESS.get()
        return EPOCH + loop.time() + (process.skew if process else 0.0)

    with patch("time.time", now), patch("os.urandom", source.randbytes):
        try:
            yield loop
        finally:
            asyncio.set_event_loop(None)
            loop.close()
