"""What running tasks tell, for those who watch a workflow or a namespace: one subscription for all of them.

The subject of a live event names its run alone, so that the run's place is looked up once and remembered.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import NamedTuple

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.live import listening
from gnatwork_bus.wide_events import Wanted
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.event_kinds import LIVE_KINDS, EventKind

#: Runs whose places are remembered.
_REMEMBERED = 10_000
#: Places that are looked up at once; what comes beyond is left out, as live events may be.
_LOOKUPS = 100


class LiveTold(NamedTuple):
    """A live event."""

    run_id: str
    workflow: str
    #: Such as `block.page.progress`.
    event: str
    data: bytes


class _Place(NamedTuple):
    namespace: str
    workflow: str


@dataclass(frozen=True, slots=True, eq=False)
class _Watcher:
    wanted: Wanted
    tell: Callable[[LiveTold], None]


class LiveTasks:
    """Hands live events to those who watch."""

    def __init__(self, connection: Connection, history: History) -> None:
        self._connection = connection
        self._history = history
        self._places: OrderedDict[str, _Place | None] = OrderedDict()
        self._watchers: set[_Watcher] = set()
        self._lookups: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()
        self._subscribed: contextlib.AsyncExitStack | None = None

    @contextlib.asynccontextmanager
    async def watching(self, wanted: Wanted, tell: Callable[[LiveTold], None]) -> AsyncIterator[None]:
        """Call `tell` with each live event that is wanted, for as long as the context lasts; it must not block."""
        watcher = _Watcher(wanted, tell)
        self._watchers.add(watcher)
        try:
            await self._change()
            yield
        finally:
            self._watchers.discard(watcher)
            await self._change()

    async def _change(self) -> None:
        """Listen while there are watchers."""
        async with self._changing:
            if self._watchers and self._subscribed is None:
                self._subscribed = contextlib.AsyncExitStack()
                everything = [subjects.live_task("*", "*", kind) for kind in LIVE_KINDS]
                await self._subscribed.enter_async_context(listening(self._connection, everything, self._hear))
            elif not self._watchers and self._subscribed is not None:
                subscribed, self._subscribed = self._subscribed, None
                for lookup in self._lookups:
                    lookup.cancel()
                await subscribed.aclose()

    def _hear(self, subject: str, data: bytes) -> None:
        _, run_id, event = subject.split(".", 2)
        kind = EventKind(event.rpartition(".")[2])
        if not any(not watcher.wanted.kinds or kind in watcher.wanted.kinds for watcher in self._watchers):
            return
        if run_id in self._places:
            self._tell(run_id, event, kind, data)
        elif len(self._lookups) < _LOOKUPS:
            lookup = asyncio.create_task(self._look_up(run_id, event, kind, data), name="live-place")
            self._lookups.add(lookup)
            lookup.add_done_callback(self._lookups.discard)

    async def _look_up(self, run_id: str, event: str, kind: EventKind, data: bytes) -> None:
        start = subjects.find_run(self._history.shard(run_id), "*", run_id, subjects.START)
        with contextlib.suppress(UnavailableError):
            message = await self._history.last(start)
            place = subjects.parse_history(message.subject) if message else None
            self._places[run_id] = _Place(place.namespace, place.workflow) if place else None
            if len(self._places) > _REMEMBERED:
                self._places.popitem(last=False)
            self._tell(run_id, event, kind, data)

    def _tell(self, run_id: str, event: str, kind: EventKind, data: bytes) -> None:
        place = self._places[run_id]
        if place is None:
            return
        told = LiveTold(run_id, place.workflow, event, data)
        for watcher in tuple(self._watchers):
            if watcher.wanted.includes(*place) and (not watcher.wanted.kinds or kind in watcher.wanted.kinds):
                watcher.tell(told)
