"""Blocks: what becomes of each kind, once it is due."""

from typing import Any

from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import DEFAULT_PORT, ERROR_PORT, ControlledBlock
from gnatwork_schemas.duration import parse_duration
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error
from gnatwork_schemas.template import PathExpression
from simulation.reference.attempts import Work, begin, is_retried, step
from simulation.reference.facts import NEVER, Facts
from simulation.reference.fate import CANCELLED, COMPLETED, FAILED, GIVEN_UP, OPEN, SKIPPED, Fate, Log, Waiter
from simulation.reference.programs import Program
from simulation.reference.rounds import Rounds
from simulation.reference.scopes import read_scope, sinks

#: By task: when it gets its signal, and what that says.
Given = dict[str, tuple[float, Any]]


class Reader:
    """Reads the blocks of a run; `given` says which task gets its signal when."""

    def __init__(self, facts: Facts, given: Given) -> None:
        self._facts = facts
        self._given = given

    def begin(self, block: ControlledBlock, path: str, due: float, doom: float, log: Log) -> Fate:
        """What becomes of a block that is due at a moment, in a scope that fails from another one on."""
        facts = self._facts
        at = facts.hold(due)
        if doom <= due:
            return Fate(due, SKIPPED)
        if doom < at:
            return Fate(doom, CANCELLED)
        if at == NEVER:
            return OPEN
        reuse = facts.start.reuse if facts.start else None
        if reuse and path in reuse.tasks:
            fate = begin(facts, Work.of(block, path, reused=True), at, doom, log)
        else:
            fate = self._of_kind(block, path, due, doom, log)
        return self._settled(block, path, fate, log)

    def _of_kind(  # noqa: PLR0911 - one for each kind
        self, block: ControlledBlock, path: str, due: float, doom: float, log: Log
    ) -> Fate:
        at = self._facts.hold(due)
        match block.kind:
            case "task":
                return self._task(block, path, due, doom, log)
            case "loop" | "each":
                return self._loop(block, path, at, doom, log)
            case "group":
                return self._group(block, path, at, doom, log)
            case "delay":
                return self._delay(block, path, at, doom, log)
            case "wait":
                return self._wait(block, path, due, doom, log)
            case "workflow":
                return self._child(block, path, at, doom, log)
            case "script":
                return self._script(block, path, at, doom, log)

    def _settled(self, block: ControlledBlock, path: str, fate: Fate, log: Log) -> Fate:
        """The same with the ports that it takes, and what is to be undone noted."""
        value = fate.value
        match fate.status:
            case "failed" if block.on_error == "continue":
                error = fate.error.model_dump(exclude_none=True) if fate.error else None
                value = {"error": error}
            case "failed" | "given up":
                return Fate(fate.settled, fate.status, frozenset({ERROR_PORT}), error=fate.error)
            case "completed":
                if block.compensate:
                    log.undos.append((fate.settled, f"{path}:undo", block.compensate))
            case _:
                return fate
        ports = _ports(block, value)
        return Fate(fate.settled, COMPLETED, ports, refuses=not ports, value=value, error=fate.error)

    def _task(self, block: ControlledBlock, path: str, due: float, doom: float, log: Log) -> Fate:
        if block.plain and f"{path}:render" in self._facts.asked:
            rendered = self._rendered(path, self._facts.hold(due), doom, log)
            if rendered.status != COMPLETED:
                return rendered
            due = rendered.settled
        return begin(self._facts, Work.of(block, path), due, doom, log)

    def _group(self, block: ControlledBlock, path: str, at: float, doom: float, log: Log) -> Fate:
        if doom <= at:
            return Fate(at, CANCELLED)
        scope = read_scope(self.begin, block.blocks, f"{path}/", at, doom, log)
        if scope.settled == NEVER:
            return OPEN
        if scope.error:
            return Fate(scope.settled, FAILED, error=scope.error)
        return self._collect(path, scope.settled, doom, log, _results(block, scope.fates))

    def _loop(self, block: ControlledBlock, path: str, at: float, doom: float, log: Log) -> Fate:
        if doom <= at:
            return Fate(at, CANCELLED)
        count = None
        if block.loop is None or block.loop.over == "items":
            expanded = begin(self._facts, step(f"{path}:expand"), at, doom, log)
            if expanded.status != COMPLETED:
                return _of_loop(expanded, path)
            at, count = expanded.settled, expanded.value["items"]["count"]
        rounds = Rounds(self._facts, self.begin, block, path, doom)
        ended = rounds.read(at, count)
        log.add(rounds.log)
        if ended == NEVER:
            return OPEN
        if rounds.error is not None:
            return Fate(ended, FAILED, error=_named(rounds.error, path))
        results = [rounds.results[index] for index in sorted(rounds.results)]
        return self._collect(path, ended, doom, log, results)

    def _script(self, block: ControlledBlock, path: str, at: float, doom: float, log: Log) -> Fate:
        if doom <= at:
            return Fate(at, CANCELLED)
        program = Program(self._facts, self.begin, block, path, doom)
        fate = program.read(at)
        log.add(program.log)
        return fate

    def _collect(self, path: str, due: float, doom: float, log: Log, expected: Any) -> Fate:
        if doom <= due:
            return Fate(due, CANCELLED)
        fate = begin(self._facts, step(f"{path}:collect"), due, doom, log)
        if fate.status == COMPLETED:
            log.collected.append((path, expected, fate.value))
        return _of_loop(fate, path)

    def _rendered(self, path: str, at: float, doom: float, log: Log) -> Fate:
        """When the config of a delay or wait is known: at once, or when an executor has looked at what is large."""
        if f"{path}:render" not in self._facts.asked:
            return Fate(at, COMPLETED)
        fate = begin(self._facts, step(f"{path}:render"), at, doom, log)
        return Fate(fate.settled, CANCELLED) if doom <= fate.settled != NEVER else fate

    def _delay(self, block: ControlledBlock, path: str, at: float, doom: float, log: Log) -> Fate:
        rendered = self._rendered(path, at, doom, log)
        if rendered.status != COMPLETED:
            return rendered
        at, seconds = rendered.settled, parse_duration(_told(block, "for"))
        if seconds <= 0:
            return Fate(at, COMPLETED)
        fired = self._facts.fired(f"delay-{path}", at)
        if fired != NEVER and self._facts.at[fired] < self._facts.at[at] + seconds - 0.001:
            log.early.append(f"{path} waits for {seconds:g} s and goes on too early")
        over = self._facts.hold(fired)
        return Fate(doom, CANCELLED) if doom < over else Fate(over, COMPLETED) if over != NEVER else OPEN

    def _wait(self, block: ControlledBlock, path: str, due: float, doom: float, log: Log) -> Fate:
        facts, signal = self._facts, _told(block, "signal")
        rendered = self._rendered(path, facts.hold(due), doom, log)
        if rendered.status != COMPLETED:
            return rendered
        at = rendered.settled
        refused = facts.outcome(path, 1, at)
        late = facts.hold(facts.fired(f"wait-{path}", at))
        leaves = min(late, float(refused[0]) if refused else NEVER, doom, facts.horizon + 1)
        log.waiters.append(Waiter(at, due, path.count("/"), len(log.waiters), path, signal, leaves))
        given, data = self._given.get(path, (NEVER, None))
        if given != NEVER and given <= min(leaves, facts.horizon):
            return Fate(given, COMPLETED, value=data)
        # That it is too late is told first, and counts then.
        if refused and refused[0] <= doom:
            return Fate(refused[0], FAILED, error=_error(refused[1]))
        return Fate(doom, CANCELLED) if doom != NEVER else OPEN

    def _child(self, block: ControlledBlock, path: str, at: float, doom: float, log: Log) -> Fate:
        number = 1
        waits = not isinstance(block.config, dict) or block.config.get("wait", True)
        while at != NEVER:
            started = begin(self._facts, step(f"{path}:start"), at, doom, log)
            if started.status != COMPLETED or not waits:
                return started
            fate, own = self._child_run(path, number, started, log)
            if own or not fate.error or not is_retried(block.retry, fate.error, number) or doom < fate.settled:
                return fate
            at, number = self._facts.hold(self._facts.fired(f"retry-{path}-{number + 1}", fate.settled)), number + 1
            if doom < at:
                return Fate(doom, GIVEN_UP, error=fate.error)
        return OPEN

    def _child_run(self, path: str, number: int, started: Fate, log: Log) -> tuple[Fate, bool]:
        """What becomes of one run that was started, and whether that is up to a step of the engine's own."""
        facts, at = self._facts, started.settled
        ended = facts.child_ended(path, started.value["run_id"])
        failed = facts.outcome(path, number, at)
        late = facts.hold(facts.fired(f"workflow-{path}-{number}", at))
        if ended and ended[1].end == subjects.COMPLETE and ended[0] < late:
            # We may hear of its end before we hear that it was started. What it yields is fetched in any case.
            return begin(facts, step(f"{path}:result"), max(at, ended[0]), NEVER, log), True
        return Fate(failed[0], FAILED, error=_error(failed[1])) if failed else OPEN, False


