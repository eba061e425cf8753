"""Blocks of a control block, by the paths of their tasks and by their types."""

import re
from collections.abc import Iterable, Iterator, Sequence

from support.workflows import PLAY, SCARCE

from gnatwork_schemas import implicit
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock

#: What the kinds of blocks need of executors.
_STEPS = {
    "loop": (implicit.EXPAND, implicit.COLLECT),
    "each": (implicit.EXPAND, implicit.COLLECT),
    "group": (implicit.COLLECT,),
    "delay": (implicit.RENDER,),
    "wait": (implicit.RENDER,),
    "workflow": (implicit.START_RUN, implicit.RUN_RESULT),
    "script": (implicit.SLICE, PLAY, SCARCE, implicit.START_RUN, implicit.RUN_RESULT),
}
_INDEX = re.compile(r"(?<=/)\d+(?=/|:|$)")


class Blocks:
    """The blocks of a control block."""

    def __init__(self, control_block: ControlBlock) -> None:
        self._by_path = {
            **dict(_under("", control_block.blocks)),
            **dict(_under(":on_failure/", control_block.on_failure)),
        }

    def at(self, path: str) -> ControlledBlock | None:
        """The block of a task; None for a step of the engine's own."""
        return self._by_path.get(_INDEX.sub("*", path))

    def types(self) -> set[str]:
        """The types of all tasks that a run can have."""
        blocks = self._by_path.values()
        ahead = {implicit.RENDER for block in blocks if block.plain}
        return {type_ for block in blocks for type_ in _STEPS.get(block.kind, (block.type,))} | ahead


def index_of(path: str) -> int | None:
    """Which iteration of the innermost loop a task is of."""
    found = _INDEX.findall(path)
    return int(found[-1]) if found else None


def _under(prefix: str, blocks: Sequence[ControlledBlock]) -> Iterator[tuple[str, ControlledBlock]]:
    for block in blocks:
        yield from _block(prefix + block.id, block)


def _block(path: str, block: ControlledBlock) -> Iterator[tuple[str, ControlledBlock]]:
    yield path, block
    if block.compensate:
        yield f"{path}:undo", block.compensate
    if block.kind == "each":
        yield from _block(f"{path}/*", block.blocks[0])
    elif block.kind == "group":
        yield from _under(f"{path}/", block.blocks)
    elif block.kind == "loop":
        yield from _under(f"{path}/*/", block.blocks)
        if block.loop and block.loop.condition:
            yield f"{path}/*/{block.loop.condition.id}", block.loop.condition


def types_of(control_blocks: Iterable[ControlBlock]) -> set[str]:
    """The types of all tasks that runs of these can have."""
    return set().union(*(Blocks(control_block).types() for control_block in control_blocks))
