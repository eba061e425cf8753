"""Why a run or a task does not go on, and what became of a run's compensations."""

from typing import Literal

from gnatwork_engine.core.gates import AT
from gnatwork_engine.core.state import RunState, TaskState
from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.messages import Failed, TimedOut, Undone
from gnatwork_schemas.status import TaskStatus, WaitingFor


def run_waits_for(state: RunState) -> WaitingFor | None:
    """The gate that a run is at; None once its blocks have begun."""
    if state.ended or state.closing or not state.gates:
        return None
    gate = state.gates[0]
    return WaitingFor.model_validate({"kind": gate, "at": state.start.at if gate == AT else None})


def task_waits_for(task: TaskState) -> WaitingFor | None:
    """What a task that has begun waits for; None when it does not."""
    if task.status is TaskStatus.RETRYING:
        return WaitingFor(kind="retry", at=task.due)
    if task.status is not TaskStatus.WAITING or (waiting := task.waiting) is None:
        return None
    if waiting.child is not None:
        return WaitingFor(kind="child", run_id=waiting.child[0])
    kind: Literal["signal", "time"] = "time" if waiting.signal is None else "signal"
    return WaitingFor(kind=kind, at=waiting.due, signal=waiting.signal)


def waiters_of(state: RunState, signal: str) -> tuple[ControlledBlock, ...]:
    """The blocks, and steps of programs, that wait for a signal now."""
    places = map(state.find, state.waiters.get(signal, ()))
    return tuple(frame.body.planned(key).block for frame, key in filter(None, places))


def undone(state: RunState) -> Undone | None:
    """What became of compensations and `on_failure`, once the run has ended."""
    return state.end.undone if isinstance(state.end, Failed | TimedOut) else None
