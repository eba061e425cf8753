"""The block types that exist, as executors announce them: followed, kept in memory."""

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.followed import Followed
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.steering import STEERING

log = logging.getLogger(__name__)

_ALL = subjects.catalogue_key("*")
_PREFIX = subjects.catalogue_key("")


class Catalogue(Followed):
    """All catalogue entries, by type."""

    def __init__(self, connection: Connection, state: Bucket) -> None:
        super().__init__(connection, state, _ALL)
        #: What executors have announced; replaced, never changed.
        self.types: Mapping[str, BlockType] = {}
        #: Grows whenever an entry says something new.
        self.revision = 0

    def page(self, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of entries, in the order of their names, those of the engine's own types among them."""
        place, types = decode_cursor(cursor, str), {**self.types, **STEERING}
        names = sorted(name for name in types if place is None or name > place[0])
        items = [_document(types[name]) for name in names[:limit]]
        return page(items, encode_cursor(names[limit - 1]) if len(names) > limit else None)

    def show(self, type_: str) -> dict[str, Any]:
        """One entry; ProblemError `block.unknown_type`."""
        found = STEERING.get(type_) or self.types.get(type_)
        if found is None:
            raise ProblemError("block.unknown_type", f"there is no block type `{type_}`")
        return _document(found)

    def _take(self, key: str, value: bytes | None) -> None:
        types = dict(self.types)
        type_ = key.removeprefix(_PREFIX)
        if value is None:
            types.pop(type_, None)
        else:
            try:
                types[type_] = BlockType.model_validate_json(value)
            except ValidationError as error:
                log.warning("the catalogue entry of %s can't be read: %s", type_, error)
                return
        if types != self.types:
            self.types = types
            self.revision += 1


def _document(block_type: BlockType) -> dict[str, Any]:
    return block_type.model_dump(mode="json", exclude={"v"})
