"""What is known of a run: the fold of its history. Only `apply` writes here."""

from array import array
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.core.event import RunAddress
from gnatwork_engine.core.plan import Body, PlannedBlock
from gnatwork_engine.core.script_state import ScriptState
from gnatwork_engine.render import Scope
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import Result
from gnatwork_schemas.messages import ChildEnded, Message, Start
from gnatwork_schemas.payload import ItemsRef
from gnatwork_schemas.status import RunStatus, TaskStatus


@dataclass(slots=True)
class LoopState:
    """How far a loop or a group is. A group is a loop of one iteration, without an index."""

    #: Where its items are, once they are known.
    items: ItemsRef | None = None
    #: How many iterations there will be; None while that is not known.
    count: int | None = None
    #: Iterations that were begun.
    begun: int = 0
    #: Iterations under way, by index; the scope of each, None where the loop is a `for_each`.
    live: "dict[int, Frame | None]" = field(default_factory=dict)
    #: Of a `for_each`: sequences of the outcomes by index, 0 for none yet.
    sequences: "array[int]" = field(default_factory=lambda: array("Q"))
    #: Of a loop of blocks: results by index.
    results: dict[int, Result] = field(default_factory=dict)
    #: Outputs of the last iteration, which the next one may ask for.
    previous: dict[str, Any] = field(default_factory=dict)
    #: The implicit task that is under way: `expand` or `collect`.
    step: str = ""
    #: Why it fails: no further iteration begins.
    error: ErrorInfo | None = None
    #: Sequence of the event that said so.
    failed_at: int = 0
    #: Whether no further iteration begins for another reason: what is around it fails.
    given_up: bool = False


@dataclass(slots=True)
class Waiting:
    """What a `delay`, a `wait` or a child run waits for."""

    #: When its timer fires, Unix seconds; None for never.
    due: float | None = None
    #: The name of the signal.
    signal: str | None = None
    #: The child run and its workflow.
    child: tuple[str, str] | None = None
    #: Ends of child runs that were heard of before their beginnings, by run.
    early: dict[str, ChildEnded] = field(default_factory=dict)
    #: Why it can't wait at all, or no longer: to be reported as the error of the attempt.
    trouble: ErrorInfo | None = None


@dataclass(slots=True)
class TaskState:
    """One task. Times are Unix seconds."""

    #: Needs that are not settled yet.
    open: int = 0
    #: Needs whose port was taken.
    taken: int = 0
    #: Whether a need settled on another port.
    refused: bool = False
    status: TaskStatus = TaskStatus.PENDING
    #: Attempts begun.
    attempt: int = 0
    #: Sequence of the event that made it queued, retrying or waiting: the actions for that are this event's.
    cause: int = 0
    #: When the next attempt begins, while it is retrying.
    due: float = 0.0
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    error: ErrorInfo | None = None
    executor: str | None = None
    #: Sequence of the event that completed it; of one that failed but goes on, of its error.
    sequence: int = 0
    #: Whether it is queued but its next attempt has not begun: held by a pause, or waiting for a slot of its type.
    pending: bool = False
    #: Whether its output is that of the run which this one is a retry of.
    reused: bool = False
    loop: LoopState | None = None
    script: ScriptState | None = None
    waiting: Waiting | None = None
    #: Of a plain type, until it is over: the config, in a list, where an executor had to complete it.
    complete: list[Any] | None = None


@dataclass(slots=True, eq=False)
class Frame:
    """A scope under way: the run itself, an iteration, a group, the steps of a script, or all items of a `for_each`."""

    #: What the paths of its tasks begin with: empty, or ending with `/`.
    prefix: str
    body: Body
    #: What templates of its tasks see; its `outputs` is the dict below. Each item of a `for_each` has its own.
    scope: Scope
    outputs: dict[str, Any]
    tasks: dict[str, TaskState]
    #: Tasks that are not settled yet.
    unsettled: int
    parent: "Frame | None" = None
    #: The loop or group in `parent` that it belongs to.
    owner: str = ""
    #: Which iteration it is.
    index: int = 0
    #: Why it will fail: nothing new is dispatched.
    failing: ErrorInfo | None = None
    #: Sequence of the event that said so.
    failed_at: int = 0
    #: Whether its blocks have begun; before that a `while` is asked.
    begun: bool = False

    def path(self, key: str) -> str:
        """The path of one of its tasks."""
        return self.prefix + key

    def block_path(self, key: str) -> str:
        """The path of a task without indexes: what statuses are counted under. Steps of a script go by their types."""
        names: list[str] = [] if self.body.single else [key]
        if self.body.stepwise:
            names = [self.body.planned(key).block.type]
        at = self
        while at.parent is not None:
            if at.parent.body.single is None:
                names.append(at.owner)
            at = at.parent
        if at.prefix:
            names.append(at.prefix[:-1])
        return "/".join(reversed(names))


@dataclass(frozen=True, slots=True)
class Undo:
    """A compensation that is due if the run fails."""

    path: str
    #: The path without indexes.
    block: str
    planned: PlannedBlock
    config: Any
    deferred: tuple[str, ...]
    #: Why its config could not be rendered.
    trouble: ErrorInfo | None


