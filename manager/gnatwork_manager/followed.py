"""What executors write into the bucket of the state: followed, kept in memory."""

import contextlib
from abc import ABC, abstractmethod

from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.kv import Bucket


class Followed(ABC):
    """The entries under some keys, as a subclass keeps them.

    Args:
        connection: Where from.
        state: The bucket.
        keys: A key with wildcards.
    """

    def __init__(self, connection: Connection, state: Bucket, keys: str) -> None:
        self._connection = connection
        self._state = state
        self._keys = keys
        self._position = 0

    async def refresh(self) -> None:
        """Read all of them now."""
        for entry in await self._state.list(self._keys):
            self._position = max(self._position, entry.revision)
            self._take(entry.key, entry.value)

    async def follow(self) -> None:
        """Take in what is written, for ever."""
        subject = self._state.subject(self._keys)
        following = follow(self._connection, self._state.stream_name, subject, after=self._position)
        async with contextlib.aclosing(following) as messages:
            async for message in messages:
                entry = self._state.entry(message)
                self._take(self._state.key(message), entry.value if entry else None)

    @abstractmethod
    def _take(self, key: str, value: bytes | None) -> None:
        """An entry says this now; None where it is gone. The same may be taken twice."""
