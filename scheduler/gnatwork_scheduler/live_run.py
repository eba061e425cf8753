"""A run, or a limit key, that the scheduler has in memory."""

from collections import deque
from dataclasses import dataclass

from gnatwork_bus.delivery import Delivery
from gnatwork_engine.core import Event, Plan, RunState
from gnatwork_engine.limits import LimitState
from gnatwork_schemas import subjects


@dataclass(slots=True, eq=False)
class LiveRun:
    """Its state with what the shell keeps beside it."""

    #: Its history base, `history.<shard>.<ns>.<workflow>.<run>`.
    base: str
    plan: Plan | None = None
    state: RunState | None = None
    #: Instead of these two, for a limit key.
    limit: LimitState | None = None
    #: Deliveries that came while the run is being loaded, in order; None once it is. None of them may be left for
    #: later, for then one that comes after it would be folded in first. The shard's window bounds them.
    waiting: deque[Delivery] | None = None
    #: Revision of its status document; None: not known, 0: it has none.
    status_revision: int | None = None
    #: Whether a change broke off half-way, or its events may have gone elsewhere; nothing further is folded in.
    broken: bool = False
    #: Events whose effects are not stored yet.
    open: int = 0
    #: When the last event came, by the clock of the event loop.
    touched: float = 0.0
    #: Events folded in: all of them, and those since the last snapshot.
    events: int = 0
    unsaved: int = 0

    @property
    def is_limit(self) -> bool:
        """Whether it is a limit key."""
        return f".{subjects.LIMIT_WORKFLOW}." in self.base


@dataclass(slots=True, eq=False)
class Turn:
    """The handling of one delivered event of a run."""

    run: LiveRun
    event: Event
    delivery: Delivery
    #: Effects that are not stored yet, and one for deciding them; the event is settled when there are none left.
    pending: int = 1
    failure: Exception | None = None
