"""The lines of one run's log as they come, until a moment after its end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from gnatwork_bus.history import History
from gnatwork_bus.live import listening
from gnatwork_bus.logs import Logs
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects

#: Seconds without a line after which the log of a run that has ended is complete.
_LATE = 0.5
#: Seconds after which it is looked whether an end was missed.
_QUIET = 30.0


async def run_log(
    history: History, logs: Logs, base: str, task: str | None = None, after: int = 0
) -> AsyncGenerator[StoredMessage, None]:
    """The lines of the run with this history base, or of one of its tasks, that come after a sequence."""
    run_id, over = subjects.parse_history(f"{base}.").run_id, asyncio.Event()
    ends = [subjects.live_event(run_id, end) for end in sorted(subjects.ENDS)]
    async with (
        listening(history.connection, ends, lambda *_: over.set()),
        contextlib.aclosing(logs.follow(run_id, task or "*", after=after)) as lines,
    ):
        ended = asyncio.create_task(over.wait())
        coming: asyncio.Task[StoredMessage] | None = None
        try:
            if await history.is_over(base):
                over.set()
            while True:
                coming = coming or asyncio.ensure_future(anext(lines))
                known = over.is_set()
                waiting = {coming} if known else {coming, ended}
                await asyncio.wait(waiting, timeout=_LATE if known else _QUIET, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    message, coming = coming.result(), None
                    yield message
                elif known:
                    return
                elif await history.is_over(base):
                    over.set()
        finally:
            for waited in (coming, ended):
                if waited:
                    waited.cancel()
            await asyncio.gather(*filter(None, (coming, ended)), return_exceptions=True)