def _told(block: ControlledBlock, name: str) -> Any:
    """A value of a config; of a template its default, as no block yields what such a one asks for."""
    for leaf in block.templates:
        if leaf.at == (name,) and isinstance(part := leaf.parts[0], PathExpression):
            return part.default
    return block.config.get(name) if isinstance(block.config, dict) else None


def _of_loop(fate: Fate, path: str) -> Fate:
    """What becomes of a loop or group by one of its steps."""
    return Fate(fate.settled, fate.status, value=fate.value, error=_named(fate.error, path) if fate.error else None)


def _named(error: ErrorInfo, path: str) -> ErrorInfo:
    return error if error.task else error.model_copy(update={"task": path})


def _error(outcome: object) -> ErrorInfo | None:
    return outcome.error if isinstance(outcome, Error) else None


def _results(block: ControlledBlock, fates: dict[str, Fate]) -> dict[str, Any]:
    return {name: fates[name].value for name in sinks(block.blocks) if fates[name].status == COMPLETED}


def _ports(block: ControlledBlock, value: Any) -> frozenset[str]:
    told = value if isinstance(value, dict) else {}
    if block.routes == "port":
        port = told.get("port")
        return frozenset({DEFAULT_PORT, port} if isinstance(port, str) and port != ERROR_PORT else {DEFAULT_PORT})
    if block.routes == "pass" and told.get("pass", True) is False:
        return frozenset()
    return frozenset({DEFAULT_PORT})
