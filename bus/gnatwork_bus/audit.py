"""The audit log as it grows."""

from collections.abc import AsyncGenerator

from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects


async def last_entry(connection: Connection) -> int:
    """The sequence of the newest entry; 0 when there has never been one. Raises UnavailableError."""
    info = await connection.api(f"STREAM.INFO.{subjects.AUDIT}")
    return int(info["state"]["last_seq"])


def audit_entries(connection: Connection, after: int) -> AsyncGenerator[StoredMessage, None]:
    """Entries after a sequence, those there are and those to come, for ever. Raises as `follow`."""
    return follow(connection, subjects.AUDIT, subjects.AUDIT_SUBJECTS, after=after)
