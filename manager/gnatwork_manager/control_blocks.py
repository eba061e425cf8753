"""Plans of stored control blocks, for reading runs."""

from gnatwork_bus.kv import Bucket
from gnatwork_engine.core.plan import Plan
from gnatwork_manager.lru import LruCache
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.errors import MessageError

#: Bytes of control blocks that are kept at hand.
_CAPACITY = 32 * 1024 * 1024


class ControlBlocks:
    """Control blocks by digest, each read once."""

    def __init__(self, state: Bucket) -> None:
        self._state = state
        self._plans: LruCache[str, Plan] = LruCache(_CAPACITY)

    async def plan(self, digest: str) -> Plan:
        """The plan that keeps all outputs; MessageError when its control block is gone."""
        if found := self._plans.get(digest):
            return found
        entry = await self._state.get(subjects.control_block_key(digest))
        if entry is None:
            raise MessageError(f"the control block {digest} is missing from the state bucket")
        plan = Plan(ControlBlock.model_validate_json(entry.value), keep_all=True)
        self._plans.put(digest, plan, len(entry.value))
        return plan
