"""The fold: each kind of event has its place here and its meaning in the module of its construct."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gnatwork_engine.core import attempts, children, finish, gates, outcome, pause, waits
from gnatwork_engine.core.agenda import work_off
from gnatwork_engine.core.event import Event
from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.start import new_run
from gnatwork_engine.core.state import RunState
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import MessageError
from gnatwork_schemas.messages import (
    CancelRequest,
    ChildEnded,
    Error,
    LimitGranted,
    LimitRefused,
    Message,
    Output,
    PauseRequest,
    ResumeRequest,
    Signal,
    Start,
    TimerFired,
)


def apply(plan: Plan, state: RunState | None, event: Event, reuse: Mapping[str, int] | None = None) -> RunState:
    """Fold an event into the state, which is changed in place and given back.

    Events come in the order of the stream. One at or below the state's sequence has been folded in already and
    changes nothing; neither does anything after a run's end. `MessageError` for a first event that is no start.
    `reuse` is what the start refers to under `reuse.stored`.
    """
    if state is None:
        if not isinstance(event.body, Start):
            raise MessageError(f"the history of {event.base} does not begin with a start")
        known = event.body.reuse.tasks if event.body.reuse else {}
        state = new_run(plan, event, event.body, reuse or known)
        fold = Fold(plan, state, event)
        gates.arrive(fold)
    else:
        if event.sequence <= state.sequence:
            return state
        state.sequence = event.sequence
        if state.ended:
            return state
        fold = Fold(plan, state, event)
        if event.name in subjects.ENDS and event.body is not None:
            finish.ended(fold, event.body)
            return state
        if handle := _HANDLERS.get(type(event.body)):
            handle(fold, event.body)
    if fold.agenda or fold.last:
        work_off(fold)
    state.status = finish.status_of(state)
    return state


def fold(plan: Plan, events: Iterable[Event], reuse: Mapping[str, int] | None = None) -> RunState | None:
    """The state after all these events; None without any."""
    state: RunState | None = None
    for event in events:
        state = apply(plan, state, event, reuse)
    return state


def _signalled(fold: Fold, signal: Signal) -> None:
    if not fold.state.closing:
        waits.signalled(fold, signal)


def _child_ended(fold: Fold, body: ChildEnded) -> None:
    if found := fold.state.find(body.task):
        children.ended(fold, *found, body)


def _granted(fold: Fold, grant: LimitGranted) -> None:
    if grant.task is None:
        gates.granted(fold, grant)
    else:
        attempts.granted(fold, grant)


def _resumed(fold: Fold, _: ResumeRequest) -> None:
    for timer, sequence in pause.resume(fold):
        _fired(fold, timer, sequence)


def _fired(fold: Fold, timer: str, sequence: int) -> None:
    state = fold.state
    state.timers.discard(timer)
    if state.closing:
        return
    if timer == gates.RUN_TIMEOUT:
        finish.time_out(fold)
    elif state.paused:
        state.held_timers.append((timer, sequence))
    elif timer == gates.BEGIN_TIMER:
        gates.pass_gate(fold, gates.AT)
    else:
        _due(fold, timer, sequence)


def _due(fold: Fold, timer: str, sequence: int) -> None:
    kind, _, rest = timer.partition("-")
    path, _, attempt = rest.rpartition("-")
    number = int(attempt) if attempt.isdecimal() else 0
    match kind:
        case "retry":
            outcome.retry_due(fold, path, number)
        case "delay" | "wait":
            waits.due(fold, rest, sequence)
        case "workflow":
            children.due(fold, path, number)
        case _:
            pass


#: Of events that change something. Claims and timers being set do not; a second start is refused by the server.
_HANDLERS: dict[type[Message | None], Callable[[Fold, Any], None]] = {
    Output: outcome.succeeded,
    Error: outcome.failed,
    TimerFired: lambda fold, body: _fired(fold, body.timer, fold.event.sequence),
    Signal: _signalled,
    ChildEnded: _child_ended,
    LimitGranted: _granted,
    LimitRefused: gates.refused,
    CancelRequest: lambda fold, body: finish.cancel(fold, body.reason),
    PauseRequest: lambda fold, _: pause.pause(fold),
    ResumeRequest: _resumed,
}
