"""Child runs: a block starts a run of another workflow and may wait for its end."""

import re
from typing import Any

from pydantic import ValidationError

from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.lookup import planned_at
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.scope import task_scope
from gnatwork_engine.core.settling import complete
from gnatwork_engine.core.state import Frame, RunState, TaskState, Waiting
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.implicit import StartedRun
from gnatwork_schemas.messages import ChildEnded, Error, Output
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.run_ids import child_run_id
from gnatwork_schemas.status import TaskStatus

#: How the name of the task that starts the run ends, after that of its block.
_START = ":start"


def begin(fold: Fold, frame: Frame, key: str) -> None:
    """Have the child run started; each attempt of the block is a run of its own."""
    task = fold.mark(frame, key, TaskStatus.RUNNING)
    task.attempt += 1
    task.waiting = None
    if task.queued_at is None:
        task.queued_at = fold.event.at
    step = frame.tasks.setdefault(f"{key}:start", TaskState())
    step.status = TaskStatus.PENDING
    fold.begin(frame, f"{key}:start")


def started(fold: Fold, frame: Frame, key: str, output: Any, sequence: int) -> None:
    """The child run has begun."""
    task, planned = frame.tasks[key], frame.body.planned(key)
    early = task.waiting.early if task.waiting else {}
    child = started_run(output)
    if child is None:
        task.waiting = Waiting(trouble=ErrorInfo(code="message.invalid", message="the child run has no id"))
        fold.mark(frame, key, TaskStatus.WAITING)
        fold.oblige(frame, key)
        return
    if not waits(planned.block.config):
        complete(fold, frame, key, output, sequence)
        return
    patience = planned.block.patience
    task.started_at = fold.event.at
    task.waiting = Waiting(due=None if patience is None else fold.event.at + patience, child=child)
    fold.mark(frame, key, TaskStatus.WAITING)
    if child[0] in early:
        ended(fold, frame, key, early[child[0]])
    elif patience is not None:
        fold.state.timers.add(timer_of(frame.path(key), task.attempt))
        fold.oblige(frame, key)


def ended(fold: Fold, frame: Frame, key: str, body: ChildEnded) -> None:
    """The child run has come to its end: its output is fetched, or its failure is this task's."""
    task = frame.tasks[key]
    waiting = task.waiting
    if task.status is TaskStatus.RUNNING and (waiting is None or waiting.child is None):
        # It may be the one of which we shall hear in a moment that it was started.
        task.waiting = waiting = waiting or Waiting()
        waiting.early[body.run_id] = body
        return
    if task.status is not TaskStatus.WAITING or waiting is None or waiting.child is None or waiting.trouble:
        return
    if waiting.child[0] != body.run_id:
        return
    if body.end == subjects.COMPLETE:
        fold.mark(frame, key, TaskStatus.RUNNING)
        frame.tasks[f"{key}:result"] = TaskState()
        fold.begin(frame, f"{key}:result")
        return
    error = body.error or ErrorInfo(code="run.cancelled", message="the child run was cancelled")
    # There is nothing of it to be cancelled.
    waiting.child = None
    _give_reason(fold, frame, key, error.model_copy(update={"task": None, "details": _details(error, body)}))


def due(fold: Fold, path: str, attempt: int) -> None:
    """The child run has taken longer than the block's `timeout`."""
    found = fold.state.find(path)
    if not found:
        return
    frame, key = found
    task = frame.tasks[key]
    waiting = task.waiting
    if task.status is TaskStatus.WAITING and task.attempt == attempt and waiting and not waiting.trouble:
        patience = frame.body.planned(key).block.patience
        error = ErrorInfo(
            code="block.timeout", message=f"the child run took longer than {patience:g} s", retryable=True
        )
        _give_reason(fold, frame, key, error)


def timer_of(path: str, attempt: int) -> str:
    """The timer of a child run."""
    return f"{Role.CHILD.value}-{path}-{attempt}"


def waits(config: Any) -> bool:
    """Whether a `workflow` block waits for its run."""
    return not isinstance(config, dict) or config.get("wait", True) is not False


def started_run(output: Any) -> tuple[str, str] | None:
    """The run and workflow in what `start-run` yields."""
    try:
        run = StartedRun.model_validate(output)
    except ValidationError:
        return None
    return run.run_id, run.workflow


def children_of(state: RunState) -> tuple[tuple[str, str], ...]:
    """The runs that blocks of this one wait for."""
    return tuple(
        task.waiting.child
        for frame in state.frames.values()
        for task in frame.tasks.values()
        if task.status is TaskStatus.WAITING and task.waiting and task.waiting.child
    )


def starting(state: RunState) -> tuple[tuple[str, str], ...]:
    """The runs that are about to be started for blocks which would wait for them, or have been already."""
    found = (
        begun_by(state, frame, key.removesuffix(_START), task.attempt)
        for frame in state.frames.values()
        for key, task in frame.tasks.items()
        if key.endswith(_START) and task.status is TaskStatus.QUEUED and not task.pending
    )
    return tuple(child for child in found if child)


def begun_by(state: RunState, frame: Frame, key: str, attempt: int) -> tuple[str, str] | None:
    """The run that an attempt to start one for this block has begun, if it has; None where nobody would wait for it."""
    planned = frame.body.planned(key)
    if planned.role is not Role.CHILD or not waits(planned.block.config):
        return None
    try:
        config, deferred = planned.renderer.render(task_scope(frame, key))
    except TemplateError:
        return None
    name = config.get("name") if isinstance(config, dict) else None
    if "/name" in deferred or not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        return None
    return child_run_id(state.address.run_id, frame.path(key) + _START, attempt), name


def late_child(plan: Plan, state: RunState, output: Output) -> tuple[str, str] | None:
    """The run that was started for a task which no longer waits for it."""
    path = output.task.removesuffix(_START)
    planned = planned_at(plan, state, path) if path != output.task else None
    if planned is None or planned.role is not Role.CHILD or not waits(planned.block.config):
        return None
    found, step = state.find(path), state.find(output.task)
    under_way = found and not state.ended and not found[0].tasks[found[1]].status.ended
    # Of its present attempt it is the one that is waited for, or was.
    known = under_way and step and step[0].tasks[step[1]].attempt == output.attempt
    return None if known else started_run(output.output)


def _give_reason(fold: Fold, frame: Frame, key: str, error: ErrorInfo) -> None:
    task = frame.tasks[key]
    child = task.waiting.child if task.waiting else None
    task.waiting = Waiting(child=child, trouble=error)
    fold.mark(frame, key, TaskStatus.WAITING)
    fold.oblige(frame, key)


def failed_start(state: RunState, error: Error) -> tuple[str, str] | None:
    """The run that a failed attempt to start one may have begun all the same: the next attempt begins another one."""
    path = error.task.removesuffix(_START)
    found = state.find(path) if path != error.task else None
    if found is None:
        return None
    waiting, child = found[0].tasks[found[1]].waiting, begun_by(state, *found, error.attempt)
    # The attempt may have been made twice, and this error have come after the outcome that counts.
    return None if waiting and waiting.child == child else child


def _details(error: ErrorInfo, body: ChildEnded) -> dict[str, Any]:
    return {**(error.details or {}), "run_id": body.run_id, "workflow": body.workflow, "task": error.task}
