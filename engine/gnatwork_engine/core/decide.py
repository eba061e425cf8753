"""What an event calls for: the obligations that it caused and that are still open.

Because each obligation in the state remembers the event that caused it, the same question can be asked when the
event comes for the first time and when it is delivered again much later: what has been done by then is left out.
"""

from collections.abc import Iterator

from gnatwork_engine.core.actions import Action, Dispatch, DropTimer, End, PurgeTask, ReportError, SetTimer, StopWork
from gnatwork_engine.core.event import Event
from gnatwork_engine.core.outcome import retry_timer
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.scope import block_scope
from gnatwork_engine.core.start import RUN_TIMEOUT
from gnatwork_engine.core.state import RunState
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.status import TaskStatus


def decide(plan: Plan, state: RunState, event: Event) -> tuple[Action, ...]:
    """The actions that `event` calls for, given a state that has folded it in, and perhaps later events too.

    They are to be performed in order; the event is acknowledged once all of them are.
    """
    if state.ended:
        return tuple(_after_end(state, event))
    return tuple(_open(plan, state, event))


def _open(plan: Plan, state: RunState, event: Event) -> Iterator[Action]:
    for name in state.caused.get(event.sequence, ()):
        task = state.tasks[name]
        if task.cause != event.sequence:
            continue
        if task.status is TaskStatus.QUEUED:
            if task.attempt > 1:
                yield PurgeTask(name, task.attempt - 1)
            yield _attempt(plan, state, name)
        elif task.status is TaskStatus.RETRYING:
            yield SetTimer(retry_timer(name, task.attempt + 1), task.due)
    if event.sequence == state.start_sequence and RUN_TIMEOUT in state.timers:
        yield SetTimer(RUN_TIMEOUT, state.created_at + (plan.control_block.timeout or 0.0))
    closing = state.closing
    if closing and closing.cause == event.sequence:
        if closing.interrupts:
            yield StopWork()
        yield End(closing.event, closing.body)


def is_wanted(state: RunState, dispatch: Dispatch) -> bool:
    """Whether an attempt is still to be queued, by all that was folded in since it was decided."""
    task = state.tasks[dispatch.task]
    return not state.ended and task.status is TaskStatus.QUEUED and task.attempt == dispatch.attempt


def _attempt(plan: Plan, state: RunState, name: str) -> Dispatch | ReportError:
    task, planned = state.tasks[name], plan.blocks[name]
    block = planned.block
    try:
        config, deferred = planned.renderer.render(block_scope(state, planned))
    except TemplateError as error:
        return ReportError(name, task.attempt, ErrorInfo(code=error.code, message=str(error)))
    return Dispatch(
        name,
        block.type,
        task.attempt,
        block.retry.max_attempts,
        block.timeout,
        block.idempotent,
        config,
        deferred,
    )


def _after_end(state: RunState, event: Event) -> Iterator[Action]:
    """Nothing of an ended run may go on."""
    if event.sequence != state.end_sequence:
        return
    for timer in sorted(state.timers):
        yield DropTimer(timer)
    closing = state.closing
    if closing is None or closing.interrupts or closing.event != event.name:
        yield StopWork()
