"""Control blocks, linked once and shared by all their runs."""

import asyncio
from collections import OrderedDict

from gnatwork_bus.kv import Bucket
from gnatwork_engine.core import Plan
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.errors import MessageError

#: Plans kept in memory.
_SIZE = 1024


class Plans:
    """Reads control blocks from the state bucket and keeps the most recently used."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._loading: dict[str, asyncio.Lock] = {}

    def known(self, digest: str) -> Plan | None:
        """The plan, if it is in memory."""
        if plan := self._plans.get(digest):
            self._plans.move_to_end(digest)
        return plan

    async def get(self, digest: str) -> Plan:
        """The plan; MessageError when there is no such control block, UnavailableError when NATS does not answer."""
        async with self._loading.setdefault(digest, asyncio.Lock()):
            try:
                if plan := self.known(digest):
                    return plan
                entry = await self._bucket.get(subjects.control_block_key(digest))
                if entry is None:
                    raise MessageError(f"there is no control block {digest}")
                plan = self._plans[digest] = Plan(ControlBlock.model_validate_json(entry.value))
            finally:
                self._loading.pop(digest, None)
        while len(self._plans) > _SIZE:
            self._plans.popitem(last=False)
        return plan
