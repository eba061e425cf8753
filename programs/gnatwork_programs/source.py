"""The programs of scripts, in the control blocks that they belong to."""

from collections.abc import Iterable

from gnatwork_schemas.control_block import ControlBlock, ControlledBlock, Script

#: What undoes a block is named so behind its id.
_UNDO = "undo"


def script_at(control_block: ControlBlock, path: str) -> Script | None:
    """The program of the block at a path of ids, None where there is none."""
    blocks: Iterable[ControlledBlock] = control_block.blocks
    found: ControlledBlock | None = None
    for step in path.split("/"):
        if step == ":on_failure":
            blocks = control_block.on_failure
            continue
        id_, _, what = step.partition(":")
        found = next((block for block in blocks if block.id == id_), None)
        if found is None:
            return None
        if found.kind == "each":
            found = found.blocks[0]
        if what == _UNDO:
            found = found.compensate
        blocks = found.blocks if found else ()
    return found.script if found else None
