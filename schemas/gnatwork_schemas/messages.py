"""The bodies of history events and work items. Each carries `v`; an unknown one is refused, never guessed at."""

from typing import Any, Literal

from pydantic import Field

from gnatwork_schemas.definition import Labels, OnLimit
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.model import Model
from gnatwork_schemas.names import BlockTypeName, Name, RunId
from gnatwork_schemas.payload import PayloadRef


class Message(Model):
    """What every body has."""

    v: Literal[1] = 1


class Trigger(Model):
    """What started a run: `api`, or a trigger of a workflow."""

    type: str = "api"
    id: str | None = None


class Fired(Trigger):
    """A trigger as the run that it started sees it."""

    #: What templates find under `trigger` beside `type` and `id`: `headers` and `query` of a webhook, `scheduled_at` of
    #: a schedule, `subject` of an event, …
    details: dict[str, Any] = Field(default_factory=dict)


class Start(Message):
    """`start`: a run begins. Appended by the manager, once per run."""

    run_id: RunId
    workflow: Name
    #: None for a definition that is not stored.
    version: int | None = None
    #: Digest of the control block.
    control_block: str
    #: The run's input, or a reference to it.
    input: Any = None
    labels: Labels = Field(default_factory=dict)
    trigger: Fired = Fired()
    idempotency_key: str | None = None
    #: The run that a `workflow` block of started this one.
    parent: RunId | None = None
    #: History base of that run, for telling it of the end; None when it does not wait.
    parent_history: str | None = None
    #: Path of the task that waits there.
    parent_task: str | None = None
    #: Ancestors of a child run.
    depth: int = Field(default=0, ge=0)
    retry_of: RunId | None = None
    reuse: "Reuse | None" = None
    #: When the run is to begin, Unix seconds; None is at once.
    at: float | None = None
    #: What becomes of it while an earlier run of the same trigger is under way: it waits for its turn, or takes that
    #: one's place; None: both run.
    overlap: Literal["queue", "replace"] | None = None


class Reuse(Model):
    """Tasks that need not run again, because they completed in the run that this one is a retry of."""

    run_id: RunId
    #: By task path: the sequence of the event of that run which completed the task.
    tasks: dict[str, int] = Field(default_factory=dict)
    #: The same as a stored payload of this run, where it is too long for a message.
    stored: PayloadRef | None = None


class Work(Message):
    """A work item: everything that an executor needs to run one attempt and to say what became of it."""

    run_id: RunId
    namespace: Name
    workflow: Name
    task: str
    type: BlockTypeName
    attempt: int = Field(ge=1)
    max_attempts: int = Field(ge=1)
    #: Seconds after which the executor stops the attempt.
    timeout: float
    #: The same over all attempts of a task, sent on by blocks that have an effect outside.
    idempotency_key: str
    idempotent: bool = True
    #: Decided anew after a redelivery: the attempt may already have an outcome.
    again: bool = False
    #: Counts how often all work of the run was stopped before this item was decided.
    epoch: int = 0
    #: Unix time, seconds, of the decision.
    decided_at: float
    #: The block's config, rendered but for the leaves listed in `deferred`.
    config: Any
    #: JSON Pointers of the leaves `{"$template": [parts], "values": {…}}` that the executor is to resolve.
    deferred: tuple[str, ...] = ()
    output_subject: str
    error_subject: str


class Outcome(Message):
    """What every end of an attempt says. Times are Unix seconds on the executor's clock."""

    task: str
    attempt: int = Field(ge=1)
    started_at: float
    ended_at: float
    executor: str = ""


class Output(Outcome):
    """`block.<task>.output`: an attempt succeeded with a value, or a reference to it."""

    output: Any = None


class Error(Outcome):
    """`block.<task>.error`: an attempt failed."""

    error: ErrorInfo


class Claimed(Message):
    """`block.<task>.claimed.<attempt>`: an executor takes an attempt that must never run twice."""

    executor: str
    #: Tells the claimant's own repeated append from another's.
    token: str


class CancelRequest(Message):
    """`request.cancel`: someone wants the run to stop."""

    reason: str = ""


class StopControl(Message):
    """`control.<ns>.<run>.cancel`, not stored: executors stop the run's items of earlier epochs; None is all."""

    epoch: int | None = None


class PauseRequest(Message):
    """`request.pause`: nothing new of the run is dispatched until it is resumed."""

    reason: str = ""


class ResumeRequest(Message):
    """`request.resume`: the run goes on."""


class Signal(Message):
    """`signal.<name>`: what a `wait` block waits for. One that comes early is kept."""

    name: Name
    #: A value, or a reference to it.
    data: Any = None


