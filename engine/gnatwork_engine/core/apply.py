"""The fold: each kind of event has its place here and its meaning in the module of its construct."""

from collections.abc import Iterable

from gnatwork_engine.core import finish, outcome
from gnatwork_engine.core.event import Event
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.ready import queue
from gnatwork_engine.core.start import RUN_TIMEOUT, begin
from gnatwork_engine.core.state import RunState
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import MessageError
from gnatwork_schemas.messages import CancelRequest, Error, Output, Start, TimerFired


def apply(plan: Plan, state: RunState | None, event: Event) -> RunState:
    """Fold an event into the state, which is changed in place and given back.

    Events come in the order of the stream. One at or below the state's sequence has been folded in already and
    changes nothing; neither does anything after a run's end. `MessageError` for a first event that is no start.
    """
    if state is None:
        if not isinstance(event.body, Start):
            raise MessageError(f"the history of {event.base} does not begin with a start")
        return begin(plan, event, event.body)
    if event.sequence <= state.sequence:
        return state
    state.sequence = event.sequence
    if state.ended:
        return state
    if event.name in subjects.ENDS and event.body is not None:
        finish.ended(state, event, event.body)
        return state
    match event.body:
        case Output() as body:
            outcome.succeeded(plan, state, event, body)
        case Error() as body:
            outcome.failed(plan, state, event, body)
        case TimerFired() as body:
            _fired(plan, state, event, body.timer)
        case CancelRequest() as body:
            finish.cancel(state, event, body.reason)
        case _:
            # Claims and timers being set change nothing; a second start is refused by the server.
            pass
    return state


def fold(plan: Plan, events: Iterable[Event]) -> RunState | None:
    """The state after all these events; None without any."""
    state: RunState | None = None
    for event in events:
        state = apply(plan, state, event)
    return state


def _fired(plan: Plan, state: RunState, event: Event, timer: str) -> None:
    state.timers.discard(timer)
    if state.closing:
        return
    if timer == RUN_TIMEOUT:
        finish.time_out(plan, state, event)
    elif (task := outcome.retry_due(state, timer)) is not None:
        queue(state, task, event)
