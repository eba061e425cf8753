"""A run under way, step by step: pure, from what the manager says of its tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gnatwork_cli.output import lasted, moment
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Undone
from gnatwork_schemas.status import Run, Task, TaskStatus, WaitingFor


class Attempt(NamedTuple):
    """An attempt that is known to have begun, from a live event."""

    task: str
    number: int
    #: Unix seconds.
    at: float


class Step(NamedTuple):
    """Something that happened to a task."""

    #: Unix seconds.
    at: float
    task: str
    text: str


#: Of all states, as a tally lists them.
_ORDER = sorted(TaskStatus, key=lambda status: not status.ended)


@dataclass(slots=True)
class _Told:
    """What has been said of a task."""

    queued: bool = False
    #: Attempts.
    started: int = 0
    failed: int = 0
    ended: bool = False


@dataclass
class Progress:
    """Remembers what has been said, so that each step is said once, however often the tasks are looked at."""

    _told: dict[str, _Told] = field(default_factory=dict)

    def steps(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> list[Step]:
        """What has happened since the last call, in order."""
        found: list[Step] = []
        for task in tasks:
            begun = {attempt.number: attempt.at for attempt in running if attempt.task == task.task}
            found += _steps(task, self._told.setdefault(task.task, _Told()), begun)
        return sorted(found, key=lambda step: step.at)


def line(step: Step, begin: float, width: int) -> str:
    """A step as a line; `begin` is when the run began, `width` has room for the names of tasks."""
    return f"{max(0.0, step.at - begin):6.2f} s  {step.task:<{width}} {step.text}"


def note(task: Task) -> str:
    """What there is to say about a task beside its status."""
    if task.waiting_for is not None and task.status is TaskStatus.WAITING:
        return f"waits for {awaited(task.waiting_for)}"
    if task.reused:
        return "reused"
    if task.error is None or task.status is TaskStatus.COMPLETED:
        return ""
    return f"{task.error.code}: {task.error.message}"


def took(task: Task) -> str:
    """How long the last attempt took."""
    return lasted(task.started_at, task.ended_at)


def tally(counts: Mapping[str, int]) -> str:
    """How many tasks of a block are in which state, the ends first."""
    total = sum(counts.values())
    known = [(status, counts.get(status, 0)) for status in _ORDER]
    return f"{total:>7,}  " + ", ".join(f"{number:,} {status}" for status, number in known if number)


def awaited(waiting: WaitingFor) -> str:
    """What a run or a task waits for."""
    names = {
        "at": "its time",
        "overlap": "an earlier run of its trigger",
        "rate": "its turn: its workflow may begin only so many runs in a while",
        "concurrency": "room: its workflow may have only so many runs at once",
        "time": "its time",
        "signal": f"the signal {waiting.signal}",
        "child": f"run {waiting.run_id}",
        "retry": "its next attempt",
    }
    until = f", {'until' if waiting.kind == 'signal' else 'at'} {moment(waiting.at)}" if waiting.at else ""
    return names[waiting.kind] + until


def undoing(undone: Undone) -> str:
    """What became of the compensations of a run, and of its `on_failure`."""
    parts = [f"{undone.compensated} compensated"]
    parts += [f"{undone.failures} could not be: {'; '.join(map(reason, undone.failed))}"] if undone.failures else []
    parts += [f"on_failure failed: {reason(undone.on_failure)}"] if undone.on_failure else []
    return ", ".join(parts)


def verdict(run: Run) -> str:
    """How a run ended, in one sentence."""
    text = f"The run {run.status.value.replace('_', ' ')} after {lasted(run.created_at, run.ended_at)}"
    return f"{text}: {reason(run.error)}" if run.error else f"{text}."


def reason(error: ErrorInfo) -> str:
    """Why a run failed, and in which task."""
    where = f" in {error.task}" if error.task else ""
    return f"{error.code}{where}: {error.message}"


def _steps(task: Task, told: _Told, begun: dict[int, float]) -> list[Step]:
    found: list[Step] = []

    def tell(at: float | None, text: str) -> None:
        # What happened at an unknown time is said where it becomes known, and so behind what came before.
        found.append(Step(max(at or 0.0, found[-1].at if found else 0.0), task.task, text))

    def tell_started(attempt: int, at: float | None) -> None:
        if told.started < attempt:
            told.started = attempt
            tell(at, "started" if attempt == 1 else f"started, attempt {attempt}")

    if task.queued_at is not None and not told.queued:
        told.queued = True
        tell(task.queued_at, "queued")
    for attempt in sorted(begun):
        tell_started(attempt, begun[attempt])
    if task.status in {TaskStatus.RUNNING, TaskStatus.WAITING} and task.started_at is not None:
        # The engine steers it itself, so no executor says that it has begun.
        tell_started(task.attempts, task.started_at)
    if task.status is TaskStatus.RETRYING and told.failed < task.attempts:
        told.failed = task.attempts
        tell_started(task.attempts, task.started_at)
        tell(task.ended_at, f"attempt {task.attempts} failed and is tried again: {note(task)}")
    if task.status.ended and not told.ended:
        told.ended = True
        if task.started_at is not None:
            tell_started(task.attempts, task.started_at)
        tell(task.ended_at, _ended(task))
    return found


def _ended(task: Task) -> str:
    text = task.status.value
    if task.started_at is not None:
        text += f" in {took(task)}"
    if task.attempts > 1:
        text += f" at attempt {task.attempts}"
    return f"{text}: {note(task)}" if note(task) else text
