"""The tail of a run that fails: compensations in reverse order, one at a time, then `on_failure`, then the end."""

from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.loops import begin_blocks
from gnatwork_engine.core.plan import ON_FAILURE, Body
from gnatwork_engine.core.scope import failure_scope
from gnatwork_engine.core.state import UNDO, Closing, Frame, Tail, TaskState
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Failed, Message, TimedOut, Undone
from gnatwork_schemas.status import TaskStatus

#: Failed compensations that the end tells of.
_TOLD = 20
#: Characters that it has for the message of each.
_MESSAGE = 1000


def has_tail(fold: Fold) -> bool:
    """Whether anything comes between the failure of the run and its end."""
    return bool(fold.state.undos) or fold.plan.on_failure is not None


def begin(
    fold: Fold,
    event: str,
    error: ErrorInfo | None,
    stopped: tuple[tuple[str, int], ...] = (),
    children: tuple[tuple[str, str], ...] = (),
) -> None:
    """The run is bound for this end; first what it did is undone."""
    state = fold.state
    # Nothing of it is under way any more, so the slots may serve what undoes it.
    slots, state.slots = tuple(state.slots.items()), {}
    state.tail = Tail(event, error, list(state.undos.values()), fold.event.sequence, stopped, slots, children)
    planned = {undo.path: undo.planned for undo in state.undos.values()}
    state.frames[UNDO] = Frame("", Body(blocks=planned), state.root.scope, {}, {}, 0, begun=True)
    _go_on(fold, state.tail)


def settled(fold: Fold, frame: Frame, key: str) -> None:
    """A compensation is over."""
    state, tail, task = fold.state, fold.state.tail, frame.tasks[key]
    if tail is None or not tail.undos or tail.undos[-1].path != key:
        return
    block = tail.undos.pop().block
    if not fold.plan.keep_all:
        state.count(block, task.status)
        del frame.tasks[key]
    if task.status is TaskStatus.COMPLETED:
        tail.compensated += 1
    else:
        _note_failure(tail, task.error, key)
    if not state.closing:
        _go_on(fold, tail)


def handled(fold: Fold, frame: Frame) -> None:
    """The blocks of `on_failure` are settled."""
    tail = fold.state.tail
    if tail is not None and not fold.state.closing:
        tail.handler_error = frame.failing
        _end(fold, tail)


def _go_on(fold: Fold, tail: Tail) -> None:
    state = fold.state
    frame = state.frames[UNDO]
    if tail.undos:
        undo = tail.undos[-1]
        frame.tasks[undo.path] = TaskState()
        fold.begin(frame, undo.path)
    elif fold.plan.on_failure is not None and not tail.handling:
        tail.handling = True
        _handle(fold, tail, fold.plan.on_failure)
    else:
        _end(fold, tail)


def _handle(fold: Fold, tail: Tail, body: Body) -> None:
    outputs = dict[str, object]()
    scope = failure_scope(fold.state.root.scope, outputs, tail.error)
    tasks = {name: TaskState(open=len(body.blocks[name].block.needs)) for name in body.members}
    frame = Frame(f"{ON_FAILURE}/", body, scope, outputs, tasks, len(tasks))
    fold.state.frames[ON_FAILURE] = frame
    begin_blocks(fold, frame)


def _end(fold: Fold, tail: Tail) -> None:
    undone = Undone(
        compensated=tail.compensated,
        failed=tuple(tail.failed),
        failures=tail.failures,
        on_failure=tail.handler_error,
    )
    body: Message
    if tail.event == subjects.TIMED_OUT or tail.error is None:
        body = TimedOut(timeout=fold.plan.control_block.timeout or 0.0, undone=undone)
    else:
        body = Failed(error=tail.error, undone=undone)
    fold.state.closing = Closing(fold.event.sequence, tail.event, body, interrupts=False)


def _note_failure(tail: Tail, error: ErrorInfo | None, path: str) -> None:
    tail.failures += 1
    if error is not None and len(tail.failed) < _TOLD:
        # All of them have to fit into the end.
        brief = {"task": path, "details": None, "message": error.message[:_MESSAGE]}
        tail.failed.append(error.model_copy(update=brief))
