"""Actions as messages: subjects, bodies and headers. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import orjson

from gnatwork_bus.history import expectation
from gnatwork_bus.timers import due_at
from gnatwork_engine.core import RunAddress, RunState
from gnatwork_engine.core.actions import (
    Acquire,
    Dispatch,
    End,
    Evict,
    Grant,
    Refuse,
    Release,
    ReportError,
    Retire,
    SetTimer,
    TellParent,
)
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.depth import is_too_deep
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import MessageError, UnknownVersionError
from gnatwork_schemas.messages import (
    CancelRequest,
    ChildEnded,
    Error,
    LimitAcquire,
    LimitGranted,
    LimitKind,
    LimitRefused,
    LimitRelease,
    Message,
    TimerFired,
)
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.status import TaskStatus

#: Who reports errors of attempts that could not be dispatched.
SCHEDULER = "scheduler"
#: The longest body of a work item or an end, in bytes; below the server's `max_payload` with room for headers.
MAX_BODY = 900 * 1024

#: Publishes that need no answer before the next one: all actions that are one message.
Publishable = Dispatch | ReportError | SetTimer | Acquire | Release | TellParent | Grant | Refuse | Evict | Retire | End


class Outgoing(NamedTuple):
    """A message for a stream."""

    subject: str
    body: bytes
    headers: dict[str, str] | None


class Source(Protocol):
    """Who acts: a run or a limit key."""

    @property
    def base(self) -> str:
        """Its history base."""

    @property
    def address(self) -> RunAddress:
        """Where it lives."""

    @property
    def traceparent(self) -> str | None:
        """Its trace context."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a message depends on beside its action."""

    #: Number of shards.
    shards: int
    #: Seconds between the end of a run and its archiving, and for which it is kept then, unless it says otherwise.
    archive_after: float
    retention: float
    #: Whether the action may have been performed before.
    again: bool
    #: Unix seconds.
    now: float


def outgoing(source: Source, action: Publishable, at: Circumstances) -> Outgoing:
    """The message that performs an action."""
    return _MAKERS[type(action)](source, action, at)


def failure_of_unreadable(state: RunState, event: str, error: MessageError, now: float) -> Outgoing | None:
    """The error of a task whose outcome no one can read, so that its run does not wait for ever.

    None for an event that is no outcome that the run waits for, and for one of another version: that one is not
    wrong, and can be told again after an upgrade.
    """
    match event.split("."):
        case ["block", task, "output" | "error"] if not isinstance(error, UnknownVersionError):
            found = state.find(task)
            waiting = found[0].tasks[found[1]] if found else None
            if waiting and waiting.status is TaskStatus.QUEUED and not waiting.pending:
                info = ErrorInfo(code=error.code, message=str(error))
                return _failure(state, ReportError(task, waiting.attempt, info), now)
    return None


def archive_timer(retention: float) -> str:
    """The timer of an ended run, after which its history is archived and kept for so many seconds."""
    return f"{subjects.ARCHIVE_TIMER}-{retention:.0f}"


def retention_of(event: str) -> float | None:
    """What the `archive_timer` said that this event is of, or None: it is of none."""
    match event.split("."):
        case ["timer", timer, "fired"] if timer.startswith(f"{subjects.ARCHIVE_TIMER}-"):
            return float(timer.partition("-")[2])
    return None


def _work(source: Source, action: Dispatch, at: Circumstances) -> Outgoing:
    _, namespace, workflow, run_id = source.address
    task = action.task
    base = f"{source.base}.block.{task}"
    work = {
        "v": VERSION,
        "run_id": run_id,
        "namespace": namespace,
        "workflow": workflow,
        "task": task,
        "type": action.type,
        "attempt": action.attempt,
        "max_attempts": action.max_attempts,
        "timeout": action.timeout,
        "idempotency_key": f"{run_id}/{task}",
        "idempotent": action.idempotent,
        "again": at.again,
        "epoch": action.epoch,
        "decided_at": at.now,
        "config": action.config,
        "deferred": action.deferred,
        "output_subject": f"{base}.output",
        "error_subject": f"{base}.error",
    }
    try:
        body = orjson.dumps(work)
    except TypeError:
        body = b""
    if not body or is_too_deep(body) or len(body) > MAX_BODY:
        why = f"is {len(body)} bytes, more than {MAX_BODY}," if len(body) > MAX_BODY else "is nested too deep"
        error = ErrorInfo(code="payload.too_large", message=f"the rendered config of {task} {why} for a message")
        return _error(source, ReportError(task, action.attempt, error), at)
    item = subjects.WorkSubject(action.type, action.lane, namespace, run_id, task, action.attempt)
    return Outgoing(subjects.work_item(item), body, _trace(source))


def _error(source: Source, action: ReportError, at: Circumstances) -> Outgoing:
    return _failure(source, action, at.now)


