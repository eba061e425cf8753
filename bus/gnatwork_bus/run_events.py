"""The stored events of one run as they come, wherever they are by then, up to its end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from gnatwork_bus.follow import follow
from gnatwork_bus.history import History
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects

#: Seconds without an event after which it is looked whether the run is archived by now.
_QUIET = 30.0


async def run_events(
    history: History, base: str, after: int = 0, *, batch_bytes: int | None = None
) -> AsyncGenerator[StoredMessage, None]:
    """The events of the run with this history base that come after a sequence, up to its end.

    Args:
        history: where the run is.
        base: its history base.
        after: the sequence of the last event that the caller has, 0 for none.
        batch_bytes: as `follow` has it.
    """
    following = follow(
        history.connection, subjects.HISTORY, subjects.run_events(base), after=after, batch_bytes=batch_bytes
    )
    coming: asyncio.Task[StoredMessage] | None = None
    async with contextlib.aclosing(following) as live:
        try:
            # A run that is archived, or deleted, has no start here any more, and nothing comes to say so.
            while await history.last(f"{base}.{subjects.START}"):
                while coming is None or await _done(coming):
                    if coming:
                        message = coming.result()
                        after = message.sequence
                        yield message
                        if _is_end(message):
                            return
                    coming = asyncio.ensure_future(anext(live))
        finally:
            if coming:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
    for message in await history.page(base, after=after):
        yield message
        if _is_end(message):
            return


def _is_end(message: StoredMessage) -> bool:
    return subjects.parse_history(message.subject).event in subjects.ENDS


async def _done(task: asyncio.Task[StoredMessage]) -> bool:
    """Whether it is, after a while at most."""
    await asyncio.wait({task}, timeout=_QUIET)
    return task.done()
