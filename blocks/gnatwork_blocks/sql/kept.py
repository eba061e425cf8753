"""Engines that are kept for a while, so that the next task finds connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

#: Engines that are kept while nobody uses them.
MAX_IDLE_ENGINES = 16
#: Seconds for which they are: no longer does a connection live on that was made with a password of yesterday.
MAX_IDLE = 300.0


@dataclass(slots=True)
class _Kept:
    engine: AsyncEngine
    users: int = 0
    #: Closes it, where nobody uses it.
    timer: asyncio.TimerHandle | None = None


class KeptEngines:
    """Engines by their keys, made when they are first used."""

    def __init__(self) -> None:
        #: The one used last is the last one.
        self._kept: dict[str, _Kept] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def use(self, key: str, make: Callable[[], AsyncEngine]) -> AsyncIterator[AsyncEngine]:
        """The engine of a key; it stays open for as long as it is used."""
        kept = self._kept.pop(key, None) or _Kept(make())
        self._kept[key] = kept
        kept.users += 1
        if kept.timer:
            kept.timer.cancel()
        try:
            yield kept.engine
        finally:
            kept.users -= 1
            if not kept.users:
                kept.timer = asyncio.get_running_loop().call_later(MAX_IDLE, self._close, key)
            self._close_some()

    async def aclose(self) -> None:
        """Close all of them."""
        for key in list(self._kept):
            self._close(key)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _close_some(self) -> None:
        """Close those that nobody has used for longest, as far as there are too many."""
        idle = [key for key, kept in self._kept.items() if not kept.users]
        for key in idle[: max(0, len(self._kept) - MAX_IDLE_ENGINES)]:
            self._close(key)

    def _close(self, key: str) -> None:
        if (kept := self._kept.pop(key, None)) is None:
            return
        if kept.timer:
            kept.timer.cancel()
        task = asyncio.create_task(kept.engine.dispose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
