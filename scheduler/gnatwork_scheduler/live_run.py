"""A run that the scheduler has in memory."""

from collections import deque
from dataclasses import dataclass

from gnatwork_bus.delivery import Delivery
from gnatwork_engine.core import Event, Plan, RunState

#: The most deliveries that wait for a run to be loaded; more are left to the server.
MAX_WAITING = 1024


@dataclass(slots=True, eq=False)
class LiveRun:
    """A run's state with what the shell keeps beside it."""

    #: Its history base, `history.<shard>.<ns>.<workflow>.<run>`.
    base: str
    plan: Plan | None = None
    state: RunState | None = None
    #: Deliveries that came while the run is being loaded, in order; None once it is.
    waiting: deque[Delivery] | None = None
    #: Revision of its status document; None: not known, 0: it has none.
    status_revision: int | None = None


@dataclass(slots=True, eq=False)
class Turn:
    """The handling of one delivered event of a run."""

    run: LiveRun
    event: Event
    delivery: Delivery
    #: Effects that are not stored yet, and one for deciding them; the event is settled when there are none left.
    pending: int = 1
    failure: Exception | None = None
