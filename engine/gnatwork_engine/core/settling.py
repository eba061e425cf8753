"""A task has come to its end: it completed, or failed for good."""

from typing import Any

from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.give_up import give_up
from gnatwork_engine.core.plan import PlannedBlock
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.scope import task_scope
from gnatwork_engine.core.state import UNDO, Frame, Undo
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.status import TaskStatus


def complete(fold: Fold, frame: Frame, key: str, output: Any, sequence: int) -> None:
    """The task completed with `output`, as the event with this sequence says."""
    planned, task = frame.body.planned(key), frame.tasks[key]
    # What an earlier attempt ran into is over.
    task.error = None
    _go_on(fold, frame, key, output, sequence)
    if planned.undo is not None:
        undo = _undo(frame, key, planned.undo, output)
        fold.state.undos[undo.path] = undo


def fail(fold: Fold, frame: Frame, key: str, error: ErrorInfo, sequence: int) -> None:
    """The task failed for good: the run goes on, goes another way, or fails."""
    planned = frame.body.planned(key)
    frame.tasks[key].error = error
    if planned.block.on_error == "continue":
        _go_on(fold, frame, key, {"error": error.model_dump(exclude_none=True)}, sequence)
        return
    fold.mark(frame, key, TaskStatus.FAILED).sequence = sequence
    if planned.role is not Role.UNDO and frame.body.single is None and not planned.caught and frame.failing is None:
        frame.failing = error if error.task else error.model_copy(update={"task": frame.path(key)})
        frame.failed_at = sequence
        give_up(fold, frame)
    fold.settle(frame, key, ERROR_PORT)


def _go_on(fold: Fold, frame: Frame, key: str, output: Any, sequence: int) -> None:
    fold.mark(frame, key, TaskStatus.COMPLETED).sequence = sequence
    if fold.plan.keep_all or (frame.body.single is None and key in frame.body.kept):
        frame.outputs[key] = output
    ports = _ports(frame.body.planned(key), output)
    fold.settle(frame, key, *ports, refuses=not ports)


def _ports(planned: PlannedBlock, output: Any) -> tuple[str, ...]:
    match planned.block.routes:
        case "port":
            port = output.get("port") if isinstance(output, dict) else None
            return (DEFAULT_PORT, port) if isinstance(port, str) and port != ERROR_PORT else (DEFAULT_PORT,)
        case "pass":
            passes = not isinstance(output, dict) or output.get("pass", True) is not False
            return (DEFAULT_PORT,) if passes else ()
        case None:
            return (DEFAULT_PORT,)


def _undo(frame: Frame, key: str, planned: PlannedBlock, output: Any) -> Undo:
    """The compensation of a task that has just completed, rendered while all that it mentions is at hand."""
    scope = task_scope(frame, key, output)
    path, block = frame.path(key) + UNDO, frame.block_path(key) + UNDO
    try:
        config, deferred = planned.renderer.render(scope)
    except TemplateError as error:
        return Undo(path, block, planned, None, (), ErrorInfo(code=error.code, message=str(error)))
    return Undo(path, block, planned, config, deferred, None)
