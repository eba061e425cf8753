"""Which runs have ended, heard from one subscription for all of them."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from gnatwork.transport import RunEvent
from gnatwork_schemas.subjects import ENDS, live_event

T = TypeVar("T")

#: Runs that are remembered of each kind below; those beyond are asked for when someone waits.
_REMEMBERED = 10_000
#: Bytes of an end that are kept for someone who may come; a larger one is asked for.
_KEPT = 4096


class End(NamedTuple):
    """An end as it was heard."""

    event: str
    #: None when it was too large to be kept.
    data: bytes | None

    def read(self) -> RunEvent | None:
        """The event, or None when it has to be asked for."""
        if self.data is None:
            return None
        return RunEvent.model_validate_json(b'{"event": "%b", "body": %b}' % (self.event.encode(), self.data))


class Ends:
    """The ends of runs, for those who wait and those who will.

    Of a run that was begun while we listen every end is heard, unless too many others have passed since; of any
    other it may have come before, so that the manager has to be asked.
    """

    #: The subjects to listen to; one per end, because the start has a single token as well.
    SUBJECTS = tuple(live_event("*", end) for end in sorted(ENDS))

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[End | None]]] = {}
        #: Runs begun here whose end has not been heard.
        self._begun: OrderedDict[str, None] = OrderedDict()
        #: Ends of runs begun here that no one has waited for yet.
        self._heard: OrderedDict[str, End] = OrderedDict()
        self._submissions = 0
        #: Whether `hear` is told of ends.
        self.listening = False

    def submitting(self) -> None:
        """A run is about to begin: its end may be heard before its id is known."""
        self._submissions += 1

    def submitted(self, run_id: str | None) -> None:
        """It has begun, or with None it has not."""
        self._submissions -= 1
        if run_id is not None and run_id not in self._heard:
            _remember(self._begun, run_id, None)

    def hear(self, subject: str, data: bytes) -> None:
        """A run has ended."""
        _, run_id, event = subject.split(".")
        if waiting := self._waiting.pop(run_id, None):
            self._begun.pop(run_id, None)
            for future in waiting:
                if not future.done():
                    future.set_result(End(event, data))
        elif run_id in self._begun or self._submissions:
            self._begun.pop(run_id, None)
            _remember(self._heard, run_id, End(event, data if len(data) <= _KEPT else None))

    def missed(self) -> None:
        """The connection was away: nothing is certain any more, and all who wait have to ask."""
        self._begun.clear()
        waiting, self._waiting = self._waiting, {}
        for futures in waiting.values():
            for future in futures:
                if not future.done():
                    future.set_result(None)

    def taken(self, run_id: str) -> End | None:
        """The end that was heard before anyone waited for it."""
        return self._heard.pop(run_id, None)

    def certain(self, run_id: str) -> bool:
        """Whether the end of this run can't have passed unheard."""
        return run_id in self._begun

    @contextlib.contextmanager
    def listener(self, run_id: str) -> Iterator[asyncio.Future[End | None]]:
        """Resolved with the end once it is heard, or with None when the connection was away."""
        future: asyncio.Future[End | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(run_id, []).append(future)
        try:
            yield future
        finally:
            if (waiting := self._waiting.get(run_id)) and future in waiting:
                waiting.remove(future)
                if not waiting:
                    del self._waiting[run_id]


def _remember(memory: OrderedDict[str, T], run_id: str, value: T) -> None:
    memory[run_id] = value
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
