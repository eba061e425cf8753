"""Histories of limit keys told in tests."""

from typing import Any

from gnatwork_engine.core import Event
from gnatwork_engine.core.actions import Action
from gnatwork_engine.limits import LimitState, apply_limit, decide_limit
from gnatwork_schemas.definition import OnLimit
from gnatwork_schemas.messages import LimitAcquire, LimitKind, LimitRelease, Message, TimerFired

BASE = "history.0.default._limit.key"


def holder(name: str) -> str:
    """The history base of a run."""
    return f"history.1.default.w.{name}"


class LimitStory:
    """A limit key that is told event by event; a fold from the beginning comes to the same each time."""

    def __init__(
        self, limit: int, *, kind: LimitKind = "concurrency", per: float | None = None, on_limit: OnLimit = "queue"
    ) -> None:
        self.max = limit
        self.now = 100.0
        self._kind: LimitKind = kind
        self._per = per
        self._on_limit: OnLimit = on_limit
        self.state: LimitState | None = None
        self.events: list[Event] = []

    def tell(self, name: str, body: Message, at: float | None = None) -> tuple[Action, ...]:
        """The next event comes; the actions that it calls for."""
        self.now = self.now if at is None else at
        event = Event(BASE, name, 10 * (len(self.events) + 1), self.now, body)
        self.events.append(event)
        self.state = apply_limit(self.state, event)
        anew: LimitState | None = None
        for one in self.events:
            anew = apply_limit(anew, one)
        assert anew is not None
        assert anew.snapshot() == self.state.snapshot()
        return decide_limit(self.state, event)

    def again(self, position: int) -> tuple[Action, ...]:
        """An earlier event is delivered once more, which changes nothing."""
        assert self.state is not None
        before = self.state.snapshot()
        self.state = apply_limit(self.state, self.events[position])
        assert self.state.snapshot() == before
        return decide_limit(self.state, self.events[position])

    def reload(self) -> None:
        """Only a snapshot is left."""
        if self.state is not None:
            self.state = LimitState.restored(BASE, self.state.snapshot())

    def acquire(
        self, name: str, task: str | None = None, attempt: int = 0, *, at: float | None = None
    ) -> tuple[Action, ...]:
        """A run, or an attempt of a task, wants a slot."""
        fields: dict[str, Any] = {"kind": self._kind, "max": self.max, "per": self._per, "on_limit": self._on_limit}
        body = LimitAcquire(holder=holder(name), task=task, attempt=attempt, **fields)
        return self.tell("limit.acquire", body, at)

    def release(
        self, name: str, task: str | None = None, attempt: int = 0, *, at: float | None = None
    ) -> tuple[Action, ...]:
        """It gives it back."""
        if self.state is None:
            return ()
        return self.tell("limit.release", LimitRelease(holder=holder(name), task=task, attempt=attempt), at)

    def fired(self, at: float) -> tuple[Action, ...]:
        """The timer of a rate is due."""
        if self.state is None:
            return ()
        return self.tell("timer.next.fired", TimerFired(timer="next"), at)

    def granted(self) -> list[str]:
        """Who has a slot."""
        return [one.history.rpartition(".")[2] for one in self.state.holding] if self.state else []

    def waiting(self) -> list[str]:
        """Who waits for one."""
        return [one.history.rpartition(".")[2] for one in self.state.waiting] if self.state else []
