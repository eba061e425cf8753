"""Loops: which iterations there are, and when each begins."""

from typing import Any

from gnatwork_schemas.control_block import ControlledBlock, Loop
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error
from simulation.reference.attempts import asked, begin
from simulation.reference.facts import NEVER, Facts
from simulation.reference.fate import CANCELLED, COMPLETED, FAILED, GIVEN_UP, Fate, Log
from simulation.reference.scopes import Begin, read_scope, sinks


class Rounds:
    """The iterations of one loop."""

    def __init__(self, facts: Facts, begin_block: Begin, block: ControlledBlock, path: str, doom: float) -> None:
        self._facts = facts
        self._begin = begin_block
        self._block = block
        self._path = path
        self._doom = doom
        self._rules = block.loop or Loop()
        self.log = Log()
        #: Values of the iterations that are over, by index.
        self.results: dict[int, Any] = {}
        #: Why the loop fails.
        self.error: ErrorInfo | None = None

    def read(self, at: float, count: int | None) -> float:
        """When the last iteration is over, in a loop that begins to go round at a moment."""
        if count is not None:
            return self._side_by_side(at, count)
        return self._while(at) if self._rules.over == "while" else self._until(at)

    def _side_by_side(self, now: float, count: int) -> float:
        """As many at once as may be; each that is over makes room for the next."""
        live: dict[int, tuple[float, Fate, Log]] = {}
        begun = 0
        begins: dict[int, float] = {}
        while True:
            while self.error is None and now < self._doom and len(live) < self._rules.concurrency and begun < count:
                begins[begun] = now
                live[begun] = self._iteration(begun, now, self._doom)
                begun += 1
            if not live:
                return now
            # What is given up is so because something else has failed.
            settled, _, index = min((one[0], one[1].status == GIVEN_UP, index) for index, one in live.items())
            if settled == NEVER:
                for _, _, log in live.values():
                    self.log.add(log)
                return NEVER
            if now < self._doom < settled:
                now = self._doom
                continue
            now = settled
            _, fate, log = live.pop(index)
            self.log.add(log)
            failing = self.error is not None
            self._over(index, fate)
            if self.error is not None and not failing:
                live = {other: self._iteration(other, begins[other], min(now, self._doom)) for other in live}

    def _iteration(self, index: int, at: float, doom: float) -> tuple[float, Fate, Log]:
        log, path = Log(), f"{self._path}/{index}"
        if self._block.kind == "each":
            fate = self._begin(self._block.blocks[0], path, at, doom, log)
        else:
            fate = self._scope(path, at, doom, log)
        return fate.settled, fate, log

    def _over(self, index: int, fate: Fate) -> None:
        """An iteration is over: it yields something, or the loop fails with it."""
        if self.error is not None:
            return
        if fate.status in {FAILED, GIVEN_UP} and fate.error:
            if self._rules.on_error == "fail":
                path = f"{self._path}/{index}"
                self.error = fate.error if fate.error.task else fate.error.model_copy(update={"task": path})
            else:
                self.results[index] = {"error": fate.error.model_dump(mode="json", exclude_none=True, exclude={"task"})}
        else:
            self.results[index] = fate.value

    def _scope(self, path: str, at: float, doom: float, log: Log) -> Fate:
        scope = read_scope(self._begin, self._block.blocks, f"{path}/", at, doom, log)
        if scope.settled == NEVER:
            return Fate()
        if scope.error:
            return Fate(scope.settled, FAILED, error=scope.error)
        names = [name for name in sinks(self._block.blocks) if scope.fates[name].status == COMPLETED]
        return Fate(scope.settled, COMPLETED, value={name: scope.fates[name].value for name in names})

    def _while(self, now: float) -> float:
        """One iteration after the other, as long as the condition holds."""
        index = 0
        while now < self._doom and self.error is None:
            now, holds = self._ask(index, now)
            if now == NEVER or not holds or self._doom <= now:
                break
            if index >= self._rules.max_iterations:
                return self._too_many(now)
            now, _ = self._go_round(index, now)
            index += 1
        return now

    def _until(self, now: float) -> float:
        """One iteration after the other, until the condition holds."""
        index, over = 0, False
        while now < self._doom and self.error is None and not over:
            if index >= self._rules.max_iterations:
                return self._too_many(now)
            now, fails = self._go_round(index, now)
            if not fails and now < self._doom:
                now, over = self._ask(index, now)
            index += 1
        return now

    def _go_round(self, index: int, at: float) -> tuple[float, bool]:
        """When an iteration is over, and whether it fails."""
        fate = self._scope(f"{self._path}/{index}", at, self._doom, self.log)
        if fate.settled != NEVER:
            self._over(index, fate)
        return fate.settled, fate.status == FAILED

    def _ask(self, index: int, due: float) -> tuple[float, bool]:
        """When the condition is answered, and whether it holds."""
        block = self._rules.condition
        if block is None:
            raise AssertionError(self._path)
        fate = begin(self._facts, asked(block, f"{self._path}/{index}/{block.id}"), due, self._doom, self.log)
        if fate.status == FAILED:
            self.error = fate.error
        if fate.status in {CANCELLED, GIVEN_UP}:
            return fate.settled, False
        return fate.settled, isinstance(fate.value, dict) and fate.value.get("port") == "true"

    def _too_many(self, now: float) -> float:
        """The scheduler says so itself."""
        found = self._facts.outcome(self._path, 1, now)
        if found is None or not isinstance(found[1], Error):
            return NEVER
        self.error = found[1].error
        return float(found[0])
