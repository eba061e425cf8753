"""Histories of ended runs, compressed, until their retention is over.

An archive is what `pack` yields, cut into chunks of 256 KiB that lie under
`archive.<ns>.<workflow>.<run>.<chunk>`. Each carries the header `Gnatwork-Archive`, the JSON of an `ArchiveInfo`.
Chunk 0 is written last and expires first, so that while it is there the others are, too.
"""

import asyncio
import hashlib
import logging
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import orjson
from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import direct_get, leader_get, read_all
from gnatwork_bus.expiry import expiring
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import MessageError, UnknownVersionError
from gnatwork_schemas.model import VERSION, Model

log = logging.getLogger(__name__)

#: Bytes of a chunk.
CHUNK_SIZE = 256 * 1024
#: Chunks that wait for their acknowledgement at once: 4 MiB.
_WINDOW = 16
#: Seconds by which the other chunks outlive chunk 0.
_MARGIN = 60.0
#: From so many bytes on, whether packed or not, the work is done off the event loop.
_LARGE = 128 * 1024
#: What zlib makes of text at this level takes a fifth more than at the highest, in a quarter of the time.
_LEVEL = 6
#: Bytes that are compressed at once.
_PIECE = 1024 * 1024
#: Set by the server or for it; of no meaning in an archive.
_SERVERS_OWN = "Nats-"

_Result = TypeVar("_Result")


class ArchiveInfo(Model):
    """What each chunk says of the whole."""

    v: int = VERSION
    #: History base of the run.
    base: str
    #: How many chunks there are.
    chunks: int
    #: How many events they hold.
    events: int
    #: Sequence and name of the last one, as a rule the run's end.
    last: int
    end: str
    #: Bytes of the events before they were compressed.
    size: int
    #: SHA-256 over all chunks.
    digest: str


