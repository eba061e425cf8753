"""Order: which blocks may run, and which never will, once others have settled."""

from enum import Enum

from gnatwork_engine.core.folding import Fold, Settle, barred
from gnatwork_engine.core.state import Frame, TaskState
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


def tell_dependents(fold: Fold, settled: Settle) -> None:
    """Go on with what waits for a task that is over."""
    frame = settled.frame
    frame.unsettled -= 1
    for dependent, wanted in frame.body.blocks[settled.key].dependents:
        task = frame.tasks[dependent]
        task.open -= 1
        if wanted in settled.ports:
            task.taken += 1
        elif settled.ports or settled.refuses:
            task.refused = True
        if task.status is TaskStatus.PENDING:
            _judge(fold, frame, dependent, task)


def _judge(fold: Fold, frame: Frame, key: str, task: TaskState) -> None:
    join = frame.body.blocks[key].block.join
    outcome = verdict(join, task)
    if outcome is Verdict.RUN and not barred(frame, key):
        fold.begin(frame, key)
    elif outcome is not Verdict.WAIT:
        fold.mark(frame, key, TaskStatus.SKIPPED)
        fold.settle(frame, key)
