"""Actions as messages: subjects, bodies and headers. Pure."""

from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from gnatwork_bus.history import expectation
from gnatwork_engine.core import RunState
from gnatwork_engine.core.actions import Dispatch, End, ReportError, SetTimer
from gnatwork_schemas import subjects
from gnatwork_schemas.depth import is_too_deep
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import MessageError, UnknownVersionError
from gnatwork_schemas.messages import Error, TimerFired
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.status import TaskStatus

#: Who reports errors of attempts that could not be dispatched.
SCHEDULER = "scheduler"
#: The longest body of a work item or an end, in bytes; below the server's `max_payload` with room for headers.
MAX_BODY = 900 * 1024

#: Publishes that need no answer before the next one: all actions that are one message.
Publishable = Dispatch | ReportError | SetTimer | End


class Outgoing(NamedTuple):
    """A message for a stream."""

    subject: str
    body: bytes
    headers: dict[str, str] | None


def outgoing(state: RunState, action: Publishable, *, again: bool, now: float) -> Outgoing:
    """The message that performs an action; `again`: it may have been performed before; `now`: Unix seconds."""
    match action:
        case Dispatch():
            return _work(state, action, again=again, now=now)
        case ReportError():
            return _error(state, action.task, action.attempt, action.error, now)
        case SetTimer():
            return _timer(state, action)
        case End():
            return _end(state, action)


def failure_of_unreadable(state: RunState, event: str, error: MessageError, now: float) -> Outgoing | None:
    """The error of a task whose outcome no one can read, so that its run does not wait for ever.

    None for an event that is no outcome that the run waits for, and for one of another version: that one is not
    wrong, and can be told again after an upgrade.
    """
    match event.split("."):
        case ["block", task, "output" | "error"] if not isinstance(error, UnknownVersionError):
            waiting = state.tasks.get(task)
            if waiting and waiting.status is TaskStatus.QUEUED:
                info = ErrorInfo(code=error.code, message=str(error))
                return _error(state, task, waiting.attempt, info, now)
    return None


def _work(state: RunState, action: Dispatch, *, again: bool, now: float) -> Outgoing:
    _, namespace, workflow, run_id = state.address
    task = action.task
    base = f"{state.base}.block.{task}"
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
        "again": again,
        "decided_at": now,
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
        return _error(state, task, action.attempt, error, now)
    item = subjects.WorkSubject(action.type, subjects.NORMAL_LANE, namespace, run_id, task, action.attempt)
    return Outgoing(subjects.work_item(item), body, _trace(state))


def _error(state: RunState, task: str, attempt: int, error: ErrorInfo, now: float) -> Outgoing:
    body = Error(task=task, attempt=attempt, error=error, started_at=now, ended_at=now, executor=SCHEDULER)
    subject = f"{state.base}.{subjects.error_event(task)}"
    return Outgoing(subject, body.model_dump_json(exclude_none=True).encode(), _trace(state))


def _timer(state: RunState, action: SetTimer) -> Outgoing:
    base = state.base
    due = datetime.fromtimestamp(action.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    headers = {
        subjects.SCHEDULE: f"@at {due}",
        subjects.SCHEDULE_TARGET: f"{base}.{subjects.timer_fired_event(action.id)}",
        **(_trace(state) or {}),
    }
    body = TimerFired(timer=action.id).model_dump_json().encode()
    return Outgoing(f"{base}.{subjects.timer_event(action.id)}", body, headers)


def _end(state: RunState, action: End) -> Outgoing:
    base = state.base
    headers = {**expectation(subjects.run_borders(base), state.start_sequence), **(_trace(state) or {})}
    return Outgoing(f"{base}.{action.event}", action.body.model_dump_json(exclude_none=True).encode(), headers)


def _trace(state: RunState) -> dict[str, str] | None:
    return {subjects.TRACEPARENT: state.traceparent} if state.traceparent else None
