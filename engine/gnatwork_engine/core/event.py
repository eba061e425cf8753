"""A stored event of a run, as the core sees it."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from pydantic import ValidationError

from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import MessageError, UnknownVersionError
from gnatwork_schemas.messages import (
    Cancelled,
    CancelRequest,
    ChildEnded,
    Claimed,
    Complete,
    Error,
    Failed,
    LimitAcquire,
    LimitGranted,
    LimitRefused,
    LimitRelease,
    LimitSnapshot,
    Message,
    Outcome,
    Output,
    PauseRequest,
    ResumeRequest,
    Signal,
    Start,
    TimedOut,
    TimerFired,
)
from gnatwork_schemas.model import VERSION

#: The longest error of an attempt, in bytes: it has to fit into the run's end and its status document as well.
MAX_ERROR = 128 * 1024


class RunAddress(NamedTuple):
    """Where a run lives."""

    shard: int
    namespace: str
    workflow: str
    run_id: str

    @classmethod
    def of(cls, base: str) -> Self:
        """The address in a history base."""
        shard, namespace, workflow, run_id, _ = subjects.parse_history(f"{base}.")
        return cls(shard, namespace, workflow, run_id)

    @property
    def base(self) -> str:
        """`history.<shard>.<ns>.<workflow>.<run>`: with an event's name it makes a history subject."""
        return subjects.history_base(*self)


class Event(NamedTuple):
    """One event, in the order of the stream."""

    #: The history base of its run.
    base: str
    #: What follows the run in its subject, e.g. `block.page.output`.
    name: str
    #: Sequence in the stream.
    sequence: int
    #: When it was stored, Unix seconds.
    at: float
    #: None for events that only the server reads, such as a timer that is being set.
    body: Message | None
    #: W3C trace context, if the message carries one.
    traceparent: str | None = None


_SINGLE: dict[str, type[Message]] = {
    subjects.START: Start,
    subjects.COMPLETE: Complete,
    subjects.FAILED: Failed,
    subjects.CANCELLED: Cancelled,
    subjects.TIMED_OUT: TimedOut,
    subjects.REQUEST_CANCEL: CancelRequest,
    subjects.REQUEST_PAUSE: PauseRequest,
    subjects.REQUEST_RESUME: ResumeRequest,
    subjects.LIMIT_GRANTED: LimitGranted,
    subjects.LIMIT_REFUSED: LimitRefused,
    subjects.LIMIT_ACQUIRE: LimitAcquire,
    subjects.LIMIT_RELEASE: LimitRelease,
    subjects.LIMIT_SNAPSHOT: LimitSnapshot,
}


#: By the first and the last token of an event with one more in between.
_FAMILIES: dict[tuple[str, str], type[Message]] = {
    ("block", "output"): Output,
    ("block", "error"): Error,
    ("child", "ended"): ChildEnded,
    ("timer", "fired"): TimerFired,
}


def _body_type(name: str) -> type[Message] | None:
    """The body of an event, None for one without meaning to the core; ValueError for an unknown name."""
    if single := _SINGLE.get(name):
        return single
    match name.split("."):
        case [first, _, last] if family := _FAMILIES.get((first, last)):
            return family
        case ["signal", _]:
            return Signal
        case ["block", _, "claimed", _]:
            return Claimed
        case ["timer", _]:
            return None
    raise ValueError(name)


def parse_event(subject: str, sequence: int, at: float, data: bytes, headers: Mapping[str, str] | None = None) -> Event:
    """Read a stored message of history.

    Raises:
        UnknownVersionError: it has a version that this code does not know.
        MessageError: it is not what its subject promises.
    """
    try:
        base, name = subjects.split_history(subject)
        body_type = _body_type(name)
    except ValueError as error:
        raise MessageError(f"{subject} is no event of a run") from error
    if body_type is Error and len(data) > MAX_ERROR:
        raise MessageError(f"{subject} has {len(data)} bytes, an error at most {MAX_ERROR}")
    try:
        body = body_type.model_validate_json(data) if body_type else None
    except ValidationError as error:
        raise _refusal(error, subject) from error
    if isinstance(body, Outcome) and not name.startswith(f"block.{body.task}."):
        raise MessageError(f"{subject} is of another task than its body, {body.task!r}")
    if isinstance(body, ChildEnded) and name != subjects.child_ended_event(body.task):
        raise MessageError(f"{subject} is of another task than its body, {body.task!r}")
    if isinstance(body, Signal) and name != subjects.signal_event(body.name):
        raise MessageError(f"{subject} is of another signal than its body, {body.name!r}")
    if isinstance(body, Start) and not base.endswith(f".{body.workflow}.{body.run_id}"):
        raise MessageError(f"{subject} is of another run than its body, {body.run_id}")
    traceparent = headers.get(header_names.TRACEPARENT) if headers else None
    return Event(base, name, sequence, at, body, traceparent)


def _refusal(error: ValidationError, subject: str) -> MessageError:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    if place == "v":
        return UnknownVersionError(f"{subject} has v={first['input']!r}, this service reads v={VERSION}")
    return MessageError(f"{subject}: {place or 'body'}: {first['msg']}")
