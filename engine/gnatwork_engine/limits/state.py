"""What is known of a limit key: the fold of its history."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from gnatwork_engine.core.event import RunAddress
from gnatwork_schemas.definition import OnLimit
from gnatwork_schemas.messages import LimitHolder, LimitKind, LimitSnapshot

#: The timer of a `rate`, which fires when there is room again.
NEXT_TIMER = "next"


class Holder(NamedTuple):
    """A run, or an attempt of one of its tasks."""

    history: str
    task: str | None = None
    attempt: int = 0


@dataclass(slots=True)
class LimitState:
    """A limit key. Times are Unix seconds.

    In a plain dict, the oldest is found ever more slowly after many that are gone; hence the ordered ones.
    """

    #: Its history base.
    base: str
    address: RunAddress
    #: Sequence of the last event folded in.
    sequence: int
    kind: LimitKind
    max: int
    per: float | None = None
    on_limit: OnLimit = "queue"
    #: Who has a slot, the oldest first, and the event that gave it; of a `rate` the last to whom one was given.
    holding: OrderedDict[Holder, int] = field(default_factory=OrderedDict)
    #: The same by event, the holders to whom it gave a slot.
    granted: dict[int, dict[Holder, None]] = field(default_factory=dict)
    #: Who waits for one, the oldest first.
    waiting: OrderedDict[Holder, None] = field(default_factory=OrderedDict)
    #: When the last slots of a `rate` were given.
    given_at: deque[float] = field(default_factory=deque)
    #: When the timer of a `rate` is due, and the event that says so.
    next_at: float | None = None
    next_cause: int = 0
    #: Who is to make room, and the event that says so; the last ones.
    evicted: dict[int, Holder] = field(default_factory=dict)
    #: Events since the last snapshot.
    events: int = 0

    @property
    def traceparent(self) -> None:
        """It belongs to no trace."""
        return

    def is_idle(self, now: float) -> bool:
        """Whether it is as if nobody had ever asked for a slot."""
        if self.kind == "rate":
            return not self.waiting and all(at + (self.per or 0.0) <= now for at in self.given_at)
        return not self.waiting and not self.holding

    def give(self, holder: Holder, sequence: int) -> None:
        """A slot is the holder's, as the event with this sequence says."""
        self._forget(holder)
        # Who has one already keeps its place among the oldest.
        self.holding[holder] = sequence
        self.granted.setdefault(sequence, {})[holder] = None

    def take_back(self, holder: Holder) -> None:
        """The holder has no slot any more."""
        self._forget(holder)
        self.holding.pop(holder, None)

    def _forget(self, holder: Holder) -> None:
        cause = self.holding.get(holder)
        if cause is not None and (granted := self.granted.get(cause)) is not None:
            granted.pop(holder, None)
            if not granted:
                del self.granted[cause]

    def snapshot(self) -> LimitSnapshot:
        """All that matters for what is to come."""
        return LimitSnapshot(
            upto=self.sequence,
            kind=self.kind,
            max=self.max,
            per=self.per,
            on_limit=self.on_limit,
            # Those that a `rate` let in have nothing to give back.
            holding=() if self.kind == "rate" else tuple(_told(holder) for holder in self.holding),
            waiting=tuple(_told(holder) for holder in self.waiting),
            given_at=tuple(self.given_at),
        )

    @classmethod
    def restored(cls, base: str, snapshot: LimitSnapshot) -> "LimitState":
        """The state that a snapshot was made of."""
        return cls(
            base=base,
            address=RunAddress.of(base),
            sequence=snapshot.upto,
            kind=snapshot.kind,
            max=snapshot.max,
            per=snapshot.per,
            on_limit=snapshot.on_limit,
            holding=OrderedDict((_heard(holder), 0) for holder in snapshot.holding),
            waiting=OrderedDict.fromkeys(_heard(holder) for holder in snapshot.waiting),
            given_at=deque(snapshot.given_at),
        )


def _told(holder: Holder) -> LimitHolder:
    return LimitHolder(holder=holder.history, task=holder.task, attempt=holder.attempt)


def _heard(holder: LimitHolder) -> Holder:
    return Holder(holder.holder, holder.task, holder.attempt)
