"""Runs, folded from their histories for each question.

What was folded of a large run is kept for a while, so that the next question only takes in what has come since: a
watcher asks again and again, and a list of tasks comes in pages.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gnatwork_bus.history import History
from gnatwork_bus.message import StoredMessage
from gnatwork_engine.core import apply
from gnatwork_engine.core.event import Event, RunAddress, parse_event
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.state import RunState
from gnatwork_engine.core.view import run_summary
from gnatwork_manager.control_blocks import ControlBlocks
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.lru import LruCache
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.stored_values import StoredValues
from gnatwork_schemas.errors import MessageError
from gnatwork_schemas.messages import Start
from gnatwork_schemas.names import RUN_ID_PATTERN
from gnatwork_schemas.payload import reference_value

#: Runs of more events than this are folded and looked at off the event loop, and kept.
_LARGE = 500
#: Events of the runs that are kept, all together: about 500 MB.
_KEPT_EVENTS = 250_000
#: Large runs that are folded at the same time.
_FOLDING = 2
#: Nothing else becomes part of a subject.
_RUN_ID = re.compile(RUN_ID_PATTERN)

_Key = tuple[str, str]
_Result = TypeVar("_Result")


@dataclass(slots=True)
class LoadedRun:
    """A run, folded. To be looked at only within the context that gave it: later it may go on."""

    plan: Plan
    state: RunState
    #: How many events there are.
    events: int

    async def look(self, work: Callable[[RunState], _Result]) -> _Result:
        """What `work` makes of the state; off the event loop if the run is large."""
        return await _apart(self.events, lambda: work(self.state))


@dataclass(slots=True)
class _Entry:
    """A run that is being asked for, or is kept."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: How many ask for it now.
    users: int = 0
    run: LoadedRun | None = None


class RunStates:
    """The runs that are asked for."""

    def __init__(self, history: History, control_blocks: ControlBlocks, values: StoredValues, index: RunIndex) -> None:
        self._history = history
        self._values = values
        self._control_blocks = control_blocks
        self._index = index
        self._used: dict[_Key, _Entry] = {}
        self._kept: LruCache[_Key, LoadedRun] = LruCache(_KEPT_EVENTS)
        self._folding = asyncio.Semaphore(_FOLDING)

    @contextlib.asynccontextmanager
    async def loaded(self, namespace: str, run_id: str) -> AsyncIterator[LoadedRun]:
        """A run as of now, for as long as the context lasts; ProblemError `run.not_found`.

        Whoever asks for the same run waits meanwhile, so nothing slow belongs here.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise not_found(namespace, run_id)
        key = namespace, run_id
        entry = self._used.setdefault(key, _Entry())
        entry.users += 1
        try:
            async with entry.lock:
                # Taken away: should this break off, a thread may go on changing it.
                known, entry.run = entry.run or self._kept.take(key), None
                run = await self._current(namespace, run_id, known)
                try:
                    yield run
                finally:
                    entry.run = run
        finally:
            entry.users -= 1
            if not entry.users:
                del self._used[key]
                last = entry.run
                if last is not None and last.events > _LARGE:
                    self._kept.put(key, last, last.events)

    async def _current(self, namespace: str, run_id: str, known: LoadedRun | None) -> LoadedRun:
        """The run with all that is stored by now."""
        if known is None:
            return await self._load(namespace, run_id)
        if known.state.ended:
            if await self._history.find_run(namespace, run_id) is None:
                raise not_found(namespace, run_id)
            return known
        newer = await self._history.read_on(known.state.base, known.state.sequence)
        if newer is None:
            return await self._load(namespace, run_id)
        await self._take(known, newer)
        self._show(known.state)
        return known

    async def _load(self, namespace: str, run_id: str) -> LoadedRun:
        messages, archived = await self._history.load(namespace, run_id)
        first = next(_readable(messages[:1]), None)
        if first is None or not isinstance(first.body, Start):
            raise not_found(namespace, run_id)
        plan = await self._control_blocks.plan(first.body.control_block)
        stored = first.body.reuse.stored if first.body.reuse else None
        reuse = await self._values.open(RunAddress.of(first.base), reference_value(stored)) if stored else None
        run = LoadedRun(plan, apply(plan, None, first, reuse), 1)
        await self._take(run, messages[1:])
        if not archived:
            self._show(run.state)
        return run

    async def _take(self, run: LoadedRun, messages: Sequence[StoredMessage]) -> None:
        """Fold further events into a run."""

        def fold() -> None:
            for event in _readable(messages):
                apply(run.plan, run.state, event)

        run.events += len(messages)
        if len(messages) <= _LARGE:
            fold()
            return
        async with self._folding:
            await asyncio.to_thread(fold)

    def _show(self, state: RunState) -> None:
        """Whoever is told that a run has ended finds it so in lists, too."""
        if state.ended:
            self._index.add(run_summary(state))


def _readable(messages: Iterable[StoredMessage]) -> Iterator[Event]:
    """The events that can be read; the scheduler has put the others among the dead letters."""
    for message in messages:
        with contextlib.suppress(MessageError):
            yield parse_event(*message)


def not_found(namespace: str, run_id: str) -> ProblemError:
    """The error for a run that is not there."""
    return ProblemError("run.not_found", f"there is no run {run_id} in namespace {namespace}")


async def _apart(events: int, work: Callable[[], _Result]) -> _Result:
    return await asyncio.to_thread(work) if events > _LARGE else work()
