"""Messages, keys and files in memory, for tests and for flows without an installation."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.services.caller import Caller
from gnatwork_blocks.services.files import MAX_FILE, MAX_LISTED, FileInfo, checked_size, not_found
from gnatwork_blocks.services.keys import Entry, changed, checked_value
from gnatwork_blocks.services.message_headers import checked_headers
from gnatwork_blocks.services.messages import Reply, Stored, checked_subject
from gnatwork_schemas.header_names import TRACEPARENT


class Sent(NamedTuple):
    """A message that a block has sent."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    #: None when it was not for a stream.
    message_id: str | None = None


#: Answers a request: its data.
Responder = Callable[[bytes], Awaitable[bytes]]


class MemoryServices:
    """What all attempts share; nothing of it outlives the process."""

    def __init__(self) -> None:
        #: What was sent, requests included.
        self.sent: list[Sent] = []
        #: Who answers requests, by subject.
        self.responders: dict[str, Responder] = {}
        self._keys: dict[tuple[str, str, str], tuple[bytes, int, float | None]] = {}
        self._files: dict[tuple[str, str], tuple[FileInfo, bytes]] = {}
        self._writes = 0

    def messages(self, caller: Caller) -> "MemoryMessages":
        """Messages of one attempt."""
        return MemoryMessages(
            self.sent, self.responders, {TRACEPARENT: caller.traceparent} if caller.traceparent else {}
        )

    def keys(self, caller: Caller) -> "MemoryKeys":
        """Keys of one attempt's namespace."""
        return MemoryKeys(self, caller.namespace)

    def files(self, caller: Caller) -> "MemoryFiles":
        """Files of one attempt's namespace."""
        return MemoryFiles(self._files, caller.namespace)

    def next_revision(self) -> int:
        """The number of the next write."""
        self._writes += 1
        return self._writes

    @property
    def stored_keys(self) -> dict[tuple[str, str, str], tuple[bytes, int, float | None]]:
        """By namespace, bucket and key: JSON, revision, and when it expires."""
        return self._keys


@dataclass(frozen=True, slots=True)
class MemoryMessages:
    """Keeps what is sent; a subject that someone answers has no stream, every other has the stream `memory`."""

    sent: list[Sent]
    responders: Mapping[str, Responder]
    added: Mapping[str, str] = field(default_factory=dict)

    async def publish(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """See `Messages`."""
        self.sent.append(Sent(checked_subject(subject), data, {**self.added, **checked_headers(headers)}))

    async def store(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, message_id: str
    ) -> Stored:
        """See `Messages`."""
        checked_subject(subject)
        before = [one for one in self.sent if one.message_id is not None]
        for sequence, one in enumerate(before, 1):
            if one.message_id == message_id:
                return Stored("memory", sequence, duplicate=True)
        self.sent.append(Sent(subject, data, {**self.added, **checked_headers(headers)}, message_id))
        return Stored("memory", len(before) + 1, duplicate=False)

    async def request(
        self,
        subject: str,
        data: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float,  # noqa: ARG002 - nobody is far away
    ) -> Reply:
        """See `Messages`."""
        await self.publish(subject, data, headers)
        if (responder := self.responders.get(subject)) is None:
            raise BlockError("nats.no_responders", f"Nobody answers on {subject!r}.", retryable=True)
        return Reply(await responder(data), {})


@dataclass(frozen=True, slots=True)
class MemoryKeys:
    """See `Keys`."""

    services: MemoryServices
    namespace: str

    async def get(self, bucket: str, key: str) -> Entry | None:
        """See `Keys`."""
        found = self.services.stored_keys.get((self.namespace, bucket, key))
        if found is None or (found[2] is not None and found[2] <= time.monotonic()):
            return None
        return Entry(orjson.loads(found[0]), found[1])

    async def put(
        self, bucket: str, key: str, value: Any, *, ttl: float | None = None, revision: int | None = None
    ) -> int:
        """See `Keys`."""
        data = checked_value(orjson.dumps(value))
        await self._expect(bucket, key, revision)
        new = self.services.next_revision()
        until = None if ttl is None else time.monotonic() + ttl
        self.services.stored_keys[self.namespace, bucket, key] = data, new, until
        return new

    async def delete(self, bucket: str, key: str, *, revision: int | None = None) -> None:
        """See `Keys`."""
        if await self.get(bucket, key) is not None:
            await self._expect(bucket, key, revision)
            del self.services.stored_keys[self.namespace, bucket, key]

    async def _expect(self, bucket: str, key: str, revision: int | None) -> None:
        last = await self.get(bucket, key)
        if revision is not None and revision != (last.revision if last else 0):
            raise changed(bucket, key, last.revision if last else 0)


@dataclass(frozen=True, slots=True)
class MemoryFiles:
    """See `Files`."""

    stored: dict[tuple[str, str], tuple[FileInfo, bytes]]
    namespace: str

    async def put(self, name: str, data: bytes) -> FileInfo:
        """See `Files`."""
        checked_size(name, len(data))
        info = FileInfo(name, len(data), f"sha256:{hashlib.sha256(data).hexdigest()}", time.time())
        self.stored[self.namespace, name] = info, data
        return info

    async def get(self, name: str, *, max_bytes: int = MAX_FILE) -> tuple[FileInfo, bytes]:
        """See `Files`."""
        if (found := self.stored.get((self.namespace, name))) is None:
            raise not_found(name)
        checked_size(name, found[0].size, max_bytes)
        return found

    async def list(self, prefix: str = "", *, after: str = "", limit: int = MAX_LISTED) -> list[FileInfo]:
        """See `Files`."""
        mine = sorted(info for (namespace, _), (info, _) in self.stored.items() if namespace == self.namespace)
        return [info for info in mine if info.name.startswith(prefix) and info.name > after][:limit]

    async def delete(self, name: str) -> None:
        """See `Files`."""
        self.stored.pop((self.namespace, name), None)
