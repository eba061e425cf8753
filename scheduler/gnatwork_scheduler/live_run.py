"""A run that the scheduler has in memory."""

from collections import deque
from dataclasses import dataclass

from gnatwork_bus.delivery import Delivery
from gnatwork_engine.core import Event, Plan, RunState


@dataclass(slots=True, eq=False)
class LiveRun:
    """A run's state with what the shell keeps beside it."""

    #: Its history base, `history.<shard>.<ns>.<workflow>.<run>`.
    base: str
    plan: Plan | None = None
    state: RunState | None = None
    #: Deliveries that came while the run is being loaded, in order; None once it is. None of them may be left for
    #: later, for then one that comes after it would be folded in first. The shard's window bounds them.
    waiting: deque[Delivery] | None = None
    #: Revision of its status document; None: not known, 0: it has none.
    status_revision: int | None = None
    #: Whether a change broke off half-way; nothing further is folded into this state.
    broken: bool = False


@dataclass(slots=True, eq=False)
class Turn:
    """The handling of one delivered event of a run."""

    run: LiveRun
    event: Event
    delivery: Delivery
    #: Effects that are not stored yet, and one for deciding them; the event is settled when there are none left.
    pending: int = 1
    failure: Exception | None = None
