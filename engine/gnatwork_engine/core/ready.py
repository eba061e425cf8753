"""Order: which blocks may run, and which never will, once others have settled."""

from collections import deque
from enum import Enum

from gnatwork_engine.core.event import Event
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.state import RunState, TaskState
from gnatwork_schemas.definition import Join
from gnatwork_schemas.status import TaskStatus


class Verdict(Enum):
    """What becomes of a block that has not begun."""

    WAIT = "wait"
    RUN = "run"
    SKIP = "skip"


def verdict(join: Join, task: TaskState) -> Verdict:
    """Whether the needs of a block are met, can still be met, or never will be."""
    if join == "any" and task.taken:
        return Verdict.RUN
    if task.open:
        return Verdict.WAIT
    if join == "always":
        return Verdict.RUN
    if task.refused or not task.taken:
        return Verdict.SKIP
    return Verdict.RUN


def queue(state: RunState, name: str, event: Event) -> None:
    """Begin the next attempt of a task."""
    task = state.tasks[name]
    task.status = TaskStatus.QUEUED
    task.attempt += 1
    task.cause = event.sequence
    if task.queued_at is None:
        task.queued_at = event.at
    state.caused.setdefault(event.sequence, []).append(name)


def settle(plan: Plan, state: RunState, name: str, port: str | None, event: Event) -> None:
    """A task is over and has taken `port`, or was skipped (None): go on with what waits for it."""
    settled: deque[tuple[str, str | None]] = deque([(name, port)])
    while settled:
        name, port = settled.popleft()
        state.unsettled -= 1
        for dependent, wanted in plan.blocks[name].dependents:
            task = state.tasks[dependent]
            task.open -= 1
            if port == wanted:
                task.taken += 1
            elif port is not None:
                task.refused = True
            if task.status is not TaskStatus.PENDING:
                continue
            join = plan.blocks[dependent].block.join
            outcome = verdict(join, task)
            if outcome is Verdict.RUN and (state.failing is None or join == "always"):
                queue(state, dependent, event)
            elif outcome is not Verdict.WAIT:
                task.status = TaskStatus.SKIPPED
                task.ended_at = event.at
                settled.append((dependent, None))
