"""An object store: bytes under names, laid out as NATS clients lay them out, so that those can be used on it, too."""

import asyncio
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
from pydantic import Field, ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import leader_get, leader_next, read_all
from gnatwork_bus.expiry import expiring
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.model import Model

#: Bytes of a chunk, as NATS clients have it.
CHUNK = 128 * 1024
#: Chunks that wait for their acknowledgement at once: 4 MiB.
_WINDOW = 32
#: Seconds that it shows that an object has been removed.
_MARKER_TTL = 600.0
#: Infos that are read at once.
_PAGE = 1000
_DIGEST = "SHA-256="


class _Info(Model):
    """What is stored of an object; see ADR-20 of NATS."""

    name: str
    nuid: str = Field(pattern=r"^[^\s.*>]+$")
    size: int = Field(default=0, ge=0)
    chunks: int = Field(default=0, ge=0)
    digest: str = ""
    deleted: bool = False


class ObjectInfo(NamedTuple):
    """What is known of an object."""

    name: str
    #: Under which its chunks lie.
    id: str
    #: Bytes.
    size: int
    #: SHA-256 of the bytes.
    digest: bytes
    #: When it was written: Unix seconds.
    modified: float
    #: Whether it has been removed since.
    deleted: bool
    #: The sequence of the write.
    revision: int


class Objects:
    """One object store. A name whose object was removed is as good as missing, but for its info."""

    def __init__(self, connection: Connection, bucket: str) -> None:
        self._connection = connection
        self._bucket = bucket
        self._stream = subjects.object_stream(bucket)

    async def info(self, name: str) -> ObjectInfo | None:
        """What is known of a name, also of one whose object was removed; None when it was never used."""
        found = await leader_get(self._connection, self._stream, subjects.object_info(self._bucket, name))
        return _info(found) if found else None

    async def write(self, object_id: str, data: bytes) -> None:
        """Store bytes under a new id, in chunks; they belong to no name as yet."""
        subject = subjects.object_chunks(self._bucket, object_id)
        publish = self._connection.publisher.publish
        for first in range(0, len(data), _WINDOW * CHUNK):
            starts = range(first, min(first + _WINDOW * CHUNK, len(data)), CHUNK)
            await asyncio.gather(*(publish(subject, data[start : start + CHUNK]) for start in starts))

    async def link(self, name: str, object_id: str, data: bytes, revision: int) -> ObjectInfo:
        """Say that a name has these bytes now, if what is known of it is still `revision`; else `ConflictError`."""
        digest = hashlib.sha256(data).digest()
        now = datetime.now(UTC)
        info = {
            "name": name,
            "bucket": self._bucket,
            "nuid": object_id,
            "size": len(data),
            "mtime": now.isoformat().replace("+00:00", "Z"),
            "chunks": -(-len(data) // CHUNK),
            "digest": _DIGEST + urlsafe_b64encode(digest).decode(),
            "options": {"max_chunk_size": CHUNK},
        }
        stored = await self._put_info(name, info, revision)
        return ObjectInfo(name, object_id, len(data), digest, now.timestamp(), deleted=False, revision=stored)

    async def unlink(self, info: ObjectInfo) -> None:
        """Say that a name has no object any more, if what is known of it is still `info`; else `ConflictError`."""
        removed = {"name": info.name, "bucket": self._bucket, "nuid": info.id, "size": 0, "chunks": 0, "deleted": True}
        await self._put_info(info.name, removed, info.revision, expiring(_MARKER_TTL))

    async def forget(self, object_id: str) -> None:
        """Remove the bytes of an object; those of none are as good as removed."""
        request = {"filter": subjects.object_chunks(self._bucket, object_id)}
        await self._connection.api(f"STREAM.PURGE.{self._stream}", request)

    async def read(self, info: ObjectInfo) -> bytes:
        """The bytes of an object; PayloadError when they are gone, in part or whole, or others than were stored."""
        subject = subjects.object_chunks(self._bucket, info.id)
        data, after, found = bytearray(), 0, hashlib.sha256()
        while len(data) < info.size and (chunks := await self._chunks(subject, after)):
            for chunk in chunks:
                found.update(chunk.data)
                data += chunk.data
            after = chunks[-1].sequence
        if len(data) != info.size or found.digest() != info.digest:
            raise PayloadError(f"{info.name} is not what was stored")
        return bytes(data)

    async def list(self, prefix: str, after: str, limit: int) -> list[ObjectInfo]:
        """The first objects by name whose name begins with `prefix` and comes behind `after`.

        The names of a store can't be asked for in part, so what is known of each object is read, page by page.
        """
        found: dict[str, ObjectInfo] = {}
        last, pattern = 0, subjects.object_infos(self._bucket)
        while page := await read_all(self._connection, self._stream, pattern, after=last, limit=_PAGE):
            last = page[-1].sequence
            for info in map(_info, page):
                if info.name.startswith(prefix) and info.name > after:
                    found[info.name] = info
            present = sorted((info for info in found.values() if not info.deleted), key=lambda info: info.name)
            found = {info.name: info for info in present[:limit]}
            if len(page) < _PAGE:
                break
        return list(found.values())

    async def _chunks(self, subject: str, after: int) -> Sequence[StoredMessage]:
        """The next chunks; the leader is asked when the replica that answers first has none."""
        if chunks := await read_all(self._connection, self._stream, subject, after=after, limit=_WINDOW):
            return chunks
        chunk = await leader_next(self._connection, self._stream, subject, after)
        return [chunk] if chunk else []

    async def _put_info(
        self, name: str, info: dict[str, object], revision: int, headers: dict[str, str] | None = None
    ) -> int:
        expected = {
            header_names.ROLLUP: "sub",
            header_names.EXPECTED_LAST_SUBJECT_SEQUENCE: str(revision),
            **(headers or {}),
        }
        subject = subjects.object_info(self._bucket, name)
        return await self._connection.publisher.publish(subject, orjson.dumps(info), expected)


def _info(message: StoredMessage) -> ObjectInfo:
    """What is not understood, as no client writes it, is as good as removed."""
    try:
        info = _Info.model_validate_json(message.data)
        digest = urlsafe_b64decode(info.digest.removeprefix(_DIGEST))
    except (ValidationError, ValueError):
        return ObjectInfo("", "none", 0, b"", message.at, deleted=True, revision=message.sequence)
    return ObjectInfo(info.name, info.nuid, info.size, digest, message.at, info.deleted, message.sequence)
