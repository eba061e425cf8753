"""Loops and groups: a scope inside a scope, once per item, while a condition holds, or just once."""

from array import array
from typing import Any

from pydantic import ValidationError

from gnatwork_engine.core.folding import Advance, Fold, barred, failing
from gnatwork_engine.core.give_up import give_up_inside
from gnatwork_engine.core.plan import PlannedBlock
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.scope import inner_scope, item_scope, task_scope
from gnatwork_engine.core.settling import complete, fail
from gnatwork_engine.core.state import Frame, LoopState, TaskState, Waiting
from gnatwork_schemas.control_block import Loop
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import Expanded, Result
from gnatwork_schemas.status import TaskStatus

_GROUP = Loop(concurrency=1, max_iterations=1)


def begin(fold: Fold, frame: Frame, key: str) -> None:
    """A loop or group begins: first its items are stored, if it has any."""
    task = fold.mark(frame, key, TaskStatus.RUNNING)
    task.attempt = 1
    task.queued_at = task.started_at = fold.event.at
    task.loop = LoopState()
    planned = frame.body.planned(key)
    if planned.role is Role.GROUP:
        task.loop.count = 1
        fold.agenda.append(Advance(frame, key))
    elif settings(planned).over == "items":
        _step(fold, frame, key, "expand")
    else:
        fold.agenda.append(Advance(frame, key))


def expanded(fold: Fold, frame: Frame, key: str, output: Any) -> None:
    """The items are stored."""
    task, loop = _container(frame, key)
    loop.step = ""
    try:
        loop.items = Expanded.model_validate(output).items
    except ValidationError as error:
        report(fold, frame, key, "message.invalid", f"the output of {key}:expand: {error.errors()[0]['msg']}")
        return
    planned = frame.body.planned(key)
    if loop.items.count > settings(planned).max_iterations:
        message = f"it has {loop.items.count} items, more than its limit of {settings(planned).max_iterations}"
        report(fold, frame, key, "loop.too_many", message)
        return
    loop.count = loop.items.count
    if planned.role is Role.EACH and planned.body:
        loop.sequences = array("Q", bytes(8 * loop.count))
        scope = task_scope(frame, key)
        _open(fold, Frame(f"{frame.path(key)}/", planned.body, scope, {}, {}, 0, frame, key, begun=True))
    if task.status is TaskStatus.RUNNING:
        fold.agenda.append(Advance(frame, key))


def collected(fold: Fold, frame: Frame, key: str, output: Any, sequence: int) -> None:
    """The results are gathered: the loop or group completes."""
    _, loop = _container(frame, key)
    loop.step = ""
    complete(fold, frame, key, output, sequence)
    _forget(fold, frame, key)


def asked(fold: Fold, frame: Frame, output: Any) -> None:
    """A `while` or `until` has been answered for this iteration."""
    if frame.parent is None:
        return
    planned = frame.parent.body.planned(frame.owner)
    holds = isinstance(output, dict) and output.get("port") == "true"
    _, loop = _container(frame.parent, frame.owner)
    rules = settings(planned)
    if rules.over == "while" and holds and not failing(frame) and frame.index < rules.max_iterations:
        begin_blocks(fold, frame)
        return
    if rules.over == "while":
        # It never was an iteration.
        loop.begun = frame.index
        if holds and not failing(frame):
            _report_rounds(fold, frame.parent, frame.owner, rules)
        else:
            loop.count = loop.begun
        _close(fold, frame)
    else:
        if holds:
            loop.count = loop.begun
        iteration_done(fold, frame)


def fail_loop(fold: Fold, frame: Frame, key: str, error: ErrorInfo, sequence: int) -> None:
    """No further iteration begins; what runs finishes, then the loop fails."""
    _, loop = _container(frame, key)
    if loop.error is None:
        loop.error = error if error.task else error.model_copy(update={"task": frame.path(key)})
        loop.failed_at = sequence
        loop.step = ""
        give_up_inside(fold, frame, key)
    fold.agenda.append(Advance(frame, key))


