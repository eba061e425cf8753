"""What can be followed: events of a run, of a workflow or of a namespace, and the lines of a log."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from gnatwork_schemas.event_kinds import EventKind
from gnatwork_schemas.live import LogLevel


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFeed:
    """Which events to follow: those of a run, else those of a workflow, else those of the whole namespace."""

    run_id: str | None = None
    workflow: str | None = None
    #: Only these; all when there are none.
    kinds: Collection[EventKind] = ()
    #: With what running tasks tell.
    live: bool = True
    #: Whether many runs' events begin with those that are stored, where no place to begin at is given.
    replay: bool = True

    @property
    def live_kinds(self) -> tuple[EventKind, ...]:
        """The kinds of live events that are wanted."""
        return tuple(
            kind for kind in EventKind if not kind.stored and self.live and (not self.kinds or kind in self.kinds)
        )

    @property
    def query(self) -> dict[str, Any]:
        """As parameters over HTTP; None where the manager thinks of it by itself."""
        return {
            "event": [kind.value for kind in self.kinds] or None,
            "live": None if self.live else False,
            "replay": None if self.replay else False,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFeed:
    """Which lines of a run's log to follow."""

    run_id: str
    #: All of them when None.
    task: str | None = None
    level: LogLevel = LogLevel.DEBUG

    @property
    def query(self) -> dict[str, Any]:
        """As parameters over HTTP and NATS."""
        return {"task": self.task, "level": self.level.value}