def _failure(source: Source, action: ReportError, now: float) -> Outgoing:
    body = Error(
        task=action.task, attempt=action.attempt, error=action.error, started_at=now, ended_at=now, executor=SCHEDULER
    )
    return _message(source, source.base, subjects.error_event(action.task), body)


def _timer(source: Source, action: SetTimer, _: Circumstances) -> Outgoing:
    subject, headers = due_at(source.base, action.id, action.at)
    body = TimerFired(timer=action.id).model_dump_json().encode()
    return Outgoing(subject, body, {**headers, **(_trace(source) or {})})


def _end(source: Source, action: End, _: Circumstances) -> Outgoing:
    if not isinstance(source, RunState):
        raise TypeError(source.base)
    headers = {
        **expectation(subjects.run_borders(source.base), source.start_sequence),
        **(_trace(source) or {}),
    }
    body = action.body.model_dump_json(exclude_none=True).encode()
    return Outgoing(f"{source.base}.{action.event}", body, headers)


def _retire(source: Source, action: Retire, at: Circumstances) -> Outgoing:
    kept = at.retention if action.retention is None else action.retention
    return _timer(source, SetTimer(archive_timer(kept), at.now + at.archive_after), at)


def _acquire(source: Source, action: Acquire, at: Circumstances) -> Outgoing:
    body = LimitAcquire(
        kind=action.kind,
        holder=source.base,
        task=action.task,
        attempt=action.attempt,
        max=action.max,
        per=action.per,
        on_limit=action.on_limit,
    )
    return _message(source, _limit(source, action.kind, action.key, at), subjects.LIMIT_ACQUIRE, body)


def _release(source: Source, action: Release, at: Circumstances) -> Outgoing:
    body = LimitRelease(holder=source.base, task=action.task, attempt=action.attempt)
    return _message(source, _limit(source, action.kind, action.key, at), subjects.LIMIT_RELEASE, body)


def released(holder: str, grant: LimitGranted, shards: int) -> Outgoing:
    """A slot is given back for a run that is no more."""
    namespace = subjects.parse_history(f"{holder}.").namespace
    base = _limit_base(namespace, grant.kind, grant.key, shards)
    body = LimitRelease(holder=holder, task=grant.task, attempt=grant.attempt)
    return Outgoing(f"{base}.{subjects.LIMIT_RELEASE}", body.model_dump_json(exclude_none=True).encode(), None)


def _tell_parent(source: Source, action: TellParent, _: Circumstances) -> Outgoing:
    workflow, run_id = source.address.workflow, source.address.run_id
    body = ChildEnded.model_validate(
        {"task": action.task, "run_id": run_id, "workflow": workflow, "end": action.end, "error": action.error}
    )
    return _message(source, action.history, subjects.child_ended_event(action.task), body)


def _grant(source: Source, action: Grant, _: Circumstances) -> Outgoing:
    body = LimitGranted(key=source.address.run_id, kind=action.kind, task=action.task, attempt=action.attempt)
    return _message(source, action.holder, subjects.LIMIT_GRANTED, body)


def _refuse(source: Source, action: Refuse, _: Circumstances) -> Outgoing:
    body = LimitRefused(key=source.address.run_id, max=action.max)
    return _message(source, action.holder, subjects.LIMIT_REFUSED, body)


def _evict(source: Source, action: Evict, _: Circumstances) -> Outgoing:
    body = CancelRequest(reason="a newer run of the workflow takes its place")
    return _message(source, action.holder, subjects.REQUEST_CANCEL, body)


def _message(source: Source, base: str, event: str, body: Message) -> Outgoing:
    return Outgoing(f"{base}.{event}", body.model_dump_json(exclude_none=True).encode(), _trace(source))


def _limit(source: Source, kind: LimitKind, key: str, at: Circumstances) -> str:
    return _limit_base(source.address.namespace, kind, key, at.shards)


def _limit_base(namespace: str, kind: LimitKind, key: str, shards: int) -> str:
    # A block type is limited in the whole installation.
    return subjects.limit_base(shards, DEFAULT_NAMESPACE if kind == "type" else namespace, key)


def _trace(source: Source) -> dict[str, str] | None:
    return {header_names.TRACEPARENT: source.traceparent} if source.traceparent else None


_MAKERS: dict[type[Publishable], Callable[[Source, Any, Circumstances], Outgoing]] = {
    Dispatch: _work,
    ReportError: _error,
    SetTimer: _timer,
    Acquire: _acquire,
    Release: _release,
    TellParent: _tell_parent,
    Grant: _grant,
    Refuse: _refuse,
    Evict: _evict,
    Retire: _retire,
    End: _end,
}
#: Actions that are one message.
PUBLISHABLE = tuple(_MAKERS)
