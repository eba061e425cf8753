"""What an event calls for: the obligations that it caused and that are still open.

Because each obligation in the state remembers the event that caused it, the same question can be asked when the
event comes for the first time and when it is delivered again much later: what has been done by then is left out.
"""

from collections.abc import Iterable, Iterator

from gnatwork_engine.core import gates
from gnatwork_engine.core.actions import (
    Acquire,
    Action,
    CancelRun,
    Dispatch,
    DropTimers,
    End,
    PurgeTask,
    Release,
    ReportError,
    Retire,
    SetTimer,
    StopEpoch,
    StopWork,
    TellParent,
)
from gnatwork_engine.core.attempts import type_key
from gnatwork_engine.core.children import children_of, failed_start, late_child, timer_of
from gnatwork_engine.core.dispatch import attempt_of
from gnatwork_engine.core.event import Event
from gnatwork_engine.core.lookup import planned_at
from gnatwork_engine.core.outcome import retry_timer
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.run_error import run_error
from gnatwork_engine.core.state import Frame, RunState
from gnatwork_engine.core.waits import timer_of as wait_timer
from gnatwork_schemas.messages import Error, LimitGranted, Output
from gnatwork_schemas.status import TaskStatus


def decide(plan: Plan, state: RunState, event: Event) -> tuple[Action, ...]:
    """The actions that `event` calls for, given a state that has folded it in, and perhaps later events too.

    They are to be performed in order; the event is acknowledged once all of them are.
    """
    if state.ended:
        return tuple(_after_end(plan, state, event))
    return _open(plan, state, event)


def is_wanted(state: RunState, dispatch: Dispatch) -> bool:
    """Whether an attempt is still to be queued, by all that was folded in since it was decided."""
    found = state.find(dispatch.task)
    if state.ended or found is None:
        return False
    task = found[0].tasks[found[1]]
    return task.status is TaskStatus.QUEUED and not task.pending and task.attempt == dispatch.attempt


def _open(plan: Plan, state: RunState, event: Event) -> tuple[Action, ...]:
    # Asked for each event, hence a list instead of generators within generators.
    actions: list[Action] = []
    sequence = event.sequence
    tail = state.tail
    if tail is not None and tail.cause == sequence:
        actions += _stopped(plan, state)
    for path in state.caused.get(sequence, ()):
        if (found := state.find(path)) is not None:
            _add_task(plan, state, *found, actions)
    if sequence == state.gate_cause and state.closing is None:
        actions += _gate(plan, state)
    if plan.concerns_others or type(event.body) is LimitGranted:
        actions += _answers(plan, state, event)
    closing = state.closing
    if closing is not None and closing.cause == sequence:
        if closing.interrupts:
            actions.append(StopWork())
        actions += _cancelled(closing.children)
        actions.append(End(closing.event, closing.body))
    return tuple(actions)


def _add_task(plan: Plan, state: RunState, frame: Frame, key: str, actions: list[Action]) -> None:
    """What the status of a task demands."""
    task, path = frame.tasks[key], frame.prefix + key
    waiting, status = task.waiting, task.status
    if waiting is not None and waiting.trouble is not None:
        # The other way round, the report would settle the task, and a child that could not be told yet would run on.
        if waiting.child:
            actions += _cancelled((waiting.child,))
        actions.append(ReportError(path, task.attempt, waiting.trouble))
    elif status is TaskStatus.QUEUED and task.pending:
        block = frame.body.planned(key).block
        slots = block.type_concurrency or 1
        actions.append(Acquire(type_key(block.type), "type", slots, None, "queue", path, task.attempt + 1))
    elif status is TaskStatus.QUEUED:
        if task.attempt > 1:
            actions.append(PurgeTask(path, task.attempt - 1))
        actions.append(attempt_of(plan, state, frame, key))
    elif status is TaskStatus.RETRYING:
        actions.append(SetTimer(retry_timer(path, task.attempt + 1), task.due))
    elif status is TaskStatus.WAITING and waiting is not None and waiting.due is not None:
        role = frame.body.planned(key).role
        timer = timer_of(path, task.attempt) if role is Role.CHILD else wait_timer(role, path)
        actions.append(SetTimer(timer, waiting.due))


