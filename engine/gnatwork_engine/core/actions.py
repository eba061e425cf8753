"""What the shell is to do, as data. Every action may be performed again without harm."""

from typing import Any, NamedTuple

from gnatwork_schemas.definition import Lane, OnLimit
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import LimitKind, Message


class Dispatch(NamedTuple):
    """Queue an attempt of a task for the executors of its type."""

    task: str
    type: str
    attempt: int
    max_attempts: int
    #: Seconds.
    timeout: float
    idempotent: bool
    config: Any
    deferred: tuple[str, ...]
    lane: Lane = "normal"
    epoch: int = 0
    #: The field of the config that may be too long for a message; then it is stored, and deferred.
    long: str | None = None


class ReportError(NamedTuple):
    """Append the error of an attempt that could not even be dispatched, or that nobody else can tell of."""

    task: str
    attempt: int
    error: ErrorInfo


class SetTimer(NamedTuple):
    """Have the server append `timer.<id>.fired` at a time, Unix seconds."""

    id: str
    at: float


class DropTimers(NamedTuple):
    """No timer of the run is wanted any more."""


class PurgeTask(NamedTuple):
    """Remove an attempt that is still queued, before anything that follows is done.

    No other attempt: a scheduler that was frozen may perform this when another one has queued the next.
    """

    task: str
    attempt: int


class StopWork(NamedTuple):
    """Remove all queued work of the run, and tell executors to stop what they run of it."""


class StopEpoch(NamedTuple):
    """Tell executors to stop what they run of the run's work of earlier epochs."""

    epoch: int


class Acquire(NamedTuple):
    """Ask a limit key for a slot."""

    key: str
    kind: LimitKind
    max: int
    per: float | None
    on_limit: OnLimit
    task: str | None = None
    attempt: int = 0


class Release(NamedTuple):
    """Give a slot, or a place in the queue, back to a limit key."""

    key: str
    kind: LimitKind
    task: str | None = None
    attempt: int = 0


class CancelRun(NamedTuple):
    """Ask another run to stop, if it has not ended."""

    run_id: str
    workflow: str
    reason: str


class TellParent(NamedTuple):
    """Append to the history of the run that waits for this one how it ended."""

    history: str
    task: str
    end: str
    error: ErrorInfo | None


class Retire(NamedTuple):
    """The run has ended: its history is to be archived after a while, and kept for so many seconds.

    None is as the installation has it.
    """

    retention: float | None


class Grant(NamedTuple):
    """Of a limit key: give a run, or an attempt of one of its tasks, a slot."""

    holder: str
    kind: LimitKind
    task: str | None
    attempt: int


class Refuse(NamedTuple):
    """Of a limit key: tell a run that there is no room."""

    holder: str
    max: int


class Evict(NamedTuple):
    """Of a limit key: ask a run to stop, so that another has room."""

    holder: str


class End(NamedTuple):
    """Append an end, unless the run has one."""

    event: str
    body: Message


Action = (
    Dispatch
    | ReportError
    | SetTimer
    | DropTimers
    | PurgeTask
    | StopWork
    | StopEpoch
    | Acquire
    | Release
    | CancelRun
    | TellParent
    | Retire
    | Grant
    | Refuse
    | Evict
    | End
)
