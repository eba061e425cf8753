"""The last words of a process: the outcome of the attempt because of which it ends.

They are told by a thread with an event loop and a connection of its own, since those of the process no longer turn.
"""

import asyncio
import contextlib
import threading
from collections.abc import Mapping

from gnatwork_bus.connection import Connection
from gnatwork_executor.outcome import Outcome
from gnatwork_schemas.errors import GnatworkError

#: Seconds that they may take. Whoever blocks the process may hold a lock that they need.
_PATIENCE = 5.0


def tell(url: str, outcome: Outcome, headers: Mapping[str, str] | None) -> None:
    """Store an outcome, or give up soon: then its item is delivered again."""

    def say() -> None:
        with contextlib.suppress(GnatworkError, OSError, TimeoutError):
            asyncio.run(_tell(url, outcome, headers))

    thread = threading.Thread(target=say, name="last-words", daemon=True)
    thread.start()
    thread.join(_PATIENCE)


async def _tell(url: str, outcome: Outcome, headers: Mapping[str, str] | None) -> None:
    async with asyncio.timeout(_PATIENCE), Connection.open(url, name="last-words", patience=_PATIENCE) as connection:
        await connection.publisher.publish(outcome.subject, outcome.body, headers)
