"""What the shell is to do, as data. Every action may be performed again without harm."""

from typing import Any, NamedTuple

from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Message


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


class ReportError(NamedTuple):
    """Append the error of an attempt that could not even be dispatched."""

    task: str
    attempt: int
    error: ErrorInfo


class SetTimer(NamedTuple):
    """Have the server append `timer.<id>.fired` at a time, Unix seconds."""

    id: str
    at: float


class DropTimer(NamedTuple):
    """The timer is no longer wanted."""

    id: str


class PurgeTask(NamedTuple):
    """Remove an attempt that is still queued, before anything that follows is done.

    No other attempt: a scheduler that was frozen may perform this when another one has queued the next.
    """

    task: str
    attempt: int


class StopWork(NamedTuple):
    """Remove all queued work of the run, and tell executors to stop what they run of it."""


class End(NamedTuple):
    """Append an end, unless the run has one."""

    event: str
    body: Message


Action = Dispatch | ReportError | SetTimer | DropTimer | PurgeTask | StopWork | End
