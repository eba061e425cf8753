"""Works off what follows from an event, one consequence after the other."""

from collections.abc import Callable

from gnatwork_engine.core import attempts, children, finish, loops, plain, ready, scripts, undo, waits
from gnatwork_engine.core.folding import Begin, Fold, Settle, failing
from gnatwork_engine.core.give_up import drop
from gnatwork_engine.core.plan import ON_FAILURE
from gnatwork_engine.core.roles import Role
from gnatwork_engine.core.state import UNDO, Frame


def work_off(fold: Fold) -> None:
    """Until nothing more follows."""
    agenda = fold.agenda
    while agenda or fold.last:
        if not agenda:
            scripts.advance(fold, *fold.last.popleft())
            continue
        item = agenda.popleft()
        if type(item) is Settle:
            _settled(fold, item)
        elif type(item) is Begin:
            _begin(fold, item.frame, item.key)
        else:
            loops.advance(fold, item.frame, item.key)


def _begin(fold: Fold, frame: Frame, key: str) -> None:
    task, planned = frame.tasks[key], frame.body.planned(key)
    if not task.pending:
        return
    state = fold.state
    if not planned.always and failing(frame):
        drop(fold, frame, key)
        return
    if state.paused:
        state.held.append(frame.path(key))
        return
    if state.reuse and frame.path(key) in state.reuse and not planned.role.serves:
        task.reused = True
    if task.reused:
        fold.queue(frame, key)
        return
    begin = plain.begin if planned.plain else _BEGIN.get(planned.role, attempts.request)
    begin(fold, frame, key)


def _settled(fold: Fold, settled: Settle) -> None:
    frame, state = settled.frame, fold.state
    if frame.body.single is not None:
        loops.item_settled(fold, frame, settled.key)
        return
    if frame.body.stepwise:
        scripts.step_settled(fold, frame, settled.key)
        return
    if state.tail is not None and frame is state.frames.get(UNDO):
        undo.settled(fold, frame, settled.key)
        return
    ready.tell_dependents(fold, settled)
    if frame.unsettled:
        return
    if frame is state.root:
        finish.close_if_settled(fold)
    elif frame is state.frames.get(ON_FAILURE):
        undo.handled(fold, frame)
    else:
        loops.scope_settled(fold, frame)


#: How blocks begin that the scheduler steers; all others are for executors.
_BEGIN: dict[Role, Callable[[Fold, Frame, str], None]] = {
    Role.LOOP: loops.begin,
    Role.EACH: loops.begin,
    Role.GROUP: loops.begin,
    Role.DELAY: waits.begin,
    Role.WAIT: waits.begin,
    Role.CHILD: children.begin,
    Role.SCRIPT: scripts.begin,
}
