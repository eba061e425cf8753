"""Where event triggers listen: core NATS, shared by all managers, or a durable consumer on a stream of users."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

from gnatwork_bus.alarms import TriggerKey
from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.event_consumers import EVENT_ACK_WAIT, event_consumer
from gnatwork_bus.live import Heard, sharing
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_manager.triggers.deliveries import FIRST_WAIT, LONGEST_WAIT, renewed
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError

log = logging.getLogger(__name__)

#: Messages of one trigger that one manager has in hand.
_AT_ONCE = 64
#: Seconds that what is in hand gets when the trigger is switched off, or the manager ends.
_PATIENCE = 5.0


class Source(NamedTuple):
    """Where a trigger listens; another subject or stream is another source."""

    key: TriggerKey
    subject: str
    stream: str | None

    @property
    def consumer(self) -> str:
        """Its consumer, where there is a stream."""
        return subjects.event_consumer(*self.key, self.subject)


async def hear(connection: Connection, source: Source, take: Callable[[Heard], Awaitable[None]]) -> None:
    """Hand over what is published from now on, until cancelled; what is in hand then is seen through."""
    places = asyncio.Semaphore(_AT_ONCE)
    async with _seen_through() as tasks:

        async def see_to(heard: Heard) -> None:
            try:
                await take(heard)
            except Exception:
                log.exception("a message on %s was lost by the trigger %s", heard.subject, "/".join(source.key))
            finally:
                places.release()

        async def received(heard: Heard) -> None:
            await places.acquire()
            tasks.start(see_to(heard))

        async with sharing(connection, source.subject, subjects.event_group(*source.key), received):
            await asyncio.get_running_loop().create_future()


async def consume(
    connection: Connection,
    source: Source,
    take: Callable[[Delivery], Awaitable[None]],
    failed: Callable[[str], None],
) -> None:
    """Hand over what the stream stores from now on, until cancelled.

    Args:
        connection: where to.
        source: whose consumer it is, on which stream.
        take: sees to a message, and settles it.
        failed: is told why the stream can't be listened to; it is tried again.
    """
    stream = source.stream or ""
    await _until_there(connection, source, stream, failed)
    async with _seen_through() as tasks:

        def received(delivery: Delivery) -> None:
            tasks.start(_held(delivery, take))

        consumer = Consumer(connection, stream, source.consumer, batch=_AT_ONCE, handle=received)
        await consumer.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await consumer.stop()


async def _until_there(connection: Connection, source: Source, stream: str, failed: Callable[[str], None]) -> None:
    wait = FIRST_WAIT
    while True:
        try:
            await ensure_consumer(connection, event_consumer(source.key, stream, source.subject))
        except (ApiError, GnatworkError) as error:
            log.info("the trigger %s can't listen to %s yet: %s", "/".join(source.key), stream, error)
            failed(f"the stream {stream} can't be listened to: {error}")
        else:
            return
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


async def _held(delivery: Delivery, take: Callable[[Delivery], Awaitable[None]]) -> None:
    """See to a message, telling the server meanwhile that it is being seen to."""
    try:
        async with renewed(delivery, EVENT_ACK_WAIT):
            await take(delivery)
    except Exception:
        log.exception("a message on %s is tried again later", delivery.subject)
        delivery.nak(LONGEST_WAIT)
    finally:
        if not delivery.settled:
            delivery.nak()


class _Tasks:
    """Tasks that are kept until they are over."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[None]] = set()

    def start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)


@contextlib.asynccontextmanager
async def _seen_through() -> AsyncIterator[_Tasks]:
    """Tasks that get a moment to end once the context does."""
    tasks = _Tasks()
    try:
        yield tasks
    finally:
        if tasks.running:
            _, late = await asyncio.wait(tasks.running, timeout=_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
