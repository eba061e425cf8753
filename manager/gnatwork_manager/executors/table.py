"""The executors that live, as they say themselves: followed, kept in memory."""

import logging
from collections import defaultdict
from typing import Any

from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.followed import Followed
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_schemas import subjects
from gnatwork_schemas.executors import LivingExecutor
from gnatwork_schemas.steering import STEERING

log = logging.getLogger(__name__)

_ALL = subjects.executor_key("*")


class Executors(Followed):
    """All living executors, by their leases."""

    def __init__(self, connection: Connection, state: Bucket) -> None:
        super().__init__(connection, state, _ALL)
        self._living: dict[str, LivingExecutor] = {}
        #: By block type, the names of those that host it.
        self._hosts: dict[str, tuple[str, ...]] = {}

    def listed(self, block: dict[str, Any]) -> dict[str, Any]:
        """A document of the catalogue, with who hosts the block type now."""
        type_ = block["type"]
        return {**block, "executors": None if type_ in STEERING else self._hosts.get(type_, ())}

    def page(self, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of executors, in the order of their names."""
        place = decode_cursor(cursor, str, str)
        every = sorted((one.executor, lease) for lease, one in self._living.items())
        rest = [key for key in every if place is None or key > place]
        items = [self._living[lease].model_dump(mode="json", exclude={"v"}) for _, lease in rest[:limit]]
        return page(items, encode_cursor(*rest[limit - 1]) if len(rest) > limit else None)

    def _take(self, lease: str, value: bytes | None) -> None:
        known = self._living.get(lease)
        if value is None:
            self._living.pop(lease, None)
        else:
            try:
                self._living[lease] = LivingExecutor.model_validate_json(value)
            except ValidationError as error:
                log.warning("what an executor says of itself can't be read: %s", error)
                return
        if self._living.get(lease) != known:
            hosts: defaultdict[str, set[str]] = defaultdict(set)
            for executor in self._living.values():
                for type_ in executor.blocks:
                    hosts[type_].add(executor.executor)
            self._hosts = {type_: tuple(sorted(names)) for type_, names in hosts.items()}