def _gate(plan: Plan, state: RunState) -> Iterator[Action]:
    if not state.gates:
        if gates.RUN_TIMEOUT in state.timers:
            yield SetTimer(gates.RUN_TIMEOUT, (state.started_at or 0.0) + (plan.control_block.timeout or 0.0))
        return
    control_block, gate = plan.control_block, state.gates[0]
    if gate == gates.AT:
        yield SetTimer(gates.BEGIN_TIMER, state.start.at or 0.0)
    elif gate == gates.OVERLAP and (overlap := state.start.overlap):
        yield Acquire(state.limits[gate], "overlap", 1, None, gates.ON_OVERLAP[overlap])
    elif gate == gates.RATE and (rate := control_block.rate_limit):
        yield Acquire(state.limits[gate], "rate", rate.max, rate.per, "queue")
    elif gate == gates.CONCURRENCY and (limit := control_block.concurrency):
        yield Acquire(state.limits[gate], "concurrency", limit.max, None, limit.on_limit)


def _answers(plan: Plan, state: RunState, event: Event) -> Iterator[Action]:
    """What is owed to others, whether the event changed anything or not."""
    match event.body:
        case Output() | Error() as body:
            planned = planned_at(plan, state, body.task)
            if planned and planned.block.type_concurrency is not None:
                yield Release(type_key(planned.block.type), "type", body.task, body.attempt)
            if isinstance(body, Output) and (child := late_child(plan, state, body)):
                yield from _cancelled((child,))
            if isinstance(body, Error) and (child := failed_start(state, body)):
                yield from _cancelled((child,))
        case LimitGranted() as grant:
            if not _is_welcome(state, grant):
                yield Release(grant.key, grant.kind, grant.task, grant.attempt)
        case _:
            pass


def _is_welcome(state: RunState, grant: LimitGranted) -> bool:
    if state.ended:
        return False
    if grant.task is None:
        return state.limits.get(grant.kind) == grant.key
    return state.slots.get(grant.task) == grant.attempt


def _stopped(plan: Plan, state: RunState) -> Iterator[Action]:
    tail = state.tail
    if tail is None or not (tail.stopped or tail.children or state.epoch):
        return
    yield StopEpoch(state.epoch)
    for path, attempt in tail.stopped:
        yield PurgeTask(path, attempt)
    yield from _released(plan, state, tail.slots)
    yield from _cancelled(tail.children)


def _released(plan: Plan, state: RunState, slots: Iterable[tuple[str, int]]) -> Iterator[Action]:
    for path, attempt in slots:
        if planned := planned_at(plan, state, path):
            yield Release(type_key(planned.block.type), "type", path, attempt)


def _cancelled(children: tuple[tuple[str, str], ...]) -> Iterator[Action]:
    for run_id, workflow in children:
        yield CancelRun(run_id, workflow, "the run that waited for it no longer does")


def _after_end(plan: Plan, state: RunState, event: Event) -> Iterator[Action]:
    """Nothing of an ended run may go on."""
    if event.sequence != state.end_sequence:
        yield from _answers(plan, state, event)
        return
    if state.timers:
        yield DropTimers()
    closing = state.closing
    if closing is None or closing.interrupts or closing.event != event.name:
        yield StopWork()
    # What began the tail may still be owed, if the end came soon after it. A child that was about to be started when it
    # was to be cancelled may be there by now.
    tail = state.tail
    children = (*children_of(state), *(tail.children if tail else ()), *(closing.children if closing else ()))
    yield from _cancelled(tuple(dict.fromkeys(children)))
    for kind, key in state.limits.items():
        if kind != gates.RATE or kind in state.gates:
            yield Release(key, gates.KINDS[kind])
    yield from _released(plan, state, (*(tail.slots if tail else ()), *state.slots.items()))
    start = state.start
    if start.parent_history and start.parent_task:
        yield TellParent(start.parent_history, start.parent_task, event.name, run_error(state))
    yield Retire(plan.control_block.retention)