@dataclass(slots=True)
class Tail:
    """What comes between the failure of a run and its end: compensations in reverse order, then `on_failure`."""

    #: The event that the run will end with.
    event: str
    error: ErrorInfo | None
    #: Compensations, the last one to be performed first; that one is removed when it is settled.
    undos: list[Undo]
    #: Sequence of the event that began it.
    cause: int
    #: Attempts that were queued when the run was stopped, to be removed.
    stopped: tuple[tuple[str, int], ...] = ()
    #: Attempts that had asked for a slot of their type then.
    slots: tuple[tuple[str, int], ...] = ()
    #: Child runs to be cancelled, with their workflows.
    children: tuple[tuple[str, str], ...] = ()
    compensated: int = 0
    failures: int = 0
    failed: list[ErrorInfo] = field(default_factory=list)
    handling: bool = False
    handler_error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """The end that the run is bound for; it counts once it is stored."""

    #: Sequence of the event that decided it.
    cause: int
    #: One of `subjects.ENDS`.
    event: str
    body: Message
    #: Whether work may still be queued or running, which is to be stopped.
    interrupts: bool
    #: Child runs to be cancelled, with their workflows.
    children: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class RunState:
    """A run."""

    #: Its history base.
    base: str
    address: RunAddress
    start: Start
    #: Sequence and time of the `start`.
    start_sequence: int
    created_at: float
    #: Sequence of the last event folded in.
    sequence: int
    root: Frame
    #: Tasks that need not run again, from the run that this one is a retry of.
    reuse: dict[str, int]
    #: Scopes under way by the paths of their owners; the run's own is `""`.
    frames: dict[str, Frame]
    status: RunStatus = RunStatus.PENDING
    traceparent: str | None = None
    #: When its blocks began.
    started_at: float | None = None
    #: What it still waits for before its blocks begin, in order: `at`, `overlap`, `rate`, `concurrency`.
    gates: deque[str] = field(default_factory=deque)
    #: Sequence of the event that brought it to the first of these gates.
    gate_cause: int = 0
    #: Limit keys by kind, as far as the run has asked for a slot.
    limits: dict[str, str] = field(default_factory=dict)
    #: Attempts that were asked a slot of their type for and have not given it back, by task.
    slots: dict[str, int] = field(default_factory=dict)
    #: Tasks that an event made queued, retrying or waiting, by its sequence.
    caused: dict[int, dict[str, None]] = field(default_factory=dict)
    #: Timers that the server may still hold.
    timers: set[str] = field(default_factory=set)
    #: Tasks that are queued or retrying, and those that wait for time, people or another run.
    active: int = 0
    waiting: int = 0
    paused: bool = False
    #: What has to wait until the run is resumed: tasks to begin, and timers that fired with the events that said so.
    held: list[str] = field(default_factory=list)
    held_timers: list[tuple[str, int]] = field(default_factory=list)
    #: Signals that came early, by name: data and sequence.
    signals: dict[str, deque[tuple[Any, int]]] = field(default_factory=dict)
    #: How many these are, of all names.
    kept_signals: int = 0
    #: Tasks that wait for a signal, by its name, the first that began first. Not a dict, in which what comes after many
    #: that are gone is found ever more slowly.
    waiters: dict[str, OrderedDict[str, None]] = field(default_factory=dict)
    #: Counts how often all work was stopped while the run went on.
    epoch: int = 0
    #: Compensations that are due if the run fails, by path, in the order in which their blocks completed.
    undos: dict[str, Undo] = field(default_factory=dict)
    tail: Tail | None = None
    #: Tasks of scopes that are gone, by the path of their block without indexes and by status.
    finished: dict[str, dict[str, int]] = field(default_factory=dict)
    #: Steps of scripts that are gone, as far as late outcomes of them concern others, the oldest first.
    answerable: OrderedDict[str, PlannedBlock] = field(default_factory=OrderedDict)
    closing: Closing | None = None
    #: The end that was stored.
    end: Message | None = None
    end_sequence: int = 0
    ended_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether an end is stored; nothing changes any more."""
        return self.end is not None

    def find(self, path: str) -> tuple[Frame, str] | None:
        """The scope and the key of a task under way; None when there is none."""
        if path in self.root.tasks:
            return self.root, path
        frame = self.frames.get(UNDO if path.endswith(UNDO) else path.rpartition("/")[0])
        if frame is None:
            return None
        key = path.removeprefix(frame.prefix)
        return (frame, key) if key in frame.tasks else None

    def count(self, block: str, status: TaskStatus) -> None:
        """Remember of a task that is forgotten only that it was."""
        counts = self.finished.setdefault(block, {})
        counts[status.value] = counts.get(status.value, 0) + 1

    def task(self, path: str) -> TaskState:
        """A task under way; KeyError when there is none."""
        found = self.find(path)
        if found is None:
            raise KeyError(path)
        return found[0].tasks[found[1]]


#: What the names of compensations end with; also the name of the scope that they run in, whatever their paths.
UNDO = ":undo"
