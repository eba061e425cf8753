"""Where a run or a task stands: projections of history, as documents and as the API shows them."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Message, Trigger, Undone
from gnatwork_schemas.model import Model


class RunStatus(StrEnum):
    """The four that pass, then for ever one of the four ends."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def ended(self) -> bool:
        """Whether the run has come to its end."""
        return self in _ENDED_RUNS


_ENDED_RUNS = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMED_OUT})


class TaskStatus(StrEnum):
    """`running` is known only while it lasts, from live events; history says when a task was queued and ended."""

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the task is settled for good."""
        return self in _ENDED_TASKS


_ENDED_TASKS = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.SKIPPED, TaskStatus.CANCELLED})


class RunSummary(Message):
    """A run without its values: the status document, and an item of a list. Times are Unix seconds."""

    run_id: str
    namespace: str
    workflow: str
    version: int | None = None
    status: RunStatus
    error: ErrorInfo | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    trigger: Trigger = Trigger()
    parent: str | None = None
    retry_of: str | None = None
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    #: Tasks per block and status, e.g. `{"page": {"completed": 1}}`.
    blocks: dict[str, dict[str, int]] = Field(default_factory=dict)
    #: Sequence in history of the last event that is in here; a document never goes back.
    sequence: int = 0


class WaitingFor(Model):
    """Why a run does not begin, or what a task waits for."""

    #: Of a run: `at` its time, `overlap` an earlier run of its trigger, `rate` and `concurrency` room under a limit.
    #: Of a task: `time`, `signal`, `child` a run that it has started, `retry` its next attempt.
    kind: Literal["at", "overlap", "rate", "concurrency", "time", "signal", "child", "retry"]
    #: When it is over at the latest, Unix seconds; None where nobody knows.
    at: float | None = None
    #: The signal's name.
    signal: str | None = None
    #: The child run.
    run_id: str | None = None


class Run(RunSummary):
    """A run with its values."""

    input: Any = None
    output: Any = None
    #: Why it is pending.
    waiting_for: WaitingFor | None = None
    #: What became of its compensations, once it has ended.
    undone: Undone | None = None


class Task(Message):
    """A task, as history tells it. Times are Unix seconds."""

    task: str
    block: str
    type: str
    status: TaskStatus
    #: Attempts dispatched so far.
    attempts: int = 0
    input: Any = None
    output: Any = None
    error: ErrorInfo | None = None
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    executor: str | None = None
    waiting_for: WaitingFor | None = None
    #: Whether its output is that of the run which this one is a retry of: it did not run again.
    reused: bool = False
