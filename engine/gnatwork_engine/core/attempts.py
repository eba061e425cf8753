"""Attempts: a task is given to executors, if need be once its type has room."""

from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.state import Frame
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import LimitGranted
from gnatwork_schemas.status import TaskStatus


def request(fold: Fold, frame: Frame, key: str) -> None:
    """Begin the next attempt of a task, or ask for a slot of its type first."""
    task = frame.tasks[key]
    if frame.body.planned(key).block.type_concurrency is None or task.reused:
        fold.queue(frame, key)
        return
    fold.mark(frame, key, TaskStatus.QUEUED)
    task.pending = True
    if task.queued_at is None:
        task.queued_at = fold.event.at
    fold.state.slots[frame.path(key)] = task.attempt + 1
    fold.oblige(frame, key)


def granted(fold: Fold, grant: LimitGranted) -> None:
    """The type of a task has room for its next attempt."""
    path = grant.task or ""
    if found := fold.state.find(path):
        task = found[0].tasks[found[1]]
        if not task.pending or grant.attempt != task.attempt + 1 or grant.attempt != fold.state.slots.get(path):
            return
        if fold.state.paused:
            # Others are not to wait for a run that does not go on: it asks again when it does.
            del fold.state.slots[path]
            fold.mark(*found, TaskStatus.QUEUED).pending = True
            fold.state.held.append(path)
        else:
            fold.queue(*found)


def type_key(type_: str) -> str:
    """The limit key of a block type: one for the whole installation."""
    return subjects.limit_key("type", "", "", type_)
