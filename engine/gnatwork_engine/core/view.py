"""Views: a run and its tasks as people and programs ask for them."""

from collections.abc import Iterator

from gnatwork_engine.core.dispatch import config_of
from gnatwork_engine.core.explain import task_waits_for
from gnatwork_engine.core.plan import ON_FAILURE, PlannedBlock
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.run_error import run_error
from gnatwork_engine.core.state import UNDO, Frame, RunState
from gnatwork_engine.render import Rendered
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.messages import Trigger
from gnatwork_schemas.status import RunSummary, Task, TaskStatus

#: Blocks that a status document counts one by one; where there are more, they are counted together under `*`.
_COUNTED = 500


def run_summary(state: RunState) -> RunSummary:
    """The run without its values: the status document."""
    start, address = state.start, state.address
    return RunSummary(
        run_id=address.run_id,
        namespace=address.namespace,
        workflow=address.workflow,
        version=start.version,
        status=state.status,
        error=run_error(state),
        labels=start.labels,
        trigger=Trigger(type=start.trigger.type, id=start.trigger.id),
        parent=start.parent,
        retry_of=start.retry_of,
        created_at=state.created_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
        blocks=_counts(state),
        sequence=state.sequence,
    )


def task_paths(state: RunState, after: str | None = None, limit: int | None = None) -> list[str]:
    """The paths of tasks in the order of the definition, those after a path, at most `limit`.

    Only of a plan that keeps all; else tasks of scopes that are over are missing.
    """
    paths = list(_paths(state, state.root))
    for name in (UNDO, ON_FAILURE):
        if frame := state.frames.get(name):
            paths += _paths(state, frame)
    first = paths.index(after) + 1 if after in paths else 0
    return paths[first:] if limit is None else paths[first : first + limit]


def task_view(state: RunState, path: str) -> Task:
    """One task; KeyError when the run has none of this path."""
    found = state.find(path)
    if found is None:
        raise KeyError(path)
    frame, key = found
    planned, task = frame.body.planned(key), frame.tasks[key]
    rendered = task_input(state, path)
    return Task(
        task=path,
        block=_block_path(state, frame, key),
        type=planned.block.type,
        status=task.status,
        attempts=task.attempt,
        input=rendered.config if rendered else None,
        output=frame.outputs.get(key),
        error=task.error,
        queued_at=task.queued_at,
        started_at=task.started_at,
        ended_at=task.ended_at if task.status.ended else None,
        executor=task.executor,
        waiting_for=task_waits_for(task),
        reused=task.reused,
    )


def task_input(state: RunState, path: str) -> Rendered | None:
    """The config as it was rendered for the task, or None before and where it could not be."""
    found = state.find(path)
    if found is None:
        return None
    frame, key = found
    task = frame.tasks[key]
    if task.status in {TaskStatus.PENDING, TaskStatus.SKIPPED} or not task.attempt:
        return None
    try:
        return config_of(state, frame, key, frame.body.planned(key))
    except TemplateError:
        return None


def completed_tasks(state: RunState) -> dict[str, int]:
    """The tasks that a retry need not run again, with the sequence of the event that completed each.

    Of a plan that keeps all. What is inside a loop or group that completed is left out: the whole counts. So is what
    was undone, even in part, and what waited for that, or for something that failed: it has to happen anew.
    """
    found: dict[str, int] = {}
    undone = _undone(state)
    frames = [state.root]
    for frame in frames:  # grows while it is read
        anew = _anew(frame, undone if frame is state.root else set())
        for key, task in frame.tasks.items():
            planned = frame.body.planned(key)
            if planned.role.serves or planned.role is Role.CONDITION or key in anew:
                continue
            if task.status is TaskStatus.COMPLETED and task.sequence and task.error is None:
                found[frame.path(key)] = task.sequence
            elif task.loop is not None:
                frames += _reusable(planned, _inner(state, frame, key))
    return found


def _undone(state: RunState) -> set[str]:
    """The run's own blocks of which something was undone, or was to be."""
    if state.tail is None:
        return set()
    # The last of these has begun.
    not_begun = {undo.path for undo in state.tail.undos[:-1]}
    return {path.partition("/")[0].partition(":")[0] for path in state.undos if path not in not_begun}


def _anew(frame: Frame, undone: set[str]) -> set[str]:
    """The tasks of a scope that were undone, and those that wait for them or for what may come out otherwise."""
    found = set(undone)
    unseen = [*undone, *(key for key, task in frame.tasks.items() if task.error is not None)]
    while unseen:
        more = {dependent for dependent, _ in frame.body.planned(unseen.pop()).dependents} - found
        found |= more
        unseen += more
    return found


def _reusable(planned: PlannedBlock, iterations: list[Frame]) -> list[Frame]:
    """The iterations of which something may be reused: where each follows from the last, none after one with errors."""
    if planned.block.loop is None or planned.block.loop.over == "items":
        return iterations
    errors = [any(task.error for task in frame.tasks.values()) for frame in iterations]
    return iterations[: errors.index(True) + 1] if True in errors else iterations


def _paths(state: RunState, frame: Frame) -> Iterator[str]:
    for key, task in frame.tasks.items():
        if ":" not in key or key.endswith((":when", UNDO)):
            yield frame.path(key)
        if task.loop is not None or task.script is not None:
            for inner in _inner(state, frame, key):
                yield from _paths(state, inner)


def _inner(state: RunState, frame: Frame, key: str) -> list[Frame]:
    """The scopes of a loop, group or script, the first iteration first."""
    path, loop = frame.path(key), frame.tasks[key].loop
    if (whole := state.frames.get(path)) is not None:
        return [whole]
    indexes = range(loop.begun if loop else 0)
    return [inner for index in indexes if (inner := state.frames.get(f"{path}/{index}")) is not None]


def _block_path(state: RunState, frame: Frame, key: str) -> str:
    """The path of a task without indexes."""
    return state.undos[key].block if key in state.undos else frame.block_path(key)


def _counts(state: RunState) -> dict[str, dict[str, int]]:
    counts = {name: dict(of_block) for name, of_block in state.finished.items()}
    for frame in state.frames.values():
        for key, task in frame.tasks.items():
            role = frame.body.planned(key).role
            if role.serves or role is Role.CONDITION or (role is Role.EACH and task.attempt):
                # Of a `for_each` its items are counted.
                continue
            of_block = counts.setdefault(_block_path(state, frame, key), {})
            status = task.status.value
            of_block[status] = of_block.get(status, 0) + 1
    if len(counts) <= _COUNTED:
        return counts
    together: dict[str, int] = {}
    for of_block in counts.values():
        for status, number in of_block.items():
            together[status] = together.get(status, 0) + number
    return {"*": together}
