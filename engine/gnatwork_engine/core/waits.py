"""Waiting: for a time (`delay`), and for what a person or a program says (`wait`)."""

import re
from collections import OrderedDict, deque
from datetime import UTC, datetime
from typing import Any

from gnatwork_engine.core.folding import Fold, barred
from gnatwork_engine.core.give_up import drop
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.scope import task_scope
from gnatwork_engine.core.settling import complete
from gnatwork_engine.core.state import Frame, TaskState, Waiting
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.messages import Signal
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.status import TaskStatus

#: Signals that are kept while nothing waits for them.
_KEPT = 10_000


def begin(fold: Fold, frame: Frame, key: str) -> None:
    """A `delay` or `wait` begins: with what it was told, or first an executor looks at what is too large for us."""
    task = fold.mark(frame, key, TaskStatus.WAITING)
    task.attempt = 1
    task.queued_at = task.started_at = fold.event.at
    try:
        config, deferred = frame.body.planned(key).renderer.render(task_scope(frame, key))
    except TemplateError as error:
        _refuse(fold, frame, key, ErrorInfo(code=error.code, message=str(error)))
        return
    if deferred:
        step = f"{key}:render"
        frame.tasks[step] = TaskState()
        fold.begin(frame, step)
    else:
        wait_with(fold, frame, key, config)


def wait_with(fold: Fold, frame: Frame, key: str, config: Any) -> None:
    """The config is known; the wait may be over at once."""
    task, planned = frame.tasks[key], frame.body.planned(key)
    now = fold.event.at
    if barred(frame, key):
        drop(fold, frame, key)
        return
    try:
        told = config if isinstance(config, dict) else {}
        task.waiting = _delay(told, now) if planned.role is Role.DELAY else _wait(told, planned.block.id, now)
    except ValueError as error:
        _refuse(fold, frame, key, ErrorInfo(code="block.config_invalid", message=str(error)))
        return
    waiting = task.waiting
    if planned.role is Role.DELAY and (waiting.due or 0.0) <= now:
        complete(fold, frame, key, None, 0)
        return
    if (name := waiting.signal) is not None:
        if kept := fold.state.signals.get(name):
            data, sequence = kept.popleft()
            fold.state.kept_signals -= 1
            if not kept:
                del fold.state.signals[name]
            complete(fold, frame, key, data, sequence)
            return
        fold.state.waiters.setdefault(name, OrderedDict())[frame.path(key)] = None
    if waiting.due is not None:
        fold.state.timers.add(timer_of(planned.role, frame.path(key)))
        fold.oblige(frame, key)


def timer_of(role: Role, path: str) -> str:
    """The timer of a `delay` or `wait`."""
    return f"{role.value}-{path}"


def signalled(fold: Fold, signal: Signal) -> None:
    """Someone said something: the first that waits for it goes on; if nothing does, it is kept."""
    state = fold.state
    if waiters := state.waiters.get(signal.name):
        if found := state.find(next(iter(waiters))):
            complete(fold, *found, signal.data, fold.event.sequence)
    elif state.kept_signals < _KEPT:
        state.signals.setdefault(signal.name, deque()).append((signal.data, fold.event.sequence))
        state.kept_signals += 1


def due(fold: Fold, path: str, sequence: int) -> None:
    """A timer fired, as the event with this sequence says: a `delay` is over, a `wait` has waited long enough."""
    found = fold.state.find(path)
    if not found or not _is_waiting(*found):
        return
    frame, key = found
    task = frame.tasks[key]
    if frame.body.planned(key).role is Role.DELAY:
        complete(fold, frame, key, None, sequence)
    elif task.waiting and task.waiting.trouble is None:
        message = f"no signal `{task.waiting.signal}` came in time"
        fold.mark(frame, key, TaskStatus.WAITING)
        _refuse(fold, frame, key, ErrorInfo(code="wait.timeout", message=message))


def _is_waiting(frame: Frame, key: str) -> bool:
    task = frame.tasks[key]
    return task.status is TaskStatus.WAITING and task.waiting is not None


def _refuse(fold: Fold, frame: Frame, key: str, error: ErrorInfo) -> None:
    frame.tasks[key].waiting = Waiting(trouble=error)
    fold.oblige(frame, key)


def _delay(config: dict[str, Any], now: float) -> Waiting:
    if (text := config.get("until")) is not None:
        return Waiting(due=_time(text))
    return Waiting(due=now + parse_duration(config.get("for", 0)))


def _wait(config: dict[str, Any], key: str, now: float) -> Waiting:
    name = config.get("signal", key)
    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        raise ValueError(f"`signal` is {name!r}, which is no name of a signal: lower case letters, digits, - and _")
    timeout = config.get("timeout")
    return Waiting(due=None if timeout is None else now + parse_duration(timeout), signal=name)


def _time(text: Any) -> float:
    """Unix seconds of an RFC 3339 time."""
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"`until` is {text!r}, which is no time such as 2030-01-31T09:00:00Z") from None
    seconds = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return min(seconds, datetime(9000, 1, 1, tzinfo=UTC).timestamp())