def report(fold: Fold, frame: Frame, key: str, code: str, message: str) -> None:
    """The loop can't go on: that becomes an event, and with it the loop fails."""
    task, loop = _container(frame, key)
    loop.step = "report"
    task.waiting = Waiting(trouble=ErrorInfo(code=code, message=message))
    fold.oblige(frame, key)


def _report_rounds(fold: Fold, frame: Frame, key: str, rules: Loop) -> None:
    message = f"it has gone round {rules.max_iterations} times, which is its `max_iterations`"
    report(fold, frame, key, "loop.too_many", message)


def item_settled(fold: Fold, frame: Frame, key: str) -> None:
    """A task of a `for_each` is over."""
    if frame.parent is None:
        return
    index, task = int(key), frame.tasks[key]
    container, loop = _container(frame.parent, frame.owner)
    loop.live.pop(index, None)
    if task.status is not TaskStatus.CANCELLED:
        loop.sequences[index] = task.sequence
    _count(fold, frame, key)
    if not fold.plan.keep_all:
        del frame.tasks[key]
        for step in frame.body.blocks:
            # Named by the block, and here by the index.
            frame.tasks.pop(f"{key}:{step.partition(':')[2]}", None)
    planned = frame.parent.body.planned(frame.owner)
    if task.status is TaskStatus.FAILED and settings(planned).on_error == "fail" and task.error:
        error = task.error if task.error.task else task.error.model_copy(update={"task": frame.path(key)})
        fail_loop(fold, frame.parent, frame.owner, error, task.sequence)
    elif container.status is TaskStatus.RUNNING:
        fold.agenda.append(Advance(frame.parent, frame.owner))


def scope_settled(fold: Fold, frame: Frame) -> None:
    """All blocks of an iteration or group are settled."""
    if frame.parent is None:
        return
    planned = frame.parent.body.planned(frame.owner)
    if settings(planned).over == "until" and not failing(frame):
        ask(fold, frame, planned)
    else:
        iteration_done(fold, frame)


def iteration_done(fold: Fold, frame: Frame) -> None:
    """An iteration, or a group, is over."""
    if frame.parent is None:
        return
    _, loop = _container(frame.parent, frame.owner)
    planned = frame.parent.body.planned(frame.owner)
    if frame.failing is None:
        loop.results[frame.index] = _result(frame)
        loop.previous = frame.outputs
    elif settings(planned).on_error == "continue":
        loop.results[frame.index] = frame.failed_at
        loop.previous = frame.outputs
    else:
        fail_loop(fold, frame.parent, frame.owner, frame.failing, frame.failed_at)
    _close(fold, frame)


def advance(fold: Fold, frame: Frame, key: str) -> None:
    """Begin as many iterations as there is room for; after the last one gather the results."""
    task = frame.tasks[key]
    loop = task.loop
    if loop is None or task.status is not TaskStatus.RUNNING or loop.step:
        return
    planned = frame.body.planned(key)
    rules = settings(planned)
    if loop.error is not None or loop.given_up or barred(frame, key):
        _drop_unbegun(fold, loop)
        if not loop.live:
            _forget(fold, frame, key)
            if loop.error is not None:
                fail(fold, frame, key, loop.error, loop.failed_at)
            else:
                fold.mark(frame, key, TaskStatus.CANCELLED)
                fold.settle(frame, key)
        return
    while len(loop.live) < rules.concurrency and (loop.count is None or loop.begun < loop.count):
        if loop.begun >= rules.max_iterations and rules.over != "while":
            _report_rounds(fold, frame, key, rules)
            return
        _begin_iteration(fold, frame, key, planned)
    if not loop.live and loop.count is not None and loop.begun >= loop.count:
        _step(fold, frame, key, "collect")


def results(planned: PlannedBlock, loop: LoopState) -> Any:
    """What `collect` is to gather: an array for a loop, an object for a group."""
    if planned.role is Role.GROUP:
        return loop.results.get(0)
    if planned.role is Role.EACH:
        return [sequence or None for sequence in loop.sequences]
    return [loop.results.get(index) for index in range(loop.count or 0)]


def settings(planned: PlannedBlock) -> Loop:
    """How it goes round; a group does once."""
    return planned.block.loop or _GROUP


