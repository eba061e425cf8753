"""Outcomes: an attempt succeeded or failed."""

from gnatwork_engine.core.event import Event
from gnatwork_engine.core.finish import close_if_settled
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.ready import settle
from gnatwork_engine.core.retry import next_delay
from gnatwork_engine.core.state import RunState, TaskState
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error, Outcome, Output
from gnatwork_schemas.status import TaskStatus

_RETRY = "retry-"


def retry_timer(task: str, attempt: int) -> str:
    """The timer that begins an attempt of a task."""
    return f"{_RETRY}{task}-{attempt}"


def succeeded(plan: Plan, state: RunState, event: Event, output: Output) -> None:
    """The task is completed."""
    if (task := _attempted(state, output)) is None:
        return
    _note(task, output)
    _complete(plan, state, event, output.task, output.output)


def failed(plan: Plan, state: RunState, event: Event, outcome: Error) -> None:
    """The task is tried again, or has failed and the run goes on, goes another way, or fails."""
    if (task := _attempted(state, outcome)) is None:
        return
    _note(task, outcome)
    task.error = outcome.error
    name, planned = outcome.task, plan.blocks[outcome.task]
    key = f"{state.address.run_id}/{name}"
    delay = next_delay(planned.block.retry, outcome.error, outcome.attempt, key)
    if delay is not None and state.failing is None:
        task.status = TaskStatus.RETRYING
        task.cause = event.sequence
        task.due = event.at + delay
        state.caused.setdefault(event.sequence, []).append(name)
        state.timers.add(retry_timer(name, task.attempt + 1))
    elif planned.block.on_error == "continue":
        _complete(plan, state, event, name, {"error": _error_value(outcome.error)})
    else:
        _fail(plan, state, event, name, outcome.error)
        close_if_settled(plan, state, event)


def retry_due(state: RunState, timer: str) -> str | None:
    """The task whose next attempt `timer` begins, or None: it has become irrelevant."""
    name = timer.removeprefix(_RETRY).rpartition("-")[0]
    task = state.tasks.get(name)
    if task and task.status is TaskStatus.RETRYING and timer == retry_timer(name, task.attempt + 1):
        return name
    return None


def _attempted(state: RunState, outcome: Outcome) -> TaskState | None:
    """The task, if this is the first outcome of its current attempt."""
    task = state.tasks.get(outcome.task)
    if task is None or task.status is not TaskStatus.QUEUED or task.attempt != outcome.attempt:
        return None
    return task


def _note(task: TaskState, outcome: Outcome) -> None:
    task.started_at = outcome.started_at
    task.executor = outcome.executor


def _complete(plan: Plan, state: RunState, event: Event, name: str, output: object) -> None:
    task = state.tasks[name]
    task.status = TaskStatus.COMPLETED
    task.ended_at = event.at
    if name in plan.kept:
        state.outputs[name] = output
    settle(plan, state, name, DEFAULT_PORT, event)
    close_if_settled(plan, state, event)


def _fail(plan: Plan, state: RunState, event: Event, name: str, error: ErrorInfo) -> None:
    task = state.tasks[name]
    task.status = TaskStatus.FAILED
    task.ended_at = event.at
    if not plan.blocks[name].caught and state.failing is None:
        state.failing = error.model_copy(update={"task": name})
        _give_up_retries(plan, state, event)
    settle(plan, state, name, ERROR_PORT, event)


def _give_up_retries(plan: Plan, state: RunState, event: Event) -> None:
    """Nothing new is dispatched in a run that fails: what waits for another attempt has failed as well."""
    for name, task in state.tasks.items():
        if task.status is TaskStatus.RETRYING:
            task.status = TaskStatus.FAILED
            task.ended_at = event.at
            settle(plan, state, name, ERROR_PORT, event)


def _error_value(error: ErrorInfo) -> dict[str, object]:
    return error.model_dump(exclude_none=True)
