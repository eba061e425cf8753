"""Snapshots of long runs: their state as a payload, so that a reload need not read all of history. Never the truth."""

import hashlib
import logging
import zlib
from typing import Any, NamedTuple

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_engine.core import Plan, RunAddress, RunState
from gnatwork_engine.core.snapshot import SNAPSHOT_VERSION, freeze, thaw
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.payload import CHUNK_SIZE

log = logging.getLogger(__name__)

#: The payload that holds it. Chunk 0 says what the others are, and is written last.
_PAYLOAD = "snapshot"
#: Events since the last snapshot, at least, before the next one.
_EVERY = 1000


def is_due(events: int, unsaved: int) -> bool:
    """Whether a snapshot is worth its while: the work on all of them together stays in proportion to the events."""
    return unsaved > max(_EVERY, events // 2)


class Snapshot(NamedTuple):
    """A state as it was at one moment."""

    address: RunAddress
    sequence: int
    #: Digest of the control block.
    control_block: str
    #: The frozen state, as JSON.
    data: bytes


def taken(state: RunState) -> Snapshot | None:
    """A snapshot of a run that has not ended; None when it can't be written down.

    To be taken as soon as an event has been folded in: a moment later the run may have ended, of which a snapshot knows
    nothing, or the next event may have left the state half changed.
    """
    try:
        data = orjson.dumps(freeze(state), option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        log.info("%s can't be saved: %s", state.base, error)
        return None
    return Snapshot(state.address, state.sequence, state.start.control_block, data)


class Snapshots:
    """Writes and reads snapshots."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, snapshot: Snapshot) -> None:
        """Store a snapshot; one that can't be stored is not missed."""
        _, namespace, _, run_id = snapshot.address
        packed = zlib.compress(snapshot.data, 1)
        chunks = [packed[start : start + CHUNK_SIZE] for start in range(0, len(packed), CHUNK_SIZE)]
        head = {
            "v": SNAPSHOT_VERSION,
            "sequence": snapshot.sequence,
            "control_block": snapshot.control_block,
            "chunks": len(chunks),
            "digest": hashlib.sha256(packed).hexdigest(),
        }
        publish = self._connection.publisher.publish
        try:
            for number, chunk in enumerate(chunks, 1):
                await publish(subjects.payload_chunk(namespace, run_id, _PAYLOAD, number), chunk)
            await publish(subjects.payload_chunk(namespace, run_id, _PAYLOAD, 0), orjson.dumps(head))
        except GnatworkError as error:
            log.info("%s could not be saved: %s", snapshot.address.base, error)

    async def load(self, address: RunAddress) -> tuple[str, dict[str, Any]] | None:
        """The digest of the control block and the frozen state; None when there is no snapshot that can be used."""
        pattern = subjects.payload_chunk(address.namespace, address.run_id, _PAYLOAD, "*")
        stored = {
            message.subject: message.data for message in await read_all(self._connection, subjects.PAYLOADS, pattern)
        }

        def chunk(number: int) -> bytes:
            return stored.get(subjects.payload_chunk(address.namespace, address.run_id, _PAYLOAD, number), b"")

        try:
            head = orjson.loads(chunk(0))
            packed = b"".join(chunk(number + 1) for number in range(head["chunks"]))
            if head["v"] != SNAPSHOT_VERSION or hashlib.sha256(packed).hexdigest() != head["digest"]:
                return None
            return head["control_block"], orjson.loads(zlib.decompress(packed))
        except (ValueError, LookupError, TypeError, zlib.error):
            return None


def restored(plan: Plan, frozen: dict[str, Any]) -> RunState | None:
    """The state of a snapshot; None when it is not one of this plan."""
    try:
        return thaw(plan, frozen)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        log.warning("a snapshot of %s is of no use: %r", frozen.get("base"), error)
        return None
