"""The bodies of history events and work items. Each carries `v`; an unknown one is refused, never guessed at."""

from typing import Any, Literal

from pydantic import Field

from gnatwork_schemas.definition import Labels
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.model import Model
from gnatwork_schemas.names import BlockTypeName, Name, RunId


class Message(Model):
    """What every body has."""

    v: Literal[1] = 1


class Trigger(Model):
    """What started a run: `api`, or a trigger of a workflow."""

    type: str = "api"
    id: str | None = None


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
    trigger: Trigger = Trigger()
    idempotency_key: str | None = None
    parent: RunId | None = None
    retry_of: RunId | None = None


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


class TimerFired(Message):
    """`timer.<id>.fired`, and the body of the schedule that becomes it."""

    timer: str


class Complete(Message):
    """`complete`: the run yielded `output`, with the leaves in `deferred` left to the reader, as in `Work`."""

    output: Any = None
    deferred: tuple[str, ...] = ()


class Failed(Message):
    """`failed`: a task failed for good and nothing handled it."""

    error: ErrorInfo


class Cancelled(Message):
    """`cancelled`: the run was stopped on request."""

    reason: str = ""


class TimedOut(Message):
    """`timed_out`: the run took longer than its `timeout`."""

    #: Seconds that the run was given.
    timeout: float


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