class Archive:
    """Writes and reads archived histories."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(
        self, namespace: str, workflow: str, run_id: str, messages: Sequence[StoredMessage], ttl: float
    ) -> None:
        """Store the events of a run; the same events again replace themselves.

        Args:
            namespace: of the run.
            workflow: of the run.
            run_id: the run.
            messages: its events in order, at least one, all below one history base.
            ttl: seconds after which the archive goes, at least one.

        Raises:
            StoreFullError: the server has no room.
            UnavailableError: NATS does not answer; there may be a part, which is as good as nothing.
        """
        base, end = subjects.split_history(messages[-1].subject)
        size = sum(len(message.data) + len(message.subject) for message in messages)
        chunks = await _aside(size, lambda: pack(base, messages))
        info = ArchiveInfo(
            base=base,
            chunks=len(chunks),
            events=len(messages),
            last=messages[-1].sequence,
            end=end,
            size=size,
            digest=_digest(chunks),
        )
        header = {header_names.ARCHIVE_INFO: info.model_dump_json()}
        publish = self._connection.publisher.publish

        async def put(number: int, kept: float) -> None:
            subject = subjects.archive_chunk(namespace, workflow, run_id, number)
            await publish(subject, chunks[number], {**header, **expiring(kept)})

        for first in range(1, len(chunks), _WINDOW):
            numbers = range(first, min(first + _WINDOW, len(chunks)))
            await asyncio.gather(*(put(number, ttl + _MARGIN) for number in numbers))
        await put(0, ttl)

    async def find(self, namespace: str, run_id: str) -> ArchiveInfo | None:
        """What there is of a run, None when it is not archived or no longer.

        Raises:
            UnknownVersionError: it was written by a later version.
            UnavailableError: NATS does not answer.
        """
        chunk = await self._first(namespace, run_id)
        return _info(chunk) if chunk else None

    async def start(self, namespace: str, run_id: str) -> StoredMessage | None:
        """The first event of an archived run, without reading the others; None when there is no such archive."""
        chunk = await self._first(namespace, run_id)
        if chunk is None:
            return None
        start = next(unpack(_info(chunk).base, zlib.decompressobj().decompress(chunk.data, _LARGE)), None)
        # A very long one does not fit into its chunk.
        return start or next(iter(await self.read(namespace, run_id)), None)

    async def read(self, namespace: str, run_id: str) -> list[StoredMessage]:
        """The events of a run with the subjects, sequences and times that they had; [] when it is not archived.

        So it is when the archive is not whole: parts that were left behind are no archive.
        Raises as `find`.
        """
        everything = subjects.archive_chunk(namespace, "*", run_id, "*")
        found = {_number(chunk): chunk for chunk in await read_all(self._connection, subjects.ARCHIVE, everything)}
        first = found.get(0) or await self._first(namespace, run_id)
        if first is None:
            return []
        info = _info(first)
        chunks = [first.data]
        for number in range(1, info.chunks):
            subject = f"{first.subject.removesuffix('0')}{number}"
            chunk = found.get(number) or await leader_get(self._connection, subjects.ARCHIVE, subject)
            if chunk is None:
                log.warning("the archive of run %s lacks chunk %d of %d", run_id, number, info.chunks)
                return []
            chunks.append(chunk.data)
        try:
            return await _aside(info.size, lambda: _unpacked(info, chunks))
        except (zlib.error, ValueError) as error:
            log.warning("the archive of run %s can't be read: %s", run_id, error)
            return []

    async def delete(self, namespace: str, run_id: str) -> None:
        """Remove the archive of a run, whether there is one or not."""
        everything = subjects.archive_chunk(namespace, "*", run_id, "*")
        await self._connection.api(f"STREAM.PURGE.{subjects.ARCHIVE}", {"filter": everything})

    async def _first(self, namespace: str, run_id: str) -> StoredMessage | None:
        subject = subjects.archive_chunk(namespace, "*", run_id, 0)
        # Only the leader knows for sure that there is nothing.
        return await direct_get(self._connection, subjects.ARCHIVE, {"last_by_subj": subject}) or await leader_get(
            self._connection, subjects.ARCHIVE, subject
        )


async def _aside(size: int, work: Callable[[], _Result]) -> _Result:
    """Do work on so many bytes off the event loop, if they are many."""
    return await asyncio.to_thread(work) if size > _LARGE else work()


def pack(base: str, messages: Sequence[StoredMessage]) -> list[bytes]:
    """Events, compressed by zlib, in chunks.

    Each event is a line `[event, sequence, at, bytes, headers]`, its data, and a newline.
    """
    compressor = zlib.compressobj(_LEVEL)
    packed: list[bytes] = []
    piece: list[bytes] = []
    length = 0
    for message in messages:
        event = message.subject[len(base) + 1 :]
        line = orjson.dumps([event, message.sequence, message.at, len(message.data), _kept(message.headers)])
        piece += (line, b"\n", message.data, b"\n")
        length += len(line) + len(message.data)
        if length >= _PIECE:
            packed.append(compressor.compress(b"".join(piece)))
            piece, length = [], 0
    packed += (compressor.compress(b"".join(piece)), compressor.flush())
    whole = b"".join(packed)
    return [whole[place : place + CHUNK_SIZE] for place in range(0, len(whole), CHUNK_SIZE)]


def unpack(base: str, data: bytes) -> Iterator[StoredMessage]:
    """The events in what was packed, decompressed; those at its end that are not whole are left out."""
    place = 0
    while (end := data.find(b"\n", place)) >= 0:
        event, sequence, at, length, headers = orjson.loads(data[place:end])
        place = end + length + 2
        if place > len(data):
            return
        yield StoredMessage(f"{base}.{event}", sequence, at, data[end + 1 : place - 1], headers)


def _unpacked(info: ArchiveInfo, chunks: Sequence[bytes]) -> list[StoredMessage]:
    if _digest(chunks) != info.digest:
        raise ValueError("its chunks do not belong together")
    messages = list(unpack(info.base, zlib.decompress(b"".join(chunks))))
    if len(messages) != info.events:
        raise ValueError(f"it holds {len(messages)} events instead of {info.events}")
    return messages


def _info(chunk: StoredMessage) -> ArchiveInfo:
    text = (chunk.headers or {}).get(header_names.ARCHIVE_INFO, "")
    try:
        info = ArchiveInfo.model_validate_json(text)
    except ValidationError as error:
        raise MessageError(f"{chunk.subject} is no part of an archive") from error
    if info.v != VERSION:
        raise UnknownVersionError(f"{chunk.subject} has v={info.v}")
    return info


def _number(chunk: StoredMessage) -> int:
    number = chunk.subject.rpartition(".")[2]
    return int(number) if number.isdigit() else -1


def _digest(chunks: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _kept(headers: Mapping[str, str] | None) -> dict[str, str] | None:
    return {name: text for name, text in (headers or {}).items() if not name.startswith(_SERVERS_OWN)} or None
