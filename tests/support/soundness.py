"""What must hold of the state of a run after any event."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from gnatwork_engine.core import Event, Plan, RunState, decide, fold, run_summary
from gnatwork_engine.core.actions import Acquire, Dispatch, ReportError, SetTimer
from gnatwork_engine.core.folding import barred
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.script_state import ScriptState
from gnatwork_engine.core.snapshot import freeze, thaw
from gnatwork_engine.core.state import UNDO, Frame, TaskState
from gnatwork_schemas.implicit import is_slice
from gnatwork_schemas.status import TaskStatus


def frozen(state: RunState) -> Any:
    """A snapshot, as it would be read again."""
    return orjson.loads(orjson.dumps(freeze(state)))


def check_sound(plan: Plan, state: RunState, full: RunState, events: Sequence[Event]) -> None:
    """Everything; `full` is the same state of a plan that keeps all."""
    check_counters(state)
    check_counters(full)
    same = run_summary(state), run_summary(full)
    assert same[0] == same[1], "a plan that keeps all counts otherwise"
    if state.ended:
        return
    now = frozen(state)
    assert frozen(thaw(plan, now)) == now, "a snapshot is not the state"
    anew = fold(plan, events)
    assert anew is not None
    assert frozen(anew) == now, "a fold from the beginning comes to another state"
    frozen(full)
    check_obligations(plan, state, events)
    check_nothing_left(state)
    check_alive(state)


def tasks_of(state: RunState) -> Iterator[tuple[Frame, str, TaskState]]:
    """All tasks that the state knows, with their scopes."""
    for frame in state.frames.values():
        for key, task in frame.tasks.items():
            yield frame, key, task


def check_counters(state: RunState) -> None:
    """What is counted on the way is what is there."""
    statuses = [task.status for _, _, task in tasks_of(state)]
    active = sum(status in {TaskStatus.QUEUED, TaskStatus.RETRYING} for status in statuses)
    assert state.active == active, "tasks that are queued or retrying"
    assert state.waiting == statuses.count(TaskStatus.WAITING), "tasks that wait"
    assert state.kept_signals == sum(map(len, state.signals.values())), "signals that are kept"
    for name, frame in state.frames.items():
        if frame.body.single is None and name != UNDO:
            open_ = sum(not frame.tasks[key].status.ended for key in frame.body.members)
            assert frame.unsettled == open_, f"unsettled tasks of {name or 'the run'}"


def check_obligations(plan: Plan, state: RunState, events: Sequence[Event]) -> None:
    """Whatever is open is called for by the event that made it so, and by no other."""
    by_sequence = {event.sequence: event for event in events}
    open_ = {frame.path(key): task for frame, key, task in tasks_of(state) if _is_open(task)}
    caused = {path: sequence for sequence, paths in state.caused.items() for path in paths}
    assert caused == {path: task.cause for path, task in open_.items()}, "what is open and what is said to be"
    assert all(state.caused.values()), "an event that calls for nothing is remembered"
    for sequence in state.caused:
        actions = decide(plan, state, by_sequence[sequence])
        asked = {
            action.task for action in actions if isinstance(action, Dispatch | ReportError | Acquire) and action.task
        }
        timers = [action.id for action in actions if isinstance(action, SetTimer)]
        for path in state.caused[sequence]:
            asked_again = path in asked or any(f"-{path}" in timer for timer in timers)
            assert asked_again, f"{path} would be lost"


def check_nothing_left(state: RunState) -> None:
    """Nothing is remembered that is over."""
    assert all(state.waiters.values())
    assert all(state.signals.values())
    waiting = {
        (task.waiting.signal, frame.path(key))
        for frame, key, task in tasks_of(state)
        if task.status is TaskStatus.WAITING and task.waiting and task.waiting.signal
    }
    assert waiting == {(name, path) for name, paths in state.waiters.items() for path in paths}, "who waits for signals"
    assert not any(name in state.signals for name in state.waiters), "a signal that someone waits for is kept"
    for path in state.slots:
        found = state.find(path)
        assert found, f"the slot of {path}, which is no more"
        stopped = state.closing is not None and state.closing.interrupts
        assert stopped or not found[0].tasks[found[1]].status.ended, f"the slot of {path}, which is over"
    for frame, key, task in tasks_of(state):
        if frame.body.single is not None and not state.closing and not state.tail:
            item = frame.tasks.get(key.partition(":")[0])
            assert item is not None, f"{frame.path(key)} outlives its item"
            assert not item.status.ended, f"{frame.path(key)} is over"
        if not task.status.ended and task.status is not TaskStatus.PENDING:
            _check_under_way(state, frame, key, task)


def check_alive(state: RunState) -> None:
    """A run that has not come to its end waits for something."""
    if state.closing or state.gates:
        return
    under_way = [task for _, _, task in tasks_of(state) if not task.status.ended]
    assert any(task.status is not TaskStatus.PENDING for task in under_way), "nothing is under way any more"
    for frame, key, task in tasks_of(state):
        if not task.status.ended and task.status is not TaskStatus.PENDING and barred(frame, key):
            _check_finishing(frame, key, task)
        if task.loop is not None and task.status is TaskStatus.RUNNING:
            rules = frame.body.planned(key).block.loop
            assert len(task.loop.live) <= (rules.concurrency if rules else 1), f"{key} does more at once than it may"
        if task.script is not None and task.status is TaskStatus.RUNNING:
            _check_script(state, frame, key, task.script)


def _check_script(state: RunState, frame: Frame, key: str, script: ScriptState) -> None:
    """A program is told of each step once, one slice at a time, and does no more than it may."""
    path, program = frame.path(key), frame.body.planned(key).block.script
    assert program is not None
    assert script.open <= program.concurrency, f"{path} takes more steps at once than it may"
    assert script.asked <= program.max_steps, f"{path} takes more steps than it may"
    settled = [number for number, step in enumerate(script.past, script.first) if step[3] is not None]
    assert script.settled == len(settled), f"{path} has not counted what is settled"
    slices = [name for name, task in frame.tasks.items() if is_slice(name) and not task.status.ended]
    own = [name for name in slices if name.startswith(f"{key}:")]
    assert len(own) == int(script.slicing), f"{path} has slices beside each other"
    steps = state.frames[path]
    known = {name for name in steps.tasks if ":" not in name}
    open_ = {str(number) for number in range(script.first, script.first + len(script.past))} - {*map(str, settled)}
    assert known == open_, f"{path} knows other steps than those that are open"
    assert {name for name in steps.body.blocks if ":" not in name} == open_, f"{path} keeps what is settled"


def _check_finishing(frame: Frame, key: str, task: TaskState) -> None:
    """Where the scope fails, only what is in the hands of others is waited for."""
    path = frame.path(key)
    assert task.status is not TaskStatus.RETRYING, f"{path} is to be tried again"
    assert not task.pending, f"{path} is to begin"
    if task.status is TaskStatus.WAITING and frame.body.planned(key).role is not Role.CHILD:
        assert task.waiting is None, f"{path} is waited for"


def _check_under_way(state: RunState, frame: Frame, key: str, task: TaskState) -> None:
    """What is under way waits for something that has a name."""
    role, path = frame.body.planned(key).role, frame.path(key)
    if task.cause:
        return
    match task.status:
        case TaskStatus.QUEUED:
            assert task.pending, f"{path} is queued by no event"
            assert state.paused, f"{path} does not begin"
            assert path in state.held, f"{path} is held by nothing"
        case TaskStatus.RUNNING if task.script is not None:
            assert task.script.open or task.script.slicing, f"{path} goes on no more"
        case TaskStatus.RUNNING if task.loop is not None:
            assert task.loop.live or task.loop.step, f"{path} goes round no more"
        case TaskStatus.RUNNING:
            steps = [step for name, step in frame.tasks.items() if name in {f"{key}:start", f"{key}:result"}]
            assert role is Role.CHILD
            assert any(not step.status.ended for step in steps), f"{path} runs nothing"
        case TaskStatus.WAITING:
            step = frame.tasks.get(f"{key}:render")
            asks = step is not None and not step.status.ended
            told = task.waiting is not None and (task.waiting.signal or task.waiting.child)
            assert asks or told, f"{path} waits for nothing"
        case status:
            raise AssertionError(f"{path} is {status} by no event")


def _is_open(task: TaskState) -> bool:
    if task.waiting is not None and task.waiting.trouble is not None:
        return True
    match task.status:
        case TaskStatus.QUEUED if task.pending:
            return bool(task.cause)
        case TaskStatus.QUEUED | TaskStatus.RETRYING:
            return True
        case TaskStatus.WAITING:
            return task.waiting is not None and task.waiting.due is not None
    return False
