"""Reading and appending a run's history."""

from collections.abc import Mapping

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import direct_get, get_by_sequence, leader_get, read_all
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects


class History:
    """The stream of all events of all runs."""

    def __init__(self, connection: Connection, shards: int) -> None:
        self._connection = connection
        #: Number of shards of this installation.
        self.shards = shards

    def shard(self, run_id: str) -> int:
        """The shard of a run."""
        return subjects.shard_of(run_id, self.shards)

    async def append(
        self,
        base: str,
        event: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        expect: tuple[str, int] | None = None,
    ) -> int:
        """Append an event to the run with this history base; its sequence.

        `expect` is a subject (or pattern) below the base and the sequence that its last message must have, 0 for
        none; otherwise `ConflictError`.
        """
        return await self._connection.publisher.publish(
            f"{base}.{event}", body, {**(headers or {}), **(expectation(*expect) if expect else {})} or None
        )

    async def last(self, subject: str) -> StoredMessage | None:
        """The last event on a subject or pattern."""
        return await direct_get(self._connection, subjects.HISTORY, {"last_by_subj": subject})

    async def by_sequence(self, sequence: int) -> StoredMessage | None:
        """The event with this sequence, or None when it is gone; many may be asked for at once."""
        return await get_by_sequence(self._connection, subjects.HISTORY, sequence)

    async def read(self, pattern: str, *, after: int = 0, limit: int | None = None) -> list[StoredMessage]:
        """Events on a pattern in order, those after a sequence, at most `limit`."""
        return await read_all(self._connection, subjects.HISTORY, pattern, after=after, limit=limit)

    async def find_start(self, namespace: str, run_id: str) -> StoredMessage | None:
        """The `start` of a run, or None: there is no such run."""
        return await self.last(subjects.find_run(self.shard(run_id), namespace, run_id, subjects.START))

    async def load_run(self, namespace: str, run_id: str) -> list[StoredMessage]:
        """All events of a run in order, complete as of now; empty when there is no such run.

        The stream's leader says what the last one is: a follower that answers the direct reads may be behind.
        """
        pattern = subjects.find_run(self.shard(run_id), namespace, run_id)
        events: list[StoredMessage] = []
        # Asked anew each time: the last one may have been deleted meanwhile, and will never be read then.
        while last := await leader_get(self._connection, subjects.HISTORY, pattern):
            known = events[-1].sequence if events else 0
            if known >= last.sequence:
                break
            events += await self.read(pattern, after=known)
            if events and events[-1].sequence >= last.sequence:
                break
        return events


def expectation(subject: str, sequence: int) -> dict[str, str]:
    """Headers that make an append conditional on the last sequence of a subject or pattern."""
    return {
        subjects.EXPECTED_LAST_SUBJECT_SEQUENCE: str(sequence),
        subjects.EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT: subject,
    }