def ask(fold: Fold, frame: Frame, planned: PlannedBlock) -> None:
    """Have the condition of a loop answered in the scope of an iteration."""
    condition = planned.block.loop.condition if planned.block.loop else None
    if condition is not None:
        frame.tasks[condition.id] = TaskState()
        fold.begin(frame, condition.id)


def begin_blocks(fold: Fold, frame: Frame) -> None:
    """The blocks of a scope begin."""
    frame.begun = True
    for name in frame.body.starts:
        fold.begin(frame, name)


def _begin_iteration(fold: Fold, frame: Frame, key: str, planned: PlannedBlock) -> None:
    loop, body = frame.tasks[key].loop, planned.body
    if loop is None or body is None:
        return
    index = loop.begun
    loop.begun += 1
    path = frame.path(key)
    if planned.role is Role.EACH:
        loop.live[index] = None
        items = fold.state.frames[path]
        items.tasks[str(index)] = TaskState()
        fold.begin(items, str(index))
        return
    outer, outputs = task_scope(frame, key), dict[str, Any]()
    if planned.role is Role.GROUP:
        prefix, scope = f"{path}/", inner_scope(outer, outputs)
    else:
        prefix, scope = f"{path}/{index}/", item_scope(outer, loop, index, outputs)
    tasks = {name: TaskState(open=len(body.blocks[name].block.needs)) for name in body.members}
    inner = Frame(prefix, body, scope, outputs, tasks, len(tasks), frame, key, index)
    loop.live[index] = inner
    _open(fold, inner)
    if settings(planned).over == "while":
        ask(fold, inner, planned)
    else:
        begin_blocks(fold, inner)


def _drop_unbegun(fold: Fold, loop: LoopState) -> None:
    """Iterations whose `while` is not under way, and those that wait for an answer that will not come, are none."""
    for frame in tuple(loop.live.values()):
        if frame is None or (frame.begun and frame.unsettled):
            continue
        asking = [key for key, task in frame.tasks.items() if key.startswith(":") and not task.status.ended]
        if not asking:
            _close(fold, frame)


def _step(fold: Fold, frame: Frame, key: str, what: str) -> None:
    """Have an implicit task done."""
    _, loop = _container(frame, key)
    loop.step = what
    name = f"{key}:{what}"
    frame.tasks[name] = TaskState()
    fold.begin(frame, name)


def _result(frame: Frame) -> Result:
    """Where the outputs of the blocks that nothing depends on lie."""
    tasks = frame.tasks
    return {
        name: tasks[name].sequence or None for name in frame.body.sinks if tasks[name].status is TaskStatus.COMPLETED
    }


def _open(fold: Fold, frame: Frame) -> None:
    fold.state.frames[frame.prefix[:-1]] = frame


def _close(fold: Fold, frame: Frame) -> None:
    """A scope is no longer under way."""
    if frame.parent is None:
        return
    _, loop = _container(frame.parent, frame.owner)
    loop.live.pop(frame.index, None)
    if frame.begun:
        for key in frame.tasks:
            _count(fold, frame, key)
    if not fold.plan.keep_all or not frame.begun:
        fold.state.frames.pop(frame.prefix[:-1], None)
    fold.agenda.append(Advance(frame.parent, frame.owner))


def _forget(fold: Fold, frame: Frame, key: str) -> None:
    """A loop that is over needs neither its items nor its results."""
    if fold.plan.keep_all:
        return
    fold.state.frames.pop(frame.path(key), None)
    frame.tasks[key].loop = None
    for what in ("expand", "collect"):
        frame.tasks.pop(f"{key}:{what}", None)


def _count(fold: Fold, frame: Frame, key: str) -> None:
    """Remember of a task only that it was."""
    planned = frame.body.planned(key)
    if fold.plan.keep_all or planned.role.serves or planned.role is Role.CONDITION:
        return
    if planned.role is Role.EACH and frame.tasks[key].attempt:
        # Its items have been counted.
        return
    fold.state.count(frame.block_path(key), frame.tasks[key].status)


def _container(frame: Frame, key: str) -> tuple[TaskState, LoopState]:
    task = frame.tasks[key]
    if task.loop is None:
        raise LookupError(frame.path(key))
    return task, task.loop
