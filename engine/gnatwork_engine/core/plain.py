"""Plain types: their executors resolve nothing, so what the scheduler leaves open in a config is completed ahead.

An executor of the implicit task `render` does that, only where something is open. The complete config is part of the
run's history then, so it can hold neither a connection nor what is too large for a message.
"""

from typing import Any

from gnatwork_engine.core import attempts
from gnatwork_engine.core.dispatch import config_of
from gnatwork_engine.core.folding import Fold, barred
from gnatwork_engine.core.state import Frame, TaskState, Waiting
from gnatwork_engine.deferred import connections_of
from gnatwork_engine.render import Rendered
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.payload import INLINE_LIMIT, is_reference
from gnatwork_schemas.status import TaskStatus


def begin(fold: Fold, frame: Frame, key: str) -> None:
    """A task of a plain type begins its next attempt: with its config, or first an executor completes that."""
    task = frame.tasks[key]
    rendered = None if task.complete else _rendered(fold, frame, key)
    if rendered is None or not rendered.deferred:
        attempts.request(fold, frame, key)
        return
    fold.mark(frame, key, TaskStatus.WAITING)
    if task.queued_at is None:
        task.queued_at = fold.event.at
    if names := connections_of(rendered.config, rendered.deferred):
        message = f"a block of a plain type can't be given a connection, such as `{names[0]}`"
        _refuse(fold, frame, key, ErrorInfo(code="connection.misplaced", message=message))
        return
    step = f"{key}:render"
    frame.tasks[step] = TaskState()
    fold.begin(frame, step)


def completed(fold: Fold, frame: Frame, key: str, config: Any) -> None:
    """The config is complete: now the task can begin."""
    if barred(frame, key):
        fold.mark(frame, key, TaskStatus.CANCELLED)
        fold.settle(frame, key)
    elif is_reference(config):
        message = f"a block of a plain type takes a config of at most {INLINE_LIMIT:,} bytes, and this one has more"
        _refuse(fold, frame, key, ErrorInfo(code="payload.too_large", message=message))
    else:
        frame.tasks[key].complete = [config]
        fold.begin(frame, key)


def _rendered(fold: Fold, frame: Frame, key: str) -> Rendered | None:
    """The config as far as the scheduler can tell; None where it can't be rendered, which its attempt will say."""
    try:
        return config_of(fold.state, frame, key, frame.body.planned(key))
    except TemplateError:
        return None


def _refuse(fold: Fold, frame: Frame, key: str, error: ErrorInfo) -> None:
    task = frame.tasks[key]
    task.attempt = 1
    task.waiting = Waiting(trouble=error)
    fold.oblige(frame, key)
