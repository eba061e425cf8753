"""The work item of an attempt: what it is to do, by the role of its task."""

from typing import Any

from gnatwork_engine.core.actions import Dispatch, ReportError
from gnatwork_engine.core.loops import results, settings
from gnatwork_engine.core.plan import Plan, PlannedBlock
from gnatwork_engine.core.roles import ENGINE_RETRY, Role
from gnatwork_engine.core.scope import task_scope
from gnatwork_engine.core.slices import is_long, slice_config
from gnatwork_engine.core.state import Frame, RunState
from gnatwork_engine.render import Rendered
from gnatwork_schemas import implicit
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError


def attempt_of(plan: Plan, state: RunState, frame: Frame, key: str) -> Dispatch | ReportError:
    """The attempt that is queued, or why it can't be."""
    task, planned = frame.tasks[key], frame.body.planned(key)
    block, path = planned.block, frame.prefix + key
    if task.reused:
        return _reuse(plan, state, path, task.attempt)
    try:
        config, deferred = config_of(state, frame, key, planned)
    except TemplateError as error:
        return ReportError(path, task.attempt, ErrorInfo(code=error.code, message=str(error)))
    if deferred and block.plain:
        message = "what undoes a block is given nothing large where its type is plain, and no item of a loop"
        return ReportError(path, task.attempt, ErrorInfo(code="payload.too_large", message=message))
    return Dispatch(
        path,
        block.type,
        task.attempt,
        block.retry.max_attempts,
        block.timeout,
        block.idempotent,
        config,
        deferred,
        block.lane,
        state.epoch,
        _long(frame, key, planned.role),
    )


def config_of(state: RunState, frame: Frame, key: str, planned: PlannedBlock) -> Rendered:
    """The config of a task. Raises TemplateError."""
    if (complete := frame.tasks[key].complete) is not None:
        return Rendered(complete[0])
    if not planned.role.serves:
        return _undo(state, key) if planned.role is Role.UNDO else planned.renderer.render(task_scope(frame, key))
    owner = key.partition(":")[0]
    task = frame.tasks[owner]
    if planned.role is Role.COLLECT:
        return Rendered({"results": results(frame.body.planned(owner), task.loop) if task.loop else None})
    if planned.role is Role.SLICE:
        return slice_config(state, frame, owner)
    if planned.role is Role.RESULT:
        run_id, workflow = task.waiting.child if task.waiting and task.waiting.child else ("", "")
        return Rendered({"run_id": run_id, "workflow": workflow})
    config, deferred = planned.renderer.render(task_scope(frame, owner))
    if planned.role is Role.EXPAND:
        config = {**config, "max": settings(frame.body.planned(owner)).max_iterations}
    elif planned.role is Role.START:
        config = {**config, "depth": state.start.depth}
    return Rendered(config, deferred)


def _long(frame: Frame, key: str, role: Role) -> str | None:
    """The field of a config that may be too long for a message."""
    if role is Role.COLLECT:
        return "results"
    return "steps" if role is Role.SLICE and is_long(frame, key.partition(":")[0]) else None


def _undo(state: RunState, path: str) -> Rendered:
    undo = state.undos[path]
    if undo.trouble is not None:
        raise TemplateError(undo.trouble.message)
    return Rendered(undo.config, undo.deferred)


def _reuse(plan: Plan, state: RunState, path: str, attempt: int) -> Dispatch:
    run_id = state.start.reuse.run_id if state.start.reuse else ""
    config: Any = {"run_id": run_id, "sequence": state.reuse[path]}
    planned = plan.find(path)
    lane = planned.block.lane if planned else "normal"
    tries, timeout = ENGINE_RETRY.max_attempts, 60.0
    return Dispatch(path, implicit.REUSE, attempt, tries, timeout, True, config, (), lane, state.epoch)
