"""What block types there are, as far as programs ask for them."""

import asyncio
import re

from pydantic import ValidationError

from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.names import BLOCK_TYPE_PATTERN
from gnatwork_schemas.subjects import catalogue_key

#: Seconds for which an entry is taken to be as it was.
_FRESH = 5.0
_TYPE = re.compile(BLOCK_TYPE_PATTERN)


class AnnouncedTypes:
    """Reads entries of the catalogue when they are asked for."""

    def __init__(self, state: Bucket) -> None:
        self._state = state
        self._known: dict[str, tuple[float, BlockType]] = {}

    async def get(self, type_: str) -> BlockType | None:
        """The entry of a type; None when no executor has announced one that can be read."""
        if not _TYPE.fullmatch(type_):
            # A program may ask for anything, such as a pattern that other keys match.
            return None
        now = asyncio.get_running_loop().time()
        known = self._known.get(type_)
        if known is not None and now - known[0] < _FRESH:
            return known[1]
        entry = await until_available(lambda: self._state.get(catalogue_key(type_)))
        try:
            found = BlockType.model_validate_json(entry.value) if entry else None
        except ValidationError:
            found = None
        if found is not None:
            # As many as there are types.
            self._known[type_] = (now, found)
        else:
            self._known.pop(type_, None)
        return found
