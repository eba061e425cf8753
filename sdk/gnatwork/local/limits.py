"""Limits within one flow: the same small histories that limit keys have under NATS."""

from collections.abc import Callable, Iterator

from gnatwork_engine.core import Event
from gnatwork_engine.core.actions import Acquire, Action, Evict, Grant, Refuse, Release
from gnatwork_engine.limits import LimitState, apply_limit, decide_limit
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import (
    CancelRequest,
    LimitAcquire,
    LimitGranted,
    LimitRefused,
    LimitRelease,
    Message,
)
from gnatwork_schemas.names import DEFAULT_NAMESPACE


class Limits:
    """The limit keys of a flow, by history base."""

    def __init__(self, append: Callable[[str, str, Message], None]) -> None:
        self._append = append
        self._keys: dict[str, LimitState] = {}

    def handle(self, event: Event) -> Iterator[tuple[str, Action]]:
        """Fold an event into its key; what it calls for, and the key that does."""
        if event.base not in self._keys and not isinstance(event.body, LimitAcquire):
            return
        state = self._keys[event.base] = apply_limit(self._keys.get(event.base), event)
        for action in decide_limit(state, event):
            yield event.base, action

    def perform(self, base: str, action: Acquire | Release | Grant | Refuse | Evict) -> None:
        """Say what is to be said between a run and a limit key; `base` is who says it."""
        match action:
            case Acquire():
                asked = LimitAcquire(
                    kind=action.kind,
                    holder=base,
                    task=action.task,
                    attempt=action.attempt,
                    max=action.max,
                    per=action.per,
                    on_limit=action.on_limit,
                )
                self._append(_base_of(action.key), subjects.LIMIT_ACQUIRE, asked)
            case Release():
                left = LimitRelease(holder=base, task=action.task, attempt=action.attempt)
                self._append(_base_of(action.key), subjects.LIMIT_RELEASE, left)
            case Grant():
                key = self._keys[base].address.run_id
                given = LimitGranted(key=key, kind=action.kind, task=action.task, attempt=action.attempt)
                self._append(action.holder, subjects.LIMIT_GRANTED, given)
            case Refuse():
                refused = LimitRefused(key=self._keys[base].address.run_id, max=action.max)
                self._append(action.holder, subjects.LIMIT_REFUSED, refused)
            case Evict():
                reason = CancelRequest(reason="a newer run of the workflow takes its place")
                self._append(action.holder, subjects.REQUEST_CANCEL, reason)


def _base_of(key: str) -> str:
    return subjects.limit_base(1, DEFAULT_NAMESPACE, key)
