"""Ends: what a run comes to when all its tasks are settled, or when it is stopped."""

from gnatwork_engine.core.event import Event
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


def close_if_settled(plan: Plan, state: RunState, event: Event) -> None:
    """Bind a run whose tasks are all settled for its end."""
    if state.unsettled or state.closing:
        return
    if state.failing:
        body: Complete | Failed = Failed(error=state.failing)
    else:
        body = _yield(plan, state)
    name = subjects.COMPLETE if isinstance(body, Complete) else subjects.FAILED
    state.closing = Closing(event.sequence, name, body, interrupts=False)


def cancel(state: RunState, event: Event, reason: str) -> None:
    """Stop the run on request, unless it is bound for an end already."""
    _interrupt(state, event, subjects.CANCELLED, Cancelled(reason=reason))


def time_out(plan: Plan, state: RunState, event: Event) -> None:
    """Stop the run because its time is up."""
    _interrupt(state, event, subjects.TIMED_OUT, TimedOut(timeout=plan.control_block.timeout or 0.0))


def ended(state: RunState, event: Event, body: Message) -> None:
    """An end is stored: the first one counts."""
    state.end = body
    state.ended_at = event.at
    state.end_sequence = event.sequence
    state.status = END_STATUS[event.name]
    state.caused.clear()


def _interrupt(state: RunState, event: Event, name: str, body: Message) -> None:
    if state.closing:
        return
    state.closing = Closing(event.sequence, name, body, interrupts=True)
    for task in state.tasks.values():
        if not task.status.ended:
            task.status = TaskStatus.CANCELLED
            task.ended_at = event.at


def _yield(plan: Plan, state: RunState) -> Complete | Failed:
    """What the run yields: its `output`, else the reply to its caller, else what nothing depends on."""
    if plan.output:
        renderer = plan.output
    elif completed := _completed(state, plan.responses):
        renderer = value_at("blocks", completed[0], "body")
    else:
        renderer = values_of(_completed(state, plan.sinks))
    try:
        output, deferred = renderer.render(state.scope)
    except TemplateError as error:
        return Failed(error=ErrorInfo(code=error.code, message=f"the run's output: {error}"))
    return Complete(output=output, deferred=deferred)


def _completed(state: RunState, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if state.tasks[name].status is TaskStatus.COMPLETED)
