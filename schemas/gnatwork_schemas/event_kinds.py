"""Kinds of events: what a watcher may ask for, without naming a task, a signal or a timer."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class EventKind(StrEnum):
    """What happened. The last three are told while a task runs; all others are stored."""

    START = "start"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    REQUEST = "request"
    SIGNAL = "signal"
    CLAIMED = "claimed"
    OUTPUT = "output"
    ERROR = "error"
    TIMER = "timer"
    CHILD = "child"
    LIMIT = "limit"
    STARTED = "started"
    PROGRESS = "progress"
    LOG = "log"

    @property
    def stored(self) -> bool:
        """Whether events of this kind are in the history."""
        return self in STORED_EVENTS


#: The events of each kind that is stored, as patterns that do not overlap. Timers that are still to fire are none.
STORED_EVENTS: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.START: ("start",),
    EventKind.COMPLETE: ("complete",),
    EventKind.FAILED: ("failed",),
    EventKind.CANCELLED: ("cancelled",),
    EventKind.TIMED_OUT: ("timed_out",),
    EventKind.REQUEST: ("request.*",),
    EventKind.SIGNAL: ("signal.*",),
    EventKind.CLAIMED: ("block.*.claimed.*",),
    EventKind.OUTPUT: ("block.*.output",),
    EventKind.ERROR: ("block.*.error",),
    EventKind.TIMER: ("timer.*.fired",),
    EventKind.CHILD: ("child.*.ended",),
    EventKind.LIMIT: ("limit.granted", "limit.refused"),
}
#: What running tasks tell.
LIVE_KINDS = tuple(kind for kind in EventKind if kind not in STORED_EVENTS)


def kind_of(event: str) -> EventKind | None:
    """The kind of an event by its name, such as `block.page.output`; None for one that has none."""
    head, *rest = event.split(".")
    name = rest[1] if head == "block" and len(rest) > 1 else head
    return EventKind(name) if name in EventKind.__members__.values() else None


def stored_patterns(kinds: Iterable[EventKind]) -> tuple[str, ...]:
    """What matches the stored events of these kinds, of all where none is given."""
    wanted = set(kinds)
    return tuple(
        pattern for kind, patterns in STORED_EVENTS.items() if not wanted or kind in wanted for pattern in patterns
    )
