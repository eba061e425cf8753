"""Values too large for a message, stored in chunks under the run that refers to them."""

import asyncio
import hashlib
import re

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import last_of_each, leader_get, read_all
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import PayloadError, PayloadTooLargeError
from gnatwork_schemas.payload import CHUNK_SIZE, MAX_PAYLOAD, PayloadRef

#: Chunks that wait for their acknowledgement at once: 4 MiB.
_WINDOW = 16
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def payload_name(label: str, digest: str) -> str:
    """The id of what is stored: what it is, for people, and the digest (hex) that tells it from all others."""
    return f"{_UNSAFE.sub('-', label)[:31]}-{digest[:32]}"


class Payloads:
    """Stores and reads payloads.

    A payload's id ends with the digest of its bytes, so what a reference stands for never changes: an attempt that
    runs twice, even with two results at once, writes the same chunks or other ones, never into each other's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, namespace: str, run_id: str, data: bytes, payload_id: str) -> PayloadRef:
        """Store a value under a run; safe to repeat when it fails.

        Args:
            namespace: of the run.
            run_id: the run with which the value is purged.
            data: JSON.
            payload_id: what it is, for people; the reference's id starts with it.

        Raises:
            PayloadTooLargeError: more than 64 MB.
            StoreFullError: the server has no room.
            UnavailableError: NATS does not answer.
        """
        if len(data) > MAX_PAYLOAD:
            raise PayloadTooLargeError(f"{payload_id} has {len(data)} bytes, at most {MAX_PAYLOAD} are stored")
        digest = hashlib.sha256(data).hexdigest()
        name = payload_name(payload_id, digest)
        publish = self._connection.publisher.publish
        for first in range(0, len(data), _WINDOW * CHUNK_SIZE):
            starts = range(first, min(first + _WINDOW * CHUNK_SIZE, len(data)), CHUNK_SIZE)
            await asyncio.gather(
                *(
                    publish(
                        subjects.payload_chunk(namespace, run_id, name, start // CHUNK_SIZE),
                        data[start : start + CHUNK_SIZE],
                    )
                    for start in starts
                )
            )
        return PayloadRef(id=name, size=len(data), digest=f"sha256:{digest}")

    async def get(self, namespace: str, run_id: str, ref: PayloadRef) -> bytes:
        """The value that a reference stands for.

        Raises:
            PayloadError: it is gone, in part or whole, or is not what was stored.
            UnavailableError: NATS does not answer.
        """
        if ref.size == 0:
            return b""
        everything = subjects.payload_chunk(namespace, run_id, ref.id, "*")
        messages = await read_all(self._connection, subjects.PAYLOADS, everything)
        stored = {message.subject: message.data for message in messages}
        chunks = []
        for number in range(-(-ref.size // CHUNK_SIZE)):
            subject = subjects.payload_chunk(namespace, run_id, ref.id, number)
            chunks.append(stored.get(subject) or await self._missing(subject))
        data = b"".join(chunks)
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != ref.digest:
            raise PayloadError(f"{ref.id} of run {run_id} is not what was stored, its digest differs")
        return data

    async def copy(self, namespace: str, from_run: str, to_run: str, ref: PayloadRef) -> PayloadRef:
        """Store a value of one run under another one as well, as it is; safe to repeat when it fails.

        Raises as `get` and `put`.
        """
        digest = hashlib.sha256()
        count = -(-ref.size // CHUNK_SIZE)
        for first in range(0, count, _WINDOW):
            numbers = range(first, min(first + _WINDOW, count))
            names = [subjects.payload_chunk(namespace, from_run, ref.id, number) for number in numbers]
            stored = await last_of_each(self._connection, subjects.PAYLOADS, names)
            chunks = [stored[name].data if name in stored else await self._missing(name) for name in names]
            for chunk in chunks:
                digest.update(chunk)
            await asyncio.gather(
                *(
                    self._connection.publisher.publish(subjects.payload_chunk(namespace, to_run, ref.id, number), chunk)
                    for number, chunk in zip(numbers, chunks, strict=True)
                )
            )
        if f"sha256:{digest.hexdigest()}" != ref.digest:
            raise PayloadError(f"{ref.id} of run {from_run} is not what was stored, its digest differs")
        return ref

    async def any(self, namespace: str, run_id: str) -> bool:
        """Whether there are payloads of a run."""
        everything = subjects.payloads_of_run(namespace, run_id)
        return await leader_get(self._connection, subjects.PAYLOADS, everything) is not None

    async def purge_run(self, namespace: str, run_id: str) -> None:
        """Remove all payloads of a run."""
        await self._connection.api(
            f"STREAM.PURGE.{subjects.PAYLOADS}", {"filter": subjects.payloads_of_run(namespace, run_id)}
        )

    async def purge(self, namespace: str, run_id: str, payload_id: str) -> None:
        """Remove one that nothing refers to any more, by the id of its reference."""
        chunks = subjects.payload_chunk(namespace, run_id, payload_id, "*")
        await self._connection.api(f"STREAM.PURGE.{subjects.PAYLOADS}", {"filter": chunks})

    async def _missing(self, subject: str) -> bytes:
        """A chunk that the direct read did not have: in a cluster it may have come from a replica that is behind."""
        message = await leader_get(self._connection, subjects.PAYLOADS, subject)
        if message is None:
            raise PayloadError(subject)
        return message.data
