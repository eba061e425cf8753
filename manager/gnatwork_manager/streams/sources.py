"""What event streams are made of: the stored events of a run, a workflow, a namespace, and the lines of a log."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import AbstractAsyncContextManager

from gnatwork_bus.history import History
from gnatwork_bus.live import listening
from gnatwork_bus.live_tasks import LiveTasks, LiveTold
from gnatwork_bus.run_events import run_events
from gnatwork_bus.wide_events import Wanted, last_event, leaves_gap, wide_events
from gnatwork_manager.reader import event_document, readable
from gnatwork_manager.sse import END, format_event, format_place
from gnatwork_schemas import subjects
from gnatwork_schemas.event_kinds import LIVE_KINDS, EventKind, kind_of

#: Bytes that the server sends ahead for one reader; no message is larger.
BATCH_BYTES = 2 * 1024 * 1024
#: The event that says that events may be missing before the next one.
GAP = "gap"

Offer = Callable[[bytes], None]
Kinds = Collection[EventKind]


async def run_stream(history: History, base: str, after: int, kinds: Kinds = ()) -> AsyncGenerator[bytes, None]:
    """The stored events of a run, up to its end; where that is not wanted, `end` says that there are no more."""
    async with contextlib.aclosing(run_events(history, base, after, batch_bytes=BATCH_BYTES)) as messages:
        async for message in messages:
            document = event_document(message)
            if not kinds or kind_of(document["event"]) in kinds:
                yield format_event(document["event"], document, sequence=message.sequence)
            elif document["event"] in subjects.ENDS:
                yield format_event(END, {"event": END})


@contextlib.asynccontextmanager
async def run_live(history: History, run_id: str, kinds: Kinds, offer: Offer) -> AsyncGenerator[None, None]:
    """What running tasks of a run tell, for as long as the context lasts."""
    prefix = subjects.live_event(run_id, "")

    def heard(subject: str, data: bytes) -> None:
        event = subject.removeprefix(prefix)
        offer(format_event(event, {"event": event, "body": readable(data)}))

    wanted = [subjects.live_task(run_id, "*", kind) for kind in LIVE_KINDS if not kinds or kind in kinds]
    async with listening(history.connection, wanted, heard):
        yield


async def wide_stream(history: History, wanted: Wanted, after: int, *, replay: bool) -> AsyncGenerator[bytes, None]:
    """The stored events of a workflow or namespace, for ever."""
    if await leaves_gap(history.connection, after):
        yield format_event(GAP, {"event": GAP, "after": after})
    elif not after and not replay:
        after = await last_event(history.connection)
        yield format_place(after)
    events = wide_events(history.connection, wanted, after, batch_bytes=BATCH_BYTES)
    async with contextlib.aclosing(events) as messages:
        async for message in messages:
            subject = subjects.parse_history(message.subject)
            document = {**event_document(message), "run_id": subject.run_id, "workflow": subject.workflow}
            yield format_event(subject.event, document, sequence=message.sequence)
    # Nothing that is stored was asked for.
    await asyncio.Event().wait()


def wide_live(tasks: LiveTasks, wanted: Wanted, offer: Offer) -> AbstractAsyncContextManager[None]:
    """What their running tasks tell, for as long as the context lasts."""

    def told(live: LiveTold) -> None:
        body = readable(live.data)
        document = {"event": live.event, "body": body, "run_id": live.run_id, "workflow": live.workflow}
        offer(format_event(live.event, document))

    return tasks.watching(wanted, told)
