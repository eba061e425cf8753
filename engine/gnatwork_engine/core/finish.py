"""Ends: what a run comes to when all its tasks are settled, or when it is stopped."""

from gnatwork_engine.core import undo
from gnatwork_engine.core.children import children_of, starting
from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.plan import Plan, value_at, values_of
from gnatwork_engine.core.state import Closing, RunState
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.messages import Cancelled, Complete, Failed, Message, TimedOut
from gnatwork_schemas.status import RunStatus, TaskStatus

#: The status that each end gives a run for ever.
END_STATUS = {
    subjects.COMPLETE: RunStatus.COMPLETED,
    subjects.FAILED: RunStatus.FAILED,
    subjects.CANCELLED: RunStatus.CANCELLED,
    subjects.TIMED_OUT: RunStatus.TIMED_OUT,
}


def close_if_settled(fold: Fold) -> None:
    """Bind a run whose tasks are all settled for its end."""
    state = fold.state
    if state.root.unsettled or state.closing or state.tail:
        return
    body: Complete | Failed
    body = Failed(error=state.root.failing) if state.root.failing else _yield(fold.plan, state)
    if isinstance(body, Failed) and undo.has_tail(fold):
        undo.begin(fold, subjects.FAILED, body.error)
        return
    name = subjects.COMPLETE if isinstance(body, Complete) else subjects.FAILED
    state.closing = Closing(fold.event.sequence, name, body, interrupts=False)


def cancel(fold: Fold, reason: str) -> None:
    """Stop the run on request, unless it is bound for an end already. Nothing is undone."""
    state = fold.state
    if state.closing:
        return
    children = (*children_of(state), *starting(state))
    _stop(fold)
    body = Cancelled(reason=reason)
    state.closing = Closing(fold.event.sequence, subjects.CANCELLED, body, interrupts=True, children=children)


def time_out(fold: Fold) -> None:
    """Stop the run because its time is up; what it did is undone."""
    state = fold.state
    if state.closing or state.tail:
        return
    children = (*children_of(state), *starting(state))
    stopped = _stop(fold)
    if undo.has_tail(fold):
        state.epoch += 1
        undo.begin(fold, subjects.TIMED_OUT, None, stopped, children)
        return
    body = TimedOut(timeout=fold.plan.control_block.timeout or 0.0)
    state.closing = Closing(fold.event.sequence, subjects.TIMED_OUT, body, interrupts=True, children=children)


def ended(fold: Fold, body: Message) -> None:
    """An end is stored: the first one counts."""
    state = fold.state
    state.end = body
    state.ended_at = fold.event.at
    state.end_sequence = fold.event.sequence
    state.status = END_STATUS[fold.event.name]
    state.caused.clear()


def status_of(state: RunState) -> RunStatus:
    """Where a run that has not ended stands."""
    if state.paused and not state.closing:
        return RunStatus.PAUSED
    if state.started_at is None:
        return RunStatus.PENDING
    if state.waiting and not state.active and not state.closing:
        return RunStatus.WAITING
    return RunStatus.RUNNING


def _stop(fold: Fold) -> tuple[tuple[str, int], ...]:
    """Cancel everything that is not settled; the attempts of it that may be queued."""
    stopped = []
    state = fold.state
    for frame in state.frames.values():
        for key, task in frame.tasks.items():
            if task.status.ended:
                continue
            if task.status is TaskStatus.QUEUED and task.attempt and not task.pending:
                stopped.append((frame.path(key), task.attempt))
            fold.mark(frame, key, TaskStatus.CANCELLED)
        frame.unsettled = 0
    fold.agenda.clear()
    fold.last.clear()
    state.held.clear()
    state.held_timers.clear()
    return tuple(stopped)


def _yield(plan: Plan, state: RunState) -> Complete | Failed:
    """What the run yields: its `output`, else the reply to its caller, else what nothing depends on."""
    if plan.output:
        renderer = plan.output
    elif completed := _completed(state, plan.responses):
        renderer = value_at("blocks", completed[0], "body")
    else:
        renderer = values_of(_completed(state, plan.root.sinks))
    try:
        output, deferred = renderer.render(state.root.scope)
    except TemplateError as error:
        return Failed(error=ErrorInfo(code=error.code, message=f"the run's output: {error}"))
    return Complete(output=output, deferred=deferred)


def _completed(state: RunState, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if state.root.tasks[name].status is TaskStatus.COMPLETED)
