"""What templates of a run can see."""

from dataclasses import replace
from typing import Any

from gnatwork_engine.core.state import Frame, LoopState
from gnatwork_engine.render import Scope
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Start
from gnatwork_schemas.status import TaskStatus


def run_scope(start: Start, started_at: float, outputs: dict[str, Any]) -> Scope:
    """The scope of a run; `outputs` is filled as the run goes on."""
    return Scope(
        input=start.input,
        outputs=outputs,
        run={"id": start.run_id, "workflow": start.workflow, "version": start.version, "started_at": started_at},
        trigger={**start.trigger.details, "type": start.trigger.type, "id": start.trigger.id},
        labels=start.labels,
    )


def task_scope(frame: Frame, key: str, output: Any = None) -> Scope:
    """The scope of a task: its frame's, with its item or the error that it is there to handle.

    `output` is its own, for what undoes it.
    """
    single, planned = frame.body.single, frame.body.planned(key)
    if single is None and not planned.handles and output is None:
        return frame.scope
    if single is not None:
        loop = _loop_around(frame)
        return item_scope(frame.scope, loop, int(key.partition(":")[0]), {single.block.id: output})
    scope = frame.scope
    for name in planned.handles:
        task = frame.tasks[name]
        if task.status is TaskStatus.FAILED and task.error:
            scope = replace(scope, error=error_value(task.error, frame.path(name)))
            break
    if output is not None and planned.block.id not in scope.outputs:
        scope = replace(scope, outputs={**scope.outputs, planned.block.id: output})
    return scope


def inner_scope(outer: Scope, outputs: dict[str, Any], error: Any = None) -> Scope:
    """The scope of a group, or of what handles an error."""
    return Scope(outer.input, outputs, outer.run, outer.trigger, error, outer)


def item_scope(outer: Scope, loop: LoopState, index: int, outputs: dict[str, Any]) -> Scope:
    """The scope of an iteration."""
    return replace(
        inner_scope(outer, outputs),
        item=loop.items.item(index) if loop.items else None,
        index=index,
        previous=loop.previous,
    )


def failure_scope(outer: Scope, outputs: dict[str, Any], error: ErrorInfo | None) -> Scope:
    """The scope of `on_failure`: why the run failed; without an error its time was up."""
    cause = error or ErrorInfo(code="run.timeout", message="The run took longer than its `timeout`.")
    return inner_scope(outer, outputs, error_value(cause, cause.task or ""))


def error_value(error: ErrorInfo, task: str) -> dict[str, Any]:
    """An error as templates see it."""
    return {**error.model_dump(exclude_none=True), "task": error.task or task}


def _loop_around(frame: Frame) -> LoopState:
    loop = frame.parent.tasks[frame.owner].loop if frame.parent else None
    if loop is None:
        raise LookupError(frame.prefix)
    return loop
