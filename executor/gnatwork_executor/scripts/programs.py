"""The programs of scripts, out of the control blocks that they belong to."""

from gnatwork_blocks.errors import BlockError
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_programs.least_recent import LeastRecent
from gnatwork_programs.source import script_at
from gnatwork_schemas.control_block import ControlBlock, Script
from gnatwork_schemas.subjects import control_block_key

#: Bytes of sources that are kept at hand.
_KEPT = 8 * 1024 * 1024


class StoredScripts:
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
        script = script_at(ControlBlock.model_validate_json(entry.value), path)
        if script is None:
            raise BlockError("message.invalid", f"Control block {digest} has no script at {path}.")
        self._scripts.put((digest, path), script, len(script.source))
        return script
