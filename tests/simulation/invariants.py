"""What must hold, checked with each stored message, with each step of a scheduler, and at the end."""

from collections import Counter
from dataclasses import dataclass, field

import orjson
from support.sim.streams import Stored, Stream

from gnatwork_engine.core import Event, Plan, RunState, fold, parse_event, run_summary
from gnatwork_engine.core.actions import Action, Dispatch
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.messages import CancelRequest, Error, Output, TimerFired
from gnatwork_schemas.status import RunStatus, RunSummary
from simulation.reference import Reference

_STATUS = subjects.bucket_stream(subjects.STATUS_BUCKET)


class ViolationError(Exception):
    """Something that must hold does not."""


@dataclass
class _Run:
    control_block: ControlBlock
    reference: Reference
    events: list[Event] = field(default_factory=list)
    starts: int = 0
    ends: list[str] = field(default_factory=list)
    status: RunSummary | None = None


class Invariants:
    """Sees everything that happens in one simulation."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self._runs: dict[str, _Run] = {}
        #: Per process: outcomes that it has folded in, and runs that it knows are to stop.
        self._known: set[tuple[str, str, str, int]] = set()
        self._stopped: set[tuple[str, str]] = set()
        self._begun: Counter[tuple[str, str, int]] = Counter()

    def expect(self, run_id: str, control_block: ControlBlock) -> None:
        """A run is going to be started."""
        self._runs[run_id] = _Run(control_block, Reference(control_block))

    def fail(self, text: str) -> None:
        """Something is wrong."""
        self.violations.append(text)

    def stored(self, stream: str, message: Stored, origin: str) -> None:
        """A message was stored."""
        self.counts[stream] += 1
        if stream == subjects.HISTORY:
            self._history(message)
        elif stream == subjects.WORK:
            self._work(message, origin)
        elif stream == _STATUS:
            self._status(message)
        elif stream == subjects.DEAD_LETTERS:
            self.fail(f"a dead letter: {message.subject} {message.data.decode()}")

    def applied(self, process: str, event: Event) -> None:
        """A scheduler has folded in an event."""
        if isinstance(event.body, Output | Error):
            self._known.add((process, event.base, event.body.task, event.body.attempt))
        elif isinstance(event.body, CancelRequest) or event.name == "timer.timeout.fired":
            self._stopped.add((process, event.base))

    def decided(self, process: str, state: RunState, actions: tuple[Action, ...]) -> None:
        """A scheduler is going to do something."""
        for action in actions:
            if not isinstance(action, Dispatch):
                continue
            if (process, state.base, action.task, action.attempt) in self._known:
                self.fail(
                    f"{process} dispatches {action.task} {action.attempt} of {state.base}, whose outcome it knows"
                )
            if (process, state.base) in self._stopped:
                self.fail(f"{process} dispatches {action.task} of {state.base}, which it knows is to stop")

    def begun(self, run_id: str, task: str, attempt: int) -> None:
        """A block begins to run."""
        key = run_id, task, attempt
        self._begun[key] += 1
        if self._begun[key] > 1:
            self.counts["again"] += 1
            blocks = {block.id: block for block in self._runs[run_id].control_block.blocks}
            if not blocks[task].idempotent:
                self.fail(f"attempt {attempt} of {task} in {run_id} may not run twice, and did")

    def unfinished(self, history: Stream, work: Stream) -> list[str]:
        """What keeps the simulation from being over."""
        left = [f"{run_id} has no end" for run_id, run in self._runs.items() if not run.ends]
        left += [f"{message.subject} is queued" for message in work.messages.values()]
        left += [text for run_id, run in self._runs.items() if (text := self._wrong_status(run_id, run, history))]
        return left

    def _history(self, message: Stored) -> None:
        try:
            event = parse_event(message.subject, message.sequence, message.at / 1e9, message.data)
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.fail(f"{message.subject} can't be read: {error}")
            return
        run = self._runs[event.base.rpartition(".")[2]]
        run.events.append(event)
        if event.name == subjects.START:
            run.starts += 1
            if run.starts > 1:
                self.fail(f"{event.base} starts twice")
        elif event.name in subjects.ENDS:
            run.ends.append(event.name)
            if len(run.ends) > 1:
                self.fail(f"{event.base} ends twice: {run.ends}")
        elif not run.starts:
            self.fail(f"{message.subject} comes before the start")
        if ".claimed." in event.name and sum(event.name == other.name for other in run.events) > 1:
            self.fail(f"{message.subject} is claimed twice")
        if isinstance(event.body, Output | Error | TimerFired):
            run.reference.tell(event.sequence, event.body)

    def _work(self, message: Stored, origin: str) -> None:
        item = subjects.parse_work(message.subject)
        run = self._runs[item.run_id]
        if orjson.loads(message.data)["again"]:
            self.counts["dispatched again"] += 1
        if not run.reference.may_run(item.task, item.attempt):
            self.fail(f"{origin} dispatches attempt {item.attempt} of {item.task} in {item.run_id} before its time")

    def _status(self, message: Stored) -> None:
        summary = RunSummary.model_validate_json(message.data)
        run = self._runs[summary.run_id]
        before, run.status = run.status, summary
        if before and (before.sequence > summary.sequence or (before.status.ended and before.status != summary.status)):
            self.fail(
                f"the status of {summary.run_id} goes back from {before.status} ({before.sequence})"
                f" to {summary.status} ({summary.sequence})"
            )

    def _wrong_status(self, run_id: str, run: _Run, history: Stream) -> str | None:
        """What is wrong with the status document, compared with the fold of the history as it is stored."""
        stored = history.after(f"history.*.*.*.{run_id}.>", 0)
        events = [
            parse_event(message.subject, message.sequence, message.at // 1000 / 1e6, message.data) for message in stored
        ]
        state = fold(Plan(run.control_block), events)
        if state is None or run.status is None:
            return f"{run_id} has no {'start' if state is None else 'status'}"
        there = run.status.model_dump(exclude={"sequence"})
        if there != run_summary(state).model_dump(exclude={"sequence"}) or run.status.sequence < state.end_sequence:
            return f"{run_id} has the status {run.status!r}, by its history it is {run_summary(state)!r}"
        return None if run.status.status is not RunStatus.RUNNING else f"{run_id} is running"
