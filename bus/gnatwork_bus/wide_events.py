"""The stored events of all runs of a workflow or of a namespace, as they come, for ever."""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import get_by_sequence
from gnatwork_bus.follow import follow
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects
from gnatwork_schemas.event_kinds import EventKind, stored_patterns

#: Workflows that are none: their histories are the engine's own.
_RESERVED = frozenset({subjects.LIMIT_WORKFLOW, subjects.RETENTION_WORKFLOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events someone wants."""

    namespace: str
    #: All of the namespace where it is None.
    workflow: str | None = None
    #: All where there is none.
    kinds: Collection[EventKind] = ()

    def patterns(self) -> list[str]:
        """Subjects of the stored ones."""
        base = subjects.history_of(self.namespace, self.workflow or "*")
        return [f"{base}.{pattern}" for pattern in stored_patterns(self.kinds)]

    def includes(self, namespace: str, workflow: str) -> bool:
        """Whether the runs of a workflow are among those that are wanted."""
        return namespace == self.namespace and self.workflow in {None, workflow}


async def wide_events(
    connection: Connection, wanted: Wanted, after: int, *, batch_bytes: int | None = None
) -> AsyncGenerator[StoredMessage, None]:
    """Events that come after a sequence, those that are still in the history first; then what follows.

    What is archived is not repeated, nor is what was deleted: see `leaves_gap`.
    """
    patterns = wanted.patterns()
    if not patterns:
        return
    async for message in follow(connection, subjects.HISTORY, patterns, after=after, batch_bytes=batch_bytes):
        subject = subjects.parse_history(message.subject)
        if subject.workflow not in _RESERVED and not subjects.is_upkeep(subject.event):
            yield message


async def leaves_gap(connection: Connection, after: int) -> bool:
    """Whether it shows that events which came after this one may be gone: it is gone itself."""
    return after > 0 and await get_by_sequence(connection, subjects.HISTORY, after) is None


async def last_event(connection: Connection) -> int:
    """The sequence of the newest event of all."""
    return int((await connection.api(f"STREAM.INFO.{subjects.HISTORY}"))["state"]["last_seq"])
