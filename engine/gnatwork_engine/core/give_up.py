"""Giving up: in a scope that fails nothing new is dispatched, and what only waits is not waited for."""

from gnatwork_engine.core.folding import Advance, Fold
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.state import Frame, TaskState
from gnatwork_schemas.control_block import ERROR_PORT
from gnatwork_schemas.status import TaskStatus

#: Blocks that have one scope, whatever they go through.
_WHOLE = frozenset({Role.EACH, Role.SCRIPT})


def give_up(fold: Fold, frame: Frame) -> None:
    """Settle what has not been dispatched in the scope and in those inside of it; what runs finishes."""
    _give_up_all(fold, [frame])


def give_up_inside(fold: Fold, frame: Frame, key: str) -> None:
    """The same for the scopes of a loop, group or script."""
    _give_up_all(fold, _inside(fold, frame, key))


def _give_up_all(fold: Fold, scopes: list[Frame]) -> None:
    for scope in scopes:  # grows while it is read
        for key, task in tuple(scope.tasks.items()):
            if scope.body.planned(key).always:
                continue
            container = task.loop or task.script
            if container is not None and task.status is TaskStatus.RUNNING:
                container.given_up = True
                then = fold.agenda if task.script is None else fold.last
                then.append(Advance(scope, key))
                scopes += _inside(fold, scope, key)
            elif not task.status.ended:
                _give_up_task(fold, scope, key)


def _inside(fold: Fold, frame: Frame, key: str) -> list[Frame]:
    loop = frame.tasks[key].loop
    inside = [scope for scope in loop.live.values() if scope is not None] if loop else []
    if frame.body.planned(key).role in _WHOLE and (whole := fold.state.frames.get(frame.path(key))):
        inside.append(whole)
    return inside


def _give_up_task(fold: Fold, frame: Frame, key: str) -> None:
    task, role = frame.tasks[key], frame.body.planned(key).role
    if task.status is TaskStatus.RETRYING and not role.serves and role is not Role.CONDITION:
        # What waits for another attempt has failed.
        fold.mark(frame, key, TaskStatus.FAILED)
        fold.settle(frame, key, ERROR_PORT)
    elif _is_idle(task, role):
        drop(fold, frame, key)


def drop(fold: Fold, frame: Frame, key: str) -> None:
    """A task that is not under way will not be done."""
    task, role = frame.tasks[key], frame.body.planned(key).role
    if task.pending:
        # A slot of its type that comes after all is given back.
        fold.state.slots.pop(frame.path(key), None)
    fold.mark(frame, key, TaskStatus.CANCELLED if task.attempt else TaskStatus.SKIPPED)
    owner = key.partition(":")[0]
    if role is Role.CONDITION and frame.parent is not None:
        fold.agenda.append(Advance(frame.parent, frame.owner))
    elif role in {Role.EXPAND, Role.COLLECT}:
        if loop := frame.tasks[owner].loop:
            loop.step = ""
        fold.agenda.append(Advance(frame, owner))
    elif role is Role.SLICE:
        if script := frame.tasks[owner].script:
            script.slicing = False
        fold.last.append(Advance(frame, owner))
    elif role.serves:
        fold.mark(frame, owner, TaskStatus.CANCELLED)
        fold.settle(frame, owner)
    else:
        fold.settle(frame, key)


def _is_idle(task: TaskState, role: Role) -> bool:
    """Whether nothing of it is in the hands of an executor or of another run."""
    match task.status:
        case TaskStatus.QUEUED:
            return task.pending
        case TaskStatus.RETRYING:
            return True
        case TaskStatus.WAITING:
            # As long as nothing is known of what it waits for, an executor looks at its config.
            return role is not Role.CHILD and task.waiting is not None
    return False