class ChildEnded(Message):
    """`child.<task>.ended`: the run that a `workflow` block waits for has come to its end."""

    task: str
    run_id: RunId
    workflow: Name
    #: One of the ends; with `complete` the output is still to be fetched.
    end: Literal["complete", "failed", "cancelled", "timed_out"]
    #: Why it did not complete.
    error: ErrorInfo | None = None


#: What a limit is of: runs at once, beginnings in a time, attempts of a block type at once, or runs of one trigger at
#: once.
LimitKind = Literal["concurrency", "rate", "type", "overlap"]


class LimitAcquire(Message):
    """`limit.acquire` in the history of a limit key: a run, or an attempt of one of its tasks, wants a slot."""

    kind: LimitKind
    #: The history base of the run that asks.
    holder: str
    #: Path of the task that asks; None for the run itself.
    task: str | None = None
    attempt: int = 0
    max: int = Field(ge=1)
    #: Seconds that a `rate` counts over.
    per: float | None = None
    on_limit: OnLimit = "queue"


class LimitRelease(Message):
    """`limit.release`: a slot, or a place in the queue, is given back."""

    holder: str
    task: str | None = None
    attempt: int = 0


class LimitGranted(Message):
    """`limit.granted` in the history of a run: a slot of the limit key `key` is its own."""

    key: str
    kind: LimitKind
    task: str | None = None
    attempt: int = 0


class LimitRefused(Message):
    """`limit.refused` in the history of a run: there is no room, and it is not to wait."""

    key: str
    max: int


class LimitHolder(Model):
    """Who has a slot of a limit key, or waits for one."""

    holder: str
    task: str | None = None
    attempt: int = 0


class LimitSnapshot(Message):
    """`limit.snapshot`: a limit key as it was after the event `upto`; all that came before may be forgotten."""

    #: Sequence of the last event that is in here.
    upto: int
    kind: LimitKind
    max: int
    per: float | None = None
    on_limit: OnLimit = "queue"
    #: Who has a slot, the oldest first.
    holding: tuple[LimitHolder, ...] = ()
    #: Who waits for one, the oldest first.
    waiting: tuple[LimitHolder, ...] = ()
    #: When the last slots of a `rate` were given, Unix seconds.
    given_at: tuple[float, ...] = ()


class TriggerDue(Message):
    """The schedule of a trigger, and what it becomes when it is due: it is time to look at the trigger."""

    #: When, Unix seconds.
    at: float
    #: The revision of the workflow's document by which it was set; one of an earlier revision never replaces it.
    revision: int


class Evaluate(Message):
    """A manager asks executors whether a condition holds: requests on `gnatwork.logic.evaluate`."""

    #: JavaScript.
    expression: str
    #: What the names in it stand for.
    values: dict[str, Any]


class Evaluated(Message):
    """The answer: whether it holds, or what went wrong."""

    holds: bool | None = None
    error: ErrorInfo | None = None


class TimerFired(Message):
    """`timer.<id>.fired`, and the body of the schedule that becomes it."""

    timer: str


class Complete(Message):
    """`complete`: the run yielded `output`, with the leaves in `deferred` left to the reader, as in `Work`."""

    output: Any = None
    deferred: tuple[str, ...] = ()


class Undone(Model):
    """What became of compensations and `on_failure`, where something went wrong or was undone at all."""

    #: Compensations that completed.
    compensated: int = 0
    #: Compensations that failed, each error with its task; at most 20.
    failed: tuple[ErrorInfo, ...] = ()
    #: How many failed in all.
    failures: int = 0
    #: Why `on_failure` failed.
    on_failure: ErrorInfo | None = None


class Failed(Message):
    """`failed`: a task failed for good and nothing handled it."""

    error: ErrorInfo
    undone: Undone | None = None


class Cancelled(Message):
    """`cancelled`: the run was stopped on request."""

    reason: str = ""


class TimedOut(Message):
    """`timed_out`: the run took longer than its `timeout`."""

    #: Seconds that the run was given.
    timeout: float
    undone: Undone | None = None


class DeadLetter(Message):
    """A message that no one could read, kept for people."""

    stream: str
    subject: str
    sequence: int
    #: Why it was refused; a code and a sentence.
    error: ErrorInfo
    #: The body: text where it is UTF-8, else base64.
    body: str
    encoding: Literal["utf-8", "base64"] = "utf-8"
    #: Bytes of the body as it was; when `body` has fewer, the rest would not fit into a letter.
    size: int
    #: When the message was stored, Unix seconds.
    at: float
