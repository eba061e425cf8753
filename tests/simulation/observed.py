"""A run as it is seen from outside: what was stored of it, and whether that can be right."""

from collections.abc import Callable, Iterator
from typing import Any

from gnatwork_engine.core import Event, Plan, fold, run_summary
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.implicit import is_slice
from gnatwork_schemas.messages import ChildEnded, Complete, Error, Failed, Message, Output, Signal, Start, TimedOut
from gnatwork_schemas.payload import PayloadRef
from gnatwork_schemas.status import RunSummary
from simulation.paths import Blocks
from simulation.reference import NEVER, Facts, Reading, read_run
from simulation.reference.values import Values

#: Reads a payload of a run.
Load = Callable[[str, PayloadRef], bytes]
#: Orders that are tried where several begin to wait at the same moment.
_TIES = 12


class ObservedRun:
    """One run."""

    def __init__(self, base: str, control_block: ControlBlock, start: Start, load: Load) -> None:
        self.base = base
        self.start = start
        self.blocks = Blocks(control_block)
        self.facts = Facts()
        self.end: Event | None = None
        self.status: RunSummary | None = None
        #: Events that an archive of it holds.
        self.archivable = 0
        #: When something of it was last stored, Unix seconds.
        self.touched = 0.0
        self._control_block = control_block
        self._values = Values(lambda reference: load(start.run_id, reference))
        self._events: list[Event] = []
        self._names: set[str] = set()
        self._outcomes: set[tuple[str | None, int]] = set()
        #: Attempts, and the last event of the run that was stored before each was dispatched.
        self._work: list[tuple[str, int, str, int]] = []
        self._reading: Reading | None = None
        self._summary: RunSummary | None = None

    def has_outcome(self, task: str | None, attempt: int) -> bool:
        """Whether an attempt has an outcome."""
        return (task, attempt) in self._outcomes

    def value_of(self, body: Message | None) -> Any:
        """What a task has yielded, as an event of this run says."""
        match body:
            case Output() if is_slice(body.task):
                return self._values.plain(body.output.get("output"))
            case Output():
                return self._values.plain(body.output)
            case Error() | ChildEnded():
                return {"error": body.error.model_dump(mode="json", exclude_none=True) if body.error else None}
            case Signal():
                return body.data
            case _:
                return None

    def value_at(self, sequence: int) -> Any:
        """The same of the event with this sequence."""
        return self.value_of(next((event.body for event in self._events if event.sequence == sequence), None))

    def tell(self, event: Event, *, scheduled: bool) -> Iterator[str]:
        """An event was stored; what is wrong with that."""
        self.touched = event.at
        if event.name == subjects.START and self._events:
            yield f"{self.base} starts twice"
        # Once it is put away, claims are gone; whoever claims again then sees that.
        if ".claimed." in event.name and event.name in self._names and self.end is None:
            yield f"{self.base}.{event.name} is claimed twice"
        if event.name in subjects.ENDS and self.end is not None:
            yield f"{self.base} ends twice: {self.end.name}, {event.name}"
        self._names.add(event.name)
        if self.end is not None:
            return
        self._events.append(event)
        self.archivable += not scheduled
        if not scheduled:
            self.facts.tell(event)
        if isinstance(event.body, Output | Error):
            self._outcomes.add((event.body.task, event.body.attempt))
        if event.name in subjects.ENDS:
            self.end = event
            yield from self._check_end(event)

    def dispatched(self, task: str, attempt: int, origin: str) -> Iterator[str]:
        """An attempt was put into the work queue; what is wrong with that."""
        work = task, attempt, origin, self._events[-1].sequence
        self.facts.asked.add(task)
        if self._reading is None:
            self._work.append(work)
        elif text := _too_early(self._reading, work):
            yield f"{self.base}: {text}"

    def waits_for(self) -> str | None:
        """What a run that goes on waits for that may never come."""
        if self.facts.paused(NEVER):
            return "resume"
        reading = read_run(self._control_block, self.facts)
        names = [one.signal for one in reading.log.waiters if one.leaves == NEVER]
        return f"signal {names[0]}" if names else None

    def wrong_status(self) -> str | None:
        """What is wrong with the status document of an ended run, compared with the fold of its history."""
        if self._summary is None:
            state = fold(Plan(self._control_block), self._events)
            if state is None:
                return f"{self.base} has no start"
            self._summary = run_summary(state)
        there, wanted = self.status, self._summary
        if there is None:
            return f"{self.base} has no status"
        if there.model_copy(update={"sequence": wanted.sequence}) != wanted or there.sequence < wanted.sequence:
            return f"{self.base} has the status {there!r}, by its history it is {wanted!r}"
        return None

    def _check_end(self, event: Event) -> list[str]:
        """What is wrong with the run, now that it has ended."""
        found: list[str] = []
        for tie in range(_TIES):
            reading = read_run(self._control_block, self.facts, tie)
            wrong = list(self._compare(reading, event))
            found = found or wrong
            if not wrong or not reading.tied:
                break
        self._reading = reading
        return [] if not wrong else found

    def _compare(self, reading: Reading, event: Event) -> Iterator[str]:
        for work in self._work:
            if text := _too_early(reading, work):
                yield f"{self.base}: {text}"
        yield from (f"{self.base}: {text}" for text in reading.log.early)
        for path, expected, found in reading.log.collected:
            wanted, value = self._values.plain(expected), self._values.plain(found)
            if wanted != value:
                yield f"{self.base}: {path} yields {value!r} instead of {wanted!r}"
        if reading.end != event.name:
            yield f"{self.base} ends with {event.name} instead of {reading.end}"
        elif text := self._wrong_body(reading, event.body):
            yield f"{self.base} {text}"

    def _wrong_body(self, reading: Reading, body: Any) -> str | None:
        match body:
            case Complete():
                found, wanted = self._values.plain(body.output), self._values.plain(reading.output)
                # A value that was stored may hold deferred leaves itself.
                if self._values.plain(found) != wanted:
                    return f"yields {found!r} instead of {wanted!r}"
            case Failed() if reading.error is None or (body.error.code, body.error.task) != (
                reading.error.code,
                reading.error.task,
            ):
                return f"fails with {body.error!r} instead of {reading.error!r}"
            case _:
                pass
        undone = body.undone if isinstance(body, Failed | TimedOut) else None
        told = (undone.compensated, undone.failures) if undone else (0, 0)
        if told != (reading.compensated, reading.not_compensated):
            return f"tells of {told} compensations, there are {(reading.compensated, reading.not_compensated)}"
        return None


def _too_early(reading: Reading, work: tuple[str, int, str, int]) -> str | None:
    task, attempt, origin, after = work
    when = reading.log.dispatched.get((task, attempt), NEVER)
    return f"{origin} dispatches attempt {attempt} of {task} after event {after}, not {when}" if after < when else None
