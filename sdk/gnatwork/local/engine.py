"""The shell around the core in one process: events in memory, timers of the loop, attempts as its tasks."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gnatwork.local.attempts import Attempts
from gnatwork.local.crew import Crew
from gnatwork.local.implicit import Implicit
from gnatwork.local.limits import Limits
from gnatwork.local.outcomes import LocalOutcomes
from gnatwork.local.programs import local_slices
from gnatwork.local.values import LocalValues
from gnatwork.local.world import World
from gnatwork_engine.compiler import check_input, compile_definition, digest, encode
from gnatwork_engine.core import Event, Plan, RunState, apply, decide
from gnatwork_engine.core.actions import (
    Acquire,
    Action,
    CancelRun,
    Dispatch,
    DropTimers,
    End,
    Evict,
    Grant,
    PurgeTask,
    Refuse,
    Release,
    ReportError,
    Retire,
    SetTimer,
    StopEpoch,
    StopWork,
    TellParent,
)
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.errors import InputError
from gnatwork_schemas.messages import CancelRequest, ChildEnded, Error, Message, Start, TimerFired
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.run_ids import run_id_of

#: How outcomes name this process.
EXECUTOR = "local"

#: Called with each event of a run, once it is folded.
Observer = Callable[[Event], None]


class Folded(NamedTuple):
    """A run, and what folds it."""

    plan: Plan
    state: RunState


class LocalEngine:
    """All runs of one flow: the run itself, its child runs, and the limits that they pass."""

    def __init__(self, crew: Crew, world: World, observe: Observer) -> None:
        self.values = LocalValues()
        self.runs: dict[str, Folded] = {}
        self._crew = crew
        self._world = world
        self._observe = observe
        self._compiled: dict[str, ControlBlock] = {}
        #: What the runs follow, by digest.
        self._control_blocks: dict[str, ControlBlock] = {}
        self._pending: deque[Event] = deque()
        self._working = False
        self._sequence = 0
        self._timers: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._limits = Limits(self.append)
        self._outcomes = LocalOutcomes(self.values)
        slices = local_slices(self._control_blocks, world.catalogue, self._outcomes, self.values)
        self.implicit = Implicit(self, self.values, self._outcomes, slices)
        self._attempts = Attempts(crew, world, self.implicit, self.values, self.append)

    def begin(self, definition: Any, given: Any, labels: Mapping[str, str]) -> str:
        """Start a run of a definition; its history base.

        Raises:
            DefinitionError: With all mistakes in the definition.
            InputError: The input does not meet the definition's schema.
        """
        control_block = compile_definition(definition, self._world.catalogue)
        if faults := check_input(control_block, given):
            raise InputError(faults)
        start = Start(
            run_id=run_id_of(time.time_ns(), secrets.randbits(62)),
            workflow=control_block.workflow,
            control_block=digest(encode(control_block)),
            input=self.values.guarded(given),
            labels={**control_block.labels, **labels},
        )
        return self.start(control_block, start)

    def start(self, control_block: ControlBlock, start: Start) -> str:
        """Start a run of a control block, unless it has begun; its history base."""
        base = self.base(start.workflow, start.run_id)
        if base not in self.runs:
            self._control_blocks[start.control_block] = control_block
            plan = Plan(control_block)
            event = self._event(base, subjects.START, start)
            self.runs[base] = Folded(plan, apply(plan, None, event))
            self._work(event)
        return base

    def workflow(self, name: str) -> ControlBlock | None:
        """The control block of a workflow that child runs may be of."""
        if name not in self._world.workflows:
            return None
        if name not in self._compiled:
            self._compiled[name] = compile_definition(self._world.workflows[name], self._world.catalogue)
        return self._compiled[name]

    def end(self, workflow: str, run_id: str) -> Message | None:
        """The end of a run, None when it has none."""
        run = self.runs.get(self.base(workflow, run_id))
        return run.state.end if run else None

    def base(self, workflow: str, run_id: str) -> str:
        """The history base of a run."""
        return subjects.history_base(0, DEFAULT_NAMESPACE, workflow, run_id)

    def append(self, base: str, name: str, body: Message) -> None:
        """Put an event behind all that have happened, and do what it calls for."""
        self._work(self._event(base, name, body))

    def _event(self, base: str, name: str, body: Message) -> Event:
        self._sequence += 1
        return Event(base, name, self._sequence, time.time(), body)

    def _work(self, event: Event) -> None:
        # What an event calls for may be further events: they come after it, one by one.
        self._pending.append(event)
        if self._working:
            return
        self._working = True
        try:
            while self._pending:
                self._handle(self._pending.popleft())
        finally:
            self._working = False

    def _handle(self, event: Event) -> None:
        run = self.runs.get(event.base)
        if run is None:
            for source, action in self._limits.handle(event):
                self._perform(source, action)
            return
        apply(run.plan, run.state, event)
        self._outcomes.note(event)
        self._observe(event)
        for action in decide(run.plan, run.state, event):
            self._perform(event.base, action)

    def _perform(self, base: str, action: Action) -> None:  # noqa: C901 - a line or two per action
        match action:
            case Dispatch():
                self._attempts.begin(self.runs[base].state, action)
            case PurgeTask(task, attempt):
                self._attempts.stop(base, task, attempt)
            case StopWork():
                self._attempts.stop_run(base)
            case StopEpoch(epoch):
                self._attempts.stop_run(base, epoch)
            case SetTimer(timer, at):
                self._timers[base, timer] = self._crew.spawn(self._fire(base, timer, at))
            case DropTimers():
                for key in [key for key in self._timers if key[0] == base]:
                    self._timers.pop(key).cancel()
            case CancelRun(run_id, workflow, reason):
                self.cancel(self.base(workflow, run_id), reason)
            case Acquire() | Release() | Grant() | Refuse() | Evict():
                self._limits.perform(base, action)
            case ReportError() | TellParent() | End():
                self._say(base, action)
            case Retire():
                # Nothing is kept beyond the flow.
                pass

    def _say(self, base: str, action: ReportError | TellParent | End) -> None:
        """Append what a run has to say, of itself or to the one that waits for it."""
        state, now = self.runs[base].state, time.time()
        match action:
            case ReportError(task, attempt, error):
                failed = Error(task=task, attempt=attempt, error=error, started_at=now, ended_at=now, executor=EXECUTOR)
                self.append(base, subjects.error_event(task), failed)
            case TellParent(history, task, end, error):
                of = {"run_id": state.address.run_id, "workflow": state.address.workflow}
                told = ChildEnded.model_validate({**of, "task": task, "end": end, "error": error})
                self.append(history, subjects.child_ended_event(task), told)
            case End(name, body):
                if not state.ended:
                    self.append(base, name, body)

    def cancel(self, base: str, reason: str) -> None:
        """Ask a run to stop, if there is one that has not ended."""
        if (run := self.runs.get(base)) is not None and not run.state.ended:
            self.append(base, subjects.REQUEST_CANCEL, CancelRequest(reason=reason))

    async def _fire(self, base: str, timer: str, at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.time()))
        self._timers.pop((base, timer), None)
        self.append(base, subjects.timer_fired_event(timer), TimerFired(timer=timer))
