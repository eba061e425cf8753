"""A run as a whole: its gates, its blocks, what is undone, and the end that it must come to."""

from dataclasses import dataclass, field
from typing import Any

from support.sim.chance import chance

from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.error import ErrorInfo
from simulation.reference.blocks import Given, Reader
from simulation.reference.facts import NEVER, Facts
from simulation.reference.fate import COMPLETED, Log, ScopeFate, Waiter
from simulation.reference.scopes import read_scope, sinks

#: Rounds in which it is found out who gets which signal.
_ROUNDS = 60
ON_FAILURE = ":on_failure"


@dataclass
class Reading:
    """What must have happened, and the end that the run must come to."""

    log: Log = field(default_factory=Log)
    #: The event that it ends with, None: none yet; and the one that decides it.
    end: str | None = None
    decided: float = NEVER
    error: ErrorInfo | None = None
    #: Of a run that completes: values of the blocks that nothing needs, by id.
    output: dict[str, Any] = field(default_factory=dict)
    #: Of one that does not: compensations that completed, and failed.
    compensated: int = 0
    not_compensated: int = 0

    @property
    def tied(self) -> bool:
        """Whether it hangs on the order of what begins at the same moment."""
        waiters = [(one.begins, one.signal) for one in self.log.waiters]
        return len(set(waiters)) < len(waiters)


def read_run(control_block: ControlBlock, facts: Facts, tie: int = 0) -> Reading:
    """What a run's events mean; those that are still to come are left open.

    Which of the tasks that begin at the same moment to wait for the same signal gets it is not said anywhere; another
    `tie` is another order.
    """
    given: Given = {}
    for _ in range(_ROUNDS):
        reading = _Run(control_block, facts, given).read()
        served = _served(facts, reading.log.waiters, tie)
        if served == given:
            break
        given = served
    return reading


class _Run:
    def __init__(self, control_block: ControlBlock, facts: Facts, given: Given) -> None:
        self._control_block = control_block
        self._facts = facts
        self._reader = Reader(facts, given)
        self._reading = Reading()

    def read(self) -> Reading:
        facts, reading = self._facts, self._reading
        cancelled = min(facts.cancels, default=NEVER)
        facts.horizon = cancelled - 1
        begins = self._begins()
        if reading.end is None:
            timed_out = NEVER
            if begins != NEVER and self._control_block.timeout is not None:
                timed_out = facts.fired("timeout", begins)
            facts.horizon = min(cancelled, timed_out) - 1
            root = self._scope(self._control_block.blocks, "", begins)
            facts.horizon = cancelled - 1
            if root.settled != NEVER:
                self._settled(root)
            elif timed_out < cancelled:
                self._fail(subjects.TIMED_OUT, timed_out, None)
        if reading.end is None and cancelled != NEVER:
            reading.end, reading.decided = subjects.CANCELLED, cancelled
            reading.compensated = reading.not_compensated = 0
        facts.horizon = NEVER
        return reading

    def _scope(self, blocks: tuple[ControlledBlock, ...], prefix: str, begins: float) -> ScopeFate:
        return read_scope(self._reader.begin, blocks, prefix, begins, NEVER, self._reading.log)

    def _begins(self) -> float:
        """When the gates are passed."""
        facts, start = self._facts, self._facts.start
        at = facts.begin
        if start and start.at is not None and start.at > facts.at[at]:
            at = facts.hold(facts.fired("begin", at))
        if start and start.overlap:
            at = facts.granted("overlap", at)
        if self._control_block.rate_limit:
            at = facts.granted("rate", at)
        if self._control_block.concurrency:
            granted, refused = facts.granted("concurrency", at), facts.first(facts.refusals, at)
            if refused < granted:
                self._reading.end, self._reading.decided = subjects.FAILED, refused
                self._reading.error = ErrorInfo(code="limit.reached", message="")
            at = granted
        return at

    def _settled(self, root: ScopeFate) -> None:
        reading = self._reading
        if root.error:
            self._fail(subjects.FAILED, root.settled, root.error)
            return
        reading.end, reading.decided = subjects.COMPLETE, root.settled
        reading.output = {
            name: root.fates[name].value
            for name in sinks(self._control_block.blocks)
            if root.fates[name].status == COMPLETED
        }

    def _fail(self, end: str, at: float, error: ErrorInfo | None) -> None:
        """Undo, the last first, then handle, then end."""
        reading = self._reading
        # What completes at the same moment is undone in the order in which it was folded, which is not asked here.
        for _, path, block in sorted(reading.log.undos, key=lambda undo: undo[0], reverse=True):
            fate = self._reader.begin(block, path, at, NEVER, reading.log)
            at = fate.settled
            reading.compensated += fate.status == COMPLETED
            reading.not_compensated += fate.status != COMPLETED and at != NEVER
        if self._control_block.on_failure:
            at = self._scope(self._control_block.on_failure, f"{ON_FAILURE}/", at).settled
        if at != NEVER:
            reading.end, reading.decided, reading.error = end, at, error


def _served(facts: Facts, waiters: list[Waiter], tie: int) -> Given:
    """Which task gets its signal when: signals in order, to whoever waits for the longest time."""
    served: Given = {}
    for name in {waiter.signal for waiter in waiters}:
        queue = sorted(waiter for waiter in waiters if waiter.signal == name)
        if tie:
            places = {waiter.path: chance("tie", tie, waiter.path).random() for waiter in queue}
            queue.sort(key=lambda waiter: (waiter.begins, places[waiter.path]))
        for moment, body in facts.signals(name):
            there = [waiter for waiter in queue if waiter.begins < moment <= waiter.leaves]
            # One that comes early is kept for the first that comes to wait.
            later = [waiter for waiter in queue if waiter.begins > moment]
            if found := next(iter(there or later), None):
                queue.remove(found)
                served[found.path] = max(float(moment), found.begins), body.data
    return served
