"""Scripts: programs that say slice by slice which steps they want next, and hear what became of them.

Slices never overlap. One begins when something that was under way has settled, or when the program had more to ask for
and there is room. What a program leaves behind when it returns, throws or goes over to another state is given up the
way a failing scope gives up: what executors and child runs have in hand finishes, the rest is not waited for.
"""

from typing import Any

from pydantic import ValidationError

from gnatwork_engine.core.folding import Advance, Fold, barred
from gnatwork_engine.core.give_up import give_up_inside
from gnatwork_engine.core.script_state import ScriptState
from gnatwork_engine.core.settling import complete, fail
from gnatwork_engine.core.slices import room, rules
from gnatwork_engine.core.state import Frame, TaskState, Waiting
from gnatwork_engine.core.steps import add, forget, scope_of_steps, step_of
from gnatwork_schemas.control_block import Script
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import Sliced, slice_name
from gnatwork_schemas.payload import is_reference
from gnatwork_schemas.status import TaskStatus

#: What a step can be.
_KINDS = frozenset({"task", "delay", "wait", "workflow"})


def begin(fold: Fold, frame: Frame, key: str) -> None:
    """A script begins: its program runs for the first time."""
    task = fold.mark(frame, key, TaskStatus.RUNNING)
    task.attempt = 1
    task.queued_at = task.started_at = fold.event.at
    task.script = ScriptState(rules(frame.body.planned(key)).entry, fold.event.at)
    fold.state.frames[frame.path(key)] = scope_of_steps(fold.state, frame, key)
    fold.last.append(Advance(frame, key))


def advance(fold: Fold, frame: Frame, key: str) -> None:
    """Have the program go on, or go on without it."""
    # An item of a `for_each` that is over is gone.
    task = frame.tasks.get(key)
    script = task.script if task else None
    if task is None or script is None or script.slicing or task.status is not TaskStatus.RUNNING or task.waiting:
        return
    if script.leaving or barred(frame, key):
        if not script.open:
            _leave(fold, frame, key, script)
    elif script.told is None or script.settled > script.told or _has_more(script, rules(frame.body.planned(key))):
        _slice(fold, frame, key, script)
    elif not script.open:
        report(fold, frame, key, "script.stuck", f"`{script.function}` waits, but for none of its steps")


def sliced(fold: Fold, frame: Frame, key: str, output: Any) -> None:
    """The program has run as far as it could."""
    script = _script(frame, key)
    program = rules(frame.body.planned(key))
    room_of_slice = room(script, program)
    script.slicing = False
    fold.last.append(Advance(frame, key))
    wanted = _read(output)
    if wanted is None:
        report(fold, frame, key, "message.invalid", "the output of a slice is not what it ought to be")
    elif wanted.done:
        script.done, script.output, script.left_at = True, wanted.output, fold.event.sequence
        give_up_inside(fold, frame, key)
    elif script.leaving or barred(frame, key):
        # It is not to go on.
        return
    elif wanted.transition is None:
        _go_on(fold, frame, key, wanted, room_of_slice)
    elif script.asked < program.max_steps:
        script.next = wanted.transition
        give_up_inside(fold, frame, key)
    else:
        _report_length(fold, frame, key, program)


def step_settled(fold: Fold, frame: Frame, key: str) -> None:
    """What became of a step is for the program to know."""
    if frame.parent is None:
        return
    script, number = _script(frame.parent, frame.owner), int(key)
    sequence = frame.tasks[key].sequence or fold.event.sequence
    digest, name, *_ = script.past[number - script.first]
    script.past[number - script.first] = digest, name, sequence, script.settled
    script.settled += 1
    forget(fold, frame, key)
    fold.last.append(Advance(frame.parent, frame.owner))


