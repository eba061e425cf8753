"""The programs of scripts, out of the control blocks that they belong to."""

from collections.abc import Iterable

from gnatwork_blocks.errors import BlockError
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_executor.scripts.least_recent import LeastRecent
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock, Script
from gnatwork_schemas.subjects import control_block_key

#: Bytes of sources that are kept at hand.
_KEPT = 8 * 1024 * 1024
#: What undoes a block is named so behind its id.
_UNDO = "undo"


class Programs:
    """Control blocks never change, so what was read once holds."""

    def __init__(self, state: Bucket) -> None:
        self._state = state
        self._scripts: LeastRecent[tuple[str, str], Script] = LeastRecent(_KEPT)

    async def get(self, digest: str, path: str) -> Script:
        """The program of a block.

        Raises:
            BlockError: `workflow.not_found`, the control block is gone; `message.invalid`, it has no such block.
        """
        if (known := self._scripts.get((digest, path))) is not None:
            return known
        entry = await until_available(lambda: self._state.get(control_block_key(digest)))
        if entry is None:
            raise BlockError("workflow.not_found", f"The control block {digest} of the run is gone.")
        script = _script(ControlBlock.model_validate_json(entry.value), path)
        if script is None:
            raise BlockError("message.invalid", f"Control block {digest} has no script at {path}.")
        self._scripts.put((digest, path), script, len(script.source))
        return script


def _script(control_block: ControlBlock, path: str) -> Script | None:
    """The program of the block at a path of ids."""
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
