"""One step of the fold: an event at work on a state. Constructs leave what follows from it on the agenda.

The agenda keeps deep and long chains of consequences, such as ten thousand iterations that end at once, off the stack.
"""

from collections import deque
from typing import NamedTuple

from gnatwork_engine.core.event import Event
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.state import Frame, RunState, TaskState
from gnatwork_schemas.status import TaskStatus


class Begin(NamedTuple):
    """The needs of a task are met."""

    frame: Frame
    key: str


class Settle(NamedTuple):
    """A task is over and has taken these ports; without any it was skipped or cancelled."""

    frame: Frame
    key: str
    ports: tuple[str, ...]
    #: Whether it came to no port that it has: what waits for one of them is skipped, whatever else it needs.
    refuses: bool = False


class Advance(NamedTuple):
    """A loop may have room for further iterations, or be done; a program may go on."""

    frame: Frame
    key: str


class Fold:
    """A plan, a state, an event, and what is left to do."""

    __slots__ = ("agenda", "event", "last", "plan", "state")

    def __init__(self, plan: Plan, state: RunState, event: Event) -> None:
        self.plan = plan
        self.state = state
        self.event = event
        self.agenda: deque[Begin | Settle | Advance] = deque()
        #: What comes when the agenda is empty: programs go on with all that the event has settled.
        self.last: deque[Advance] = deque()

    def mark(self, frame: Frame, key: str, status: TaskStatus) -> TaskState:
        """Give a task a status, and see to what hangs on it."""
        state, task = self.state, frame.tasks[key]
        before = task.status
        if before is TaskStatus.QUEUED or before is TaskStatus.RETRYING:
            state.active -= 1
        elif before is TaskStatus.WAITING:
            state.waiting -= 1
            self._listen_no_more(frame, key)
        if task.cause and (caused := state.caused.get(task.cause)) is not None:
            caused.pop(frame.prefix + key, None)
            if not caused:
                del state.caused[task.cause]
            task.cause = 0
        task.status = status
        task.pending = False
        if task.waiting is not None and (status.ended or status is TaskStatus.RETRYING):
            task.waiting = None
        if task.complete is not None and status.ended:
            task.complete = None
        if status is TaskStatus.QUEUED or status is TaskStatus.RETRYING:
            state.active += 1
        elif status is TaskStatus.WAITING:
            state.waiting += 1
        elif status is not TaskStatus.RUNNING:
            task.ended_at = self.event.at
        return task

    def _listen_no_more(self, frame: Frame, key: str) -> None:
        waiting, waiters = frame.tasks[key].waiting, self.state.waiters
        if waiting is not None and waiting.signal in waiters:
            of_signal = waiters[waiting.signal]
            of_signal.pop(frame.path(key), None)
            if not of_signal:
                del waiters[waiting.signal]

    def oblige(self, frame: Frame, key: str) -> None:
        """From now on the event calls for what the status of the task demands."""
        frame.tasks[key].cause = self.event.sequence
        self.state.caused.setdefault(self.event.sequence, {})[frame.prefix + key] = None

    def queue(self, frame: Frame, key: str) -> None:
        """Begin the next attempt of a task."""
        task = frame.tasks[key]
        if task.pending and not task.cause:
            task.pending = False
        else:
            self.mark(frame, key, TaskStatus.QUEUED)
        task.attempt += 1
        if task.queued_at is None:
            task.queued_at = self.event.at
        self.oblige(frame, key)

    def begin(self, frame: Frame, key: str) -> None:
        """The needs of a task are met: it begins, unless the run is paused."""
        task = frame.tasks[key]
        if task.status is TaskStatus.PENDING:
            task.status = TaskStatus.QUEUED
            self.state.active += 1
        else:
            self.mark(frame, key, TaskStatus.QUEUED)
        task.pending = True
        self.agenda.append(Begin(frame, key))

    def settle(self, frame: Frame, key: str, *ports: str, refuses: bool = False) -> None:
        """A task is over."""
        self.agenda.append(Settle(frame, key, ports, refuses))


def failing(frame: Frame) -> bool:
    """Whether the scope, or one around it, fails: nothing new is dispatched in it but what is `always` to run."""
    at = frame
    while at.failing is None:
        if at.parent is None:
            return False
        owner = at.parent.tasks[at.owner]
        if (loop := owner.loop) and (loop.error or loop.given_up):
            return True
        if (script := owner.script) and script.leaving:
            return True
        if at.parent.body.planned(at.owner).always:
            return False
        at = at.parent
    return True


def barred(frame: Frame, key: str) -> bool:
    """Whether nothing more of a task is dispatched, because a scope around it fails."""
    return failing(frame) and not frame.body.planned(key).always
