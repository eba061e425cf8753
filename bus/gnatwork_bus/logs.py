"""What blocks have logged: the stream of logs, which listens to the lines as they are told."""

from collections.abc import AsyncGenerator

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_bus.follow import follow
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects


class Logs:
    """The lines of all runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, run_id: str, task: str = "*", *, after: int = 0, limit: int) -> list[StoredMessage]:
        """Lines of a run, or of one of its tasks, in the order in which they came; those after a sequence."""
        pattern = subjects.log_lines(run_id, task)
        return await read_all(self._connection, subjects.LOGS, pattern, after=after, limit=limit)

    def follow(self, run_id: str, task: str = "*", *, after: int = 0) -> AsyncGenerator[StoredMessage, None]:
        """Those there are and those to come, for ever; see `gnatwork_bus.follow`."""
        return follow(self._connection, subjects.LOGS, subjects.log_lines(run_id, task), after=after)
