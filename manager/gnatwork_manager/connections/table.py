"""All connections, followed and kept in memory as they are stored: sealed. Opening one takes microseconds."""

import asyncio
import contextlib
from collections.abc import Iterator

from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.kv import Bucket, Entry
from gnatwork_schemas import subjects


class ConnectionTable:
    """The documents of connections and of their tokens, by key."""

    def __init__(self, connection: Connection, bucket: Bucket) -> None:
        self.bucket = bucket
        self._connection = connection
        self._position = 0
        self._entries: dict[str, Entry] = {}
        self._waiting: set[asyncio.Event] = set()

    async def refresh(self) -> None:
        """Read all documents now."""
        for entry in await self.bucket.list(subjects.CONNECTION_KEYS):
            self._position = max(self._position, entry.revision)
            self._entries[entry.key] = entry

    async def follow(self) -> None:
        """Take in what anyone writes, for ever."""
        subject = self.bucket.subject(subjects.CONNECTION_KEYS)
        following = follow(self._connection, self.bucket.stream_name, subject, after=self._position)
        async with contextlib.aclosing(following) as messages:
            async for message in messages:
                if message.sequence <= self._position:
                    # The bucket was made anew.
                    self._entries.clear()
                self._position = message.sequence
                self._take(self.bucket.key(message), self.bucket.entry(message), message.sequence)

    async def get(self, key: str) -> Entry | None:
        """A document; one that is not known is looked for, since another manager may just have stored it."""
        return self._entries.get(key) or await self.bucket.get(key)

    def note(self, entry: Entry) -> None:
        """Take in what this manager has written, before the bucket tells of it."""
        self._take(entry.key, entry, entry.revision)

    def forget(self, key: str) -> None:
        """A document was removed by this manager."""
        self._entries.pop(key, None)

    @contextlib.contextmanager
    def changes(self) -> Iterator[asyncio.Event]:
        """What is set whenever something has changed."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)

    def _take(self, key: str, entry: Entry | None, revision: int) -> None:
        known = self._entries.get(key)
        if known is not None and known.revision >= revision:
            return
        if entry is None:
            self._entries.pop(key, None)
        else:
            self._entries[key] = entry
        for event in self._waiting:
            event.set()