def fail_script(fold: Fold, frame: Frame, key: str, error: ErrorInfo, sequence: int) -> None:
    """The program has thrown, or can't go on."""
    script = _script(frame, key)
    script.slicing, frame.tasks[key].waiting = False, None
    fold.mark(frame, key, TaskStatus.RUNNING)
    script.error = error if error.task else error.model_copy(update={"task": frame.path(key)})
    script.left_at = sequence
    give_up_inside(fold, frame, key)
    fold.last.append(Advance(frame, key))


def report(fold: Fold, frame: Frame, key: str, code: str, message: str) -> None:
    """The script can't go on: that becomes an event, and with it the script fails."""
    frame.tasks[key].waiting = Waiting(trouble=ErrorInfo(code=code, message=message))
    fold.oblige(frame, key)


def _read(output: Any) -> Sliced | None:
    """What a slice yielded; None for what is none, nor for a reference, for nothing of it may lie apart."""
    try:
        return None if is_reference(output) else Sliced.model_validate(output)
    except ValidationError:
        return None


def _go_on(fold: Fold, frame: Frame, key: str, wanted: Sliced, room_of_slice: int) -> None:
    """Begin what the program asks for."""
    script = _script(frame, key)
    program = rules(frame.body.planned(key))
    if len(wanted.steps) > room_of_slice or any(step.block.kind not in _KINDS for step in wanted.steps):
        report(fold, frame, key, "message.invalid", "a slice asks for steps that are too many, or no steps")
        return
    steps = fold.state.frames[frame.path(key)]
    for step in wanted.steps:
        number = str(script.first + len(script.past))
        script.past.append((step.digest, step.name, None, None))
        add(steps, step_of(step.block.model_copy(update={"id": number}), step.deferred))
        steps.tasks[number] = TaskState()
        fold.begin(steps, number)
    # Whoever had room and asked for nothing would do so again.
    script.more = wanted.more and (bool(wanted.steps) or not room_of_slice)
    if script.more and script.asked >= program.max_steps:
        _report_length(fold, frame, key, program)


def _has_more(script: ScriptState, program: Script) -> bool:
    return script.more and script.open < program.concurrency


def _slice(fold: Fold, frame: Frame, key: str, script: ScriptState) -> None:
    """The program runs on, with all that is known now."""
    frame.tasks.pop(slice_name(key, script.slices - 1), None)
    script.seen, script.told = script.told, script.settled
    script.slicing, script.more = True, False
    name = slice_name(key, script.slices)
    script.slices += 1
    frame.tasks[name] = TaskState()
    fold.begin(frame, name)


def _leave(fold: Fold, frame: Frame, key: str, script: ScriptState) -> None:
    """Nothing of the present state is under way any more."""
    if script.next is not None and not barred(frame, key) and not script.given_up:
        _enter(fold, frame, key, script)
        return
    if not fold.plan.keep_all:
        fold.state.frames.pop(frame.path(key), None)
        frame.tasks.pop(slice_name(key, script.slices - 1), None)
        frame.tasks[key].script = None
    if script.error is not None:
        fail(fold, frame, key, script.error, script.left_at)
    elif script.done:
        complete(fold, frame, key, script.output, script.left_at)
    else:
        fold.mark(frame, key, TaskStatus.CANCELLED)
        fold.settle(frame, key)


def _enter(fold: Fold, frame: Frame, key: str, script: ScriptState) -> None:
    """The program begins anew in its next state."""
    if script.next is None:
        return
    script.function, script.memory = script.next.function, script.next.memory
    script.next, script.began_at = None, fold.event.at
    script.transitions += 1
    script.first += len(script.past)
    script.past, script.settled, script.told = [], 0, None
    fold.last.append(Advance(frame, key))


def _report_length(fold: Fold, frame: Frame, key: str, program: Script) -> None:
    message = f"it has taken {program.max_steps} steps and transitions, which is its `max_steps`"
    report(fold, frame, key, "script.too_long", message)


def _script(frame: Frame, key: str) -> ScriptState:
    script = frame.tasks[key].script
    if script is None:
        raise LookupError(frame.path(key))
    return script
