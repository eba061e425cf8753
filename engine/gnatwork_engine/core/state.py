"""What is known of a run: the fold of its history. Only `apply` writes here."""

from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.core.event import RunAddress
from gnatwork_engine.render import Scope
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Message, Start
from gnatwork_schemas.status import RunStatus, TaskStatus


@dataclass(slots=True)
class TaskState:
    """One task. Times are Unix seconds."""

    #: Needs that are not settled yet.
    open: int
    #: Needs whose port was taken.
    taken: int = 0
    #: Whether a need settled on another port.
    refused: bool = False
    status: TaskStatus = TaskStatus.PENDING
    #: Attempts begun.
    attempt: int = 0
    #: Sequence of the event that made it queued or retrying: the actions for that are this event's.
    cause: int = 0
    #: When the next attempt begins, while it is retrying.
    due: float = 0.0
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    error: ErrorInfo | None = None
    executor: str | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """The end that the run is bound for; it counts once it is stored."""

    #: Sequence of the event that decided it.
    cause: int
    #: One of `subjects.ENDS`.
    event: str
    body: Message
    #: Whether work may still be queued or running, which is to be stopped.
    interrupts: bool


@dataclass(slots=True)
class RunState:
    """A run."""

    #: Its history base.
    base: str
    address: RunAddress
    start: Start
    #: Sequence and time of the `start`.
    start_sequence: int
    created_at: float
    #: Sequence of the last event folded in.
    sequence: int
    tasks: dict[str, TaskState]
    #: Tasks that are not settled yet.
    unsettled: int
    #: What the templates of the run can see. Its `outputs` is the dict below.
    scope: Scope
    #: Outputs that templates may still ask for; values or references.
    outputs: dict[str, Any]
    status: RunStatus = RunStatus.RUNNING
    traceparent: str | None = None
    #: Tasks that an event made queued or retrying, by its sequence.
    caused: dict[int, list[str]] = field(default_factory=dict)
    #: Timers that the server may still hold.
    timers: set[str] = field(default_factory=set)
    #: Why the run will fail: nothing new is dispatched.
    failing: ErrorInfo | None = None
    closing: Closing | None = None
    #: The end that was stored.
    end: Message | None = None
    end_sequence: int = 0
    ended_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether an end is stored; nothing changes any more."""
        return self.end is not None
