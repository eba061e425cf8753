"""Scopes: which blocks begin, and when, by those that they need."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gnatwork_schemas.control_block import ERROR_PORT, ControlledBlock
from simulation.reference.facts import NEVER
from simulation.reference.fate import FAILED, OPEN, SKIPPED, Fate, Log, ScopeFate


class Begin(Protocol):
    """What becomes of a block that is due."""

    def __call__(self, block: ControlledBlock, path: str, due: float, doom: float, log: Log) -> Fate:
        """The fate of the block."""


class _Verdict(NamedTuple):
    """Whether a block is to run, and since when that is known."""

    at: float
    runs: bool = False


def read_scope(  # noqa: PLR0917 - the moments, and what they are of
    begin: Begin, blocks: Sequence[ControlledBlock], prefix: str, begins: float, doom: float, log: Log
) -> ScopeFate:
    """What becomes of the blocks of a scope that begins at a moment; what is around it fails from `doom` on.

    First as if nothing in it made it fail, then once more from the first failure on: until then the two agree.
    """
    own = Log()
    fates = _Scope(begin, blocks, prefix, begins, doom, own).fates()
    caught = {need.block for block in blocks for need in block.needs if need.port == ERROR_PORT}
    failed = [(fate.settled, name) for name, fate in fates.items() if fate.status == FAILED and name not in caught]
    first, name = min(failed, default=(NEVER, ""))
    if first < doom:
        own = Log()
        fates = _Scope(begin, blocks, prefix, begins, first, own).fates()
    log.add(own)
    settled = max(begins, *(fate.settled for fate in fates.values()))
    error = fates[name].error if name else None
    if error and not error.task:
        error = error.model_copy(update={"task": prefix + name})
    return ScopeFate(settled, fates, first, error)


def sinks(blocks: Sequence[ControlledBlock]) -> list[str]:
    """The blocks that nothing beside them needs."""
    needed = {need.block for block in blocks for need in block.needs}
    return [block.id for block in blocks if block.id not in needed]


class _Scope:
    """A scope that begins to fail at a given moment."""

    def __init__(  # noqa: PLR0917 - as above
        self, begin: Begin, blocks: Sequence[ControlledBlock], prefix: str, begins: float, doom: float, log: Log
    ) -> None:
        self._begin = begin
        self._blocks = {block.id: block for block in blocks}
        self._prefix = prefix
        self._begins = begins
        self._doom = doom
        self._log = log
        self._fates: dict[str, Fate] = {}

    def fates(self) -> dict[str, Fate]:
        """What becomes of each block."""
        for name in self._blocks:
            self._fate(name)
        return self._fates

    def _fate(self, name: str) -> Fate:
        if name not in self._fates:
            self._fates[name] = self._read(self._blocks[name])
        return self._fates[name]

    def _read(self, block: ControlledBlock) -> Fate:
        at, runs = self._verdict(block)
        if at == NEVER:
            return OPEN
        # What is always to run is, whatever became of the others.
        doom = NEVER if self._is_always(block) else self._doom
        if not runs or doom <= at:
            return Fate(at, SKIPPED)
        return self._begin(block, self._prefix + block.id, at, doom, self._log)

    def _is_always(self, block: ControlledBlock) -> bool:
        when = self._blocks.get(f"{block.id}:when")
        return block.join == "always" or (when is not None and when.join == "always")

    def _verdict(self, block: ControlledBlock) -> _Verdict:
        if not block.needs:
            return _Verdict(self._begins, runs=True)
        needs = [(need.port, self._fate(need.block)) for need in block.needs]
        taken = [fate.settled for port, fate in needs if port in fate.ports]
        if block.join == "any" and taken:
            return _Verdict(min(taken), runs=True)
        last = max(fate.settled for _, fate in needs)
        refused = any(port not in fate.ports and (fate.ports or fate.refuses) for port, fate in needs)
        return _Verdict(last, runs=block.join == "always" or (bool(taken) and not refused))
