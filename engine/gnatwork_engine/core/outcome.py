"""Outcomes: an attempt succeeded or failed."""

from typing import Any

from gnatwork_engine.core import children, loops, plain, scripts, waits
from gnatwork_engine.core.folding import Fold, barred
from gnatwork_engine.core.retry import next_delay
from gnatwork_engine.core.roles import ENGINE_RETRY, Role
from gnatwork_engine.core.settling import complete, fail
from gnatwork_engine.core.state import Frame
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error, Outcome, Output
from gnatwork_schemas.status import TaskStatus

_RETRY = "retry-"


def retry_timer(task: str, attempt: int) -> str:
    """The timer that begins an attempt of a task."""
    return f"{_RETRY}{task}-{attempt}"


def succeeded(fold: Fold, output: Output) -> None:
    """The task is completed, or one of its steps is."""
    if (found := _attempted(fold, output)) is None:
        return
    frame, key = found
    task = frame.tasks[key]
    task.started_at, task.executor = output.started_at, output.executor
    # What an earlier attempt ran into is over: only a task that goes on in spite of its error keeps it.
    task.error = None
    role = frame.body.planned(key).role
    if task.reused or not (role.serves or role is Role.CONDITION):
        complete(fold, frame, key, output.output, fold.event.sequence)
        return
    fold.mark(frame, key, TaskStatus.COMPLETED).sequence = fold.event.sequence
    _step_completed(fold, frame, key, role, output.output)


def failed(fold: Fold, outcome: Error) -> None:
    """The task is tried again, or has failed and the run goes on, goes another way, or fails."""
    if (found := _attempted(fold, outcome)) is None:
        return
    frame, key = found
    task, planned = frame.tasks[key], frame.body.planned(key)
    task.started_at, task.executor = outcome.started_at, outcome.executor
    task.error = outcome.error
    path = frame.path(key)
    policy = ENGINE_RETRY if task.reused else planned.block.retry
    delay = next_delay(policy, outcome.error, outcome.attempt, f"{fold.state.address.run_id}/{path}")
    if delay is not None and task.loop is None and task.script is None and not barred(frame, key):
        fold.mark(frame, key, TaskStatus.RETRYING)
        task.due = fold.event.at + delay
        fold.oblige(frame, key)
        fold.state.timers.add(retry_timer(path, task.attempt + 1))
    else:
        _failed_for_good(fold, frame, key, outcome.error)


def retry_due(fold: Fold, path: str, attempt: int) -> None:
    """The wait before an attempt is over."""
    found = fold.state.find(path)
    if not found:
        return
    task = found[0].tasks[found[1]]
    if task.status is TaskStatus.RETRYING and attempt == task.attempt + 1:
        fold.begin(*found)


def _attempted(fold: Fold, outcome: Outcome) -> tuple[Frame, str] | None:
    """The task, if this is the first outcome of its current attempt."""
    found = fold.state.find(outcome.task)
    if found is None:
        return None
    task = found[0].tasks[found[1]]
    if task.attempt != outcome.attempt or task.pending or task.status not in _OPEN:
        return None
    if task.status is not TaskStatus.QUEUED and (task.waiting is None or task.waiting.trouble is None):
        # Of what the scheduler steers itself it alone can tell.
        return None
    fold.state.slots.pop(outcome.task, None)
    return found


def _step_completed(fold: Fold, frame: Frame, key: str, role: Role, output: Any) -> None:
    owner, sequence = key.partition(":")[0], fold.event.sequence
    match role:
        case Role.EXPAND:
            loops.expanded(fold, frame, owner, output)
        case Role.COLLECT:
            loops.collected(fold, frame, owner, output, sequence)
        case Role.CONDITION:
            loops.asked(fold, frame, output)
        case Role.START:
            children.started(fold, frame, owner, output, sequence)
        case Role.RESULT:
            complete(fold, frame, owner, output, sequence)
        case Role.SLICE:
            scripts.sliced(fold, frame, owner, output)
        case Role.RENDER if frame.body.planned(owner).plain:
            plain.completed(fold, frame, owner, output)
        case Role.RENDER:
            waits.wait_with(fold, frame, owner, output)
        case _:
            raise AssertionError(role)


def _failed_for_good(fold: Fold, frame: Frame, key: str, error: ErrorInfo) -> None:
    role, sequence = frame.body.planned(key).role, fold.event.sequence
    owner = key.partition(":")[0]
    if frame.tasks[key].loop is not None:
        loops.fail_loop(fold, frame, key, error, sequence)
    elif frame.tasks[key].script is not None:
        scripts.fail_script(fold, frame, key, error, sequence)
    elif role is Role.CONDITION and frame.parent is not None:
        fold.mark(frame, key, TaskStatus.FAILED)
        loops.fail_loop(fold, frame.parent, frame.owner, error, sequence)
    elif role.serves and not frame.tasks[key].reused:
        fold.mark(frame, key, TaskStatus.FAILED)
        if role in {Role.EXPAND, Role.COLLECT}:
            loops.fail_loop(fold, frame, owner, error, sequence)
        elif role is Role.SLICE:
            scripts.fail_script(fold, frame, owner, error, sequence)
        else:
            fail(fold, frame, owner, error, sequence)
    else:
        fail(fold, frame, key, error, sequence)


#: Statuses in which a task has an attempt that may still come to an end.
_OPEN = frozenset({TaskStatus.QUEUED, TaskStatus.WAITING, TaskStatus.RUNNING})
