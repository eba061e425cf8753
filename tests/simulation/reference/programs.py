"""Scripts: which slices there are, what they ask for, and when each begins."""

from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import NewStep, Sliced
from gnatwork_schemas.messages import Error
from simulation.reference.attempts import Work, begin
from simulation.reference.facts import NEVER, Facts
from simulation.reference.fate import CANCELLED, COMPLETED, FAILED, OPEN, Fate, Log
from simulation.reference.scopes import Begin

#: How the engine tries slices again.
_RETRY = Retry(max_attempts=20, not_on=("block.timeout",))


class Steps:
    """The steps of one state of a program."""

    def __init__(self, begin_block: Begin, path: str, doom: float) -> None:
        self._begin = begin_block
        self._path = path
        self._doom = doom
        #: By number, when each begins, and what becomes of it.
        self._begun: dict[int, tuple[NewStep, float]] = {}
        self._fates: dict[int, tuple[Fate, Log]] = {}

    def ask(self, number: int, step: NewStep, at: float) -> None:
        """A step begins."""
        self._begun[number] = step, at
        self._read(number, self._doom)

    def leave(self, doom: float) -> float:
        """What is under way is given up at a moment; when the last of it is settled."""
        for number, (fate, _) in self._fates.items():
            if fate.settled > doom:
                self._read(number, doom)
        return max((fate.settled for fate, _ in self._fates.values()), default=doom)

    def open(self, at: float) -> int:
        """How many are under way at a moment."""
        return sum(fate.settled > at for fate, _ in self._fates.values())

    def next(self, after: float) -> float:
        """When one settles after a moment."""
        return min((fate.settled for fate, _ in self._fates.values() if fate.settled > after), default=NEVER)

    def tell(self, log: Log) -> None:
        """What has happened to them."""
        for _, own in self._fates.values():
            log.add(own)

    def _read(self, number: int, doom: float) -> None:
        (step, at), log = self._begun[number], Log()
        self._fates[number] = self._begin(step.block, f"{self._path}/{number}", at, doom, log), log


class Program:
    """One script."""

    def __init__(self, facts: Facts, begin_block: Begin, block: ControlledBlock, path: str, doom: float) -> None:
        self._facts = facts
        self._begin = begin_block
        self._block = block
        self._path = path
        self._doom = doom
        self.log = Log()
        self._slices = 0
        #: Steps and transitions so far, and steps alone.
        self._asked = 0
        self._count = 0

    def read(self, at: float) -> Fate:
        """What becomes of it when it begins at a moment."""
        while True:
            steps = Steps(self._begin, self._path, self._doom)
            fate, moves = self._state(steps, at)
            steps.tell(self.log)
            if not moves or fate.settled == NEVER:
                return fate
            if self._doom <= fate.settled:
                return Fate(fate.settled, CANCELLED)
            self._asked += 1
            at = fate.settled

    def _state(self, steps: Steps, now: float) -> tuple[Fate, bool]:
        """What comes of one state, and whether the program wants to go over to another one."""
        while now < self._doom:
            due, fate = now, self._slice(now)
            now = fate.settled
            if now == NEVER:
                return OPEN, False
            if fate.status != COMPLETED:
                return self._left(steps, now, fate), False
            sliced = Sliced.model_validate(fate.value)
            if sliced.done:
                return self._left(steps, now, Fate(status=COMPLETED, value=sliced.output)), False
            if now < self._doom:
                for step in sliced.steps:
                    self._ask(steps, step, now)
                if over := self._over(steps, sliced, due, now):
                    return over
                now = self._next(steps, sliced, due, now)
        if self._doom == NEVER:
            return OPEN, False
        return self._left(steps, self._doom if now == NEVER else max(now, self._doom), Fate(status=CANCELLED)), False

    def _slice(self, due: float) -> Fate:
        work = Work(f"{self._path}:slice-{self._slices}", _RETRY, dropped=CANCELLED)
        self._slices += 1
        return begin(self._facts, work, due, self._doom, self.log)

    def _ask(self, steps: Steps, step: NewStep, at: float) -> None:
        steps.ask(self._count, step, at)
        self._count += 1
        self._asked += 1

    def _over(self, steps: Steps, sliced: Sliced, due: float, now: float) -> tuple[Fate, bool] | None:
        """What comes of a state that does not go on, though the program is not done."""
        if sliced.transition and not self._is_full():
            return self._left(steps, now, Fate(status=COMPLETED)), True
        too_long = self._is_full() and (sliced.transition or sliced.more)
        stuck = self._next(steps, sliced, due, now) == NEVER and not steps.open(now)
        return (self._told(steps, now), False) if too_long or stuck else None

    def _next(self, steps: Steps, sliced: Sliced, told: float, now: float) -> float:
        """When the next slice begins after one that knew what had settled at one moment, and came at another."""
        if steps.next(told) <= now:
            return now
        at_once = self._block.script.concurrency if self._block.script else 0
        return now if sliced.more and steps.open(now) < at_once else steps.next(now)

    def _is_full(self) -> bool:
        return self._block.script is not None and self._asked >= self._block.script.max_steps

    def _left(self, steps: Steps, at: float, fate: Fate) -> Fate:
        """The fate of the script once nothing of it is under way any more."""
        settled = max(at, steps.leave(min(at, self._doom)))
        if settled == NEVER:
            return OPEN
        error = fate.error if fate.status == FAILED else None
        return Fate(settled, fate.status, value=fate.value, error=_named(error, self._path) if error else None)

    def _told(self, steps: Steps, at: float) -> Fate:
        """The scheduler says itself that it can't go on."""
        found = self._facts.outcome(self._path, 1, at)
        if found is None or not isinstance(found[1], Error):
            return OPEN
        return self._left(steps, found[0], Fate(status=FAILED, error=found[1].error))


def _named(error: ErrorInfo, path: str) -> ErrorInfo:
    return error if error.task else error.model_copy(update={"task": path})
