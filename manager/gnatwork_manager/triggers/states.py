"""What has become of triggers: a small document for each, written by all managers.

What happens often, such as calls of a busy webhook, is gathered in memory and written once a second. A manager that is
killed loses what it has gathered since: up to a second of the count of runs, the last run and the last error. The runs
themselves have begun all the same.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from gnatwork_bus.connection import ApiError
from gnatwork_bus.kv import Bucket, Entry
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError, GnatworkError, UnavailableError
from gnatwork_schemas.triggers import AnyTrigger, TriggerState

log = logging.getLogger(__name__)

#: Seconds that changes are gathered.
_GATHER = 1.0
#: Documents that are written at the same time.
_AT_ONCE = 64
#: Characters of an error that are kept.
_MAX_ERROR = 1000

#: Namespace, workflow and id of a trigger.
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _News:
    """What has happened since a state was written last."""

    fired: int = 0
    fired_at: float | None = None
    run_id: str | None = None
    error: str | None = None
    error_at: float | None = None

    def onto(self, state: TriggerState) -> TriggerState:
        """A state that has heard of it; others may have written what is newer."""
        changes: dict[str, object] = {"fired": state.fired + self.fired}
        if self.fired_at is not None and self.fired_at >= (state.last_fired_at or 0):
            changes |= {"last_fired_at": self.fired_at, "last_run": self.run_id}
        if self.error_at is not None and self.error_at >= (state.last_error_at or 0):
            changes |= {"last_error": self.error, "last_error_at": self.error_at}
        return state.model_copy(update=changes)

    def then(self, later: "_News") -> "_News":
        """Both, one after the other."""
        fired = later if later.fired_at is not None else self
        failed = later if later.error_at is not None else self
        return _News(self.fired + later.fired, fired.fired_at, fired.run_id, failed.error, failed.error_at)


class TriggerStates:
    """The states of all triggers."""

    def __init__(self, state: Bucket) -> None:
        self._state = state
        self._news: dict[_Key, _News] = {}
        self._some = asyncio.Event()

    def fired(self, key: _Key, run_id: str, at: float) -> None:
        """A run has begun."""
        self._note(key, _News(fired=1, fired_at=at, run_id=run_id))

    def failed(self, key: _Key, message: str, at: float) -> None:
        """No run could begin, or nothing could be seen."""
        self._note(key, _News(error=message[:_MAX_ERROR], error_at=at))

    async def get(self, namespace: str, workflow: str, id_: str) -> TriggerState:
        """A state, with what this manager has yet to write."""
        entry = await self._state.get(subjects.trigger_state_key(namespace, workflow, id_))
        return self._latest((namespace, workflow, id_), _parsed(entry))

    async def of(self, keys: Sequence[_Key]) -> dict[_Key, TriggerState]:
        """Several states."""
        found: dict[_Key, TriggerState] = {}
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            found.update(zip(some, await asyncio.gather(*(self.get(*key) for key in some)), strict=True))
        return found

    async def update(
        self, namespace: str, workflow: str, id_: str, change: Callable[[TriggerState], TriggerState]
    ) -> TriggerState:
        """Change a state, whoever else does at the same time: `change` may be called several times."""
        key = subjects.trigger_state_key(namespace, workflow, id_)
        while True:
            entry, revision = await self._state.find(key)
            before = _parsed(entry)
            if (after := change(before)) == before:
                return before
            with contextlib.suppress(ConflictError):
                await self._state.update(key, after.model_dump_json(exclude_defaults=True).encode(), revision)
                return after

    def heard(
        self,
        namespace: str,
        workflow: str,
        before: Mapping[str, AnyTrigger],
        after: Mapping[str, AnyTrigger],
        revision: int,  # noqa: ARG002 - what a listener of the table is told
    ) -> None:
        """A workflow's document has changed: what is gathered of triggers that it has no more is not written."""
        for id_ in before.keys() - after.keys():
            self._news.pop((namespace, workflow, id_), None)

    async def run(self) -> None:
        """Write what is gathered, for ever."""
        while True:
            await self._some.wait()
            await asyncio.sleep(_GATHER)
            await self.write()

    async def write(self) -> None:
        """Write all that is gathered, as far as the server takes it."""
        self._some.clear()
        news, self._news = list(self._news.items()), {}
        for first in range(0, len(news), _AT_ONCE):
            await asyncio.gather(*(self._write(key, one) for key, one in news[first : first + _AT_ONCE]))

    async def _write(self, key: _Key, news: _News) -> None:
        try:
            await self.update(*key, news.onto)
        except UnavailableError as error:
            log.debug("the state of trigger %s is written later: %s", "/".join(key), error)
            later = self._news.get(key)
            self._news[key] = news.then(later) if later else news
            self._some.set()
        except (GnatworkError, ApiError) as error:
            log.warning("the state of trigger %s can't be written: %s", "/".join(key), error)

    def _note(self, key: _Key, news: _News) -> None:
        earlier = self._news.get(key)
        self._news[key] = earlier.then(news) if earlier else news
        self._some.set()

    def _latest(self, key: _Key, state: TriggerState) -> TriggerState:
        news = self._news.get(key)
        return news.onto(state) if news else state


def _parsed(entry: Entry | None) -> TriggerState:
    if entry is None:
        return TriggerState()
    try:
        return TriggerState.model_validate_json(entry.value)
    except ValidationError as error:
        log.warning("the state %s can't be read and is begun anew: %s", entry.key, error)
        return TriggerState()
