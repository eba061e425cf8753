"""Core NATS: messages as they pass by, and requests that want an answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from gnatwork_bus.connection import Connection

#: Messages, and bytes of them, that one listener of `sharing` may have waiting.
_MAX_HEARD = 10_000
_MAX_HEARD_SIZE = 32 * 1024 * 1024
#: Seconds that handing over what has come may take at the end.
_PATIENCE = 5.0


class Request(NamedTuple):
    """A message that someone wants answered at `reply`."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    reply: str


class Heard(NamedTuple):
    """A message as it passes by."""

    subject: str
    data: bytes
    headers: Mapping[str, str]


@contextlib.asynccontextmanager
async def listening(
    connection: Connection, subjects: Iterable[str], callback: Callable[[str, bytes], None]
) -> AsyncIterator[None]:
    """Call `callback` with subject and body of each message, for as long as the context lasts.

    The server knows of it before anything that is sent later over the same connection.
    """

    async def received(message: Msg) -> None:
        callback(message.subject, message.data)

    subscriptions: list[Subscription] = []
    try:
        for subject in subjects:
            subscriptions.append(await connection.nc.subscribe(subject, cb=received))  # noqa: PERF401 - see `finally`
        yield
    finally:
        if not connection.nc.is_closed:
            for subscription in subscriptions:
                await subscription.unsubscribe()


@contextlib.asynccontextmanager
async def sharing(
    connection: Connection, subject: str, queue_group: str, callback: Callable[[Heard], Awaitable[None]]
) -> AsyncIterator[None]:
    """Share the messages on a pattern with all others of the group, for as long as the context lasts.

    The next message waits for `callback` to return; those that wait are bounded, and what is more is lost. So is what
    waits for longer than a few seconds at the end.
    """

    async def received(message: Msg) -> None:
        await callback(Heard(message.subject, message.data, message.headers or {}))

    subscription = await connection.nc.subscribe(
        subject, queue=queue_group, cb=received, pending_msgs_limit=_MAX_HEARD, pending_bytes_limit=_MAX_HEARD_SIZE
    )
    try:
        yield
    finally:
        await _leave(connection, subscription)


@contextlib.asynccontextmanager
async def answering(
    connection: Connection, subject: str, queue_group: str, callback: Callable[[Request], Awaitable[None]]
) -> AsyncIterator[None]:
    """Share the requests on a pattern with all others of the group, for as long as the context lasts.

    The next request waits for `callback` to return. At the end those that have come are still handed over, unless that
    takes longer than a few seconds.
    """

    async def received(message: Msg) -> None:
        if message.reply:
            await callback(Request(message.subject, message.data, message.headers or {}, message.reply))

    subscription = await connection.nc.subscribe(subject, queue=queue_group, cb=received)
    try:
        yield
    finally:
        await _leave(connection, subscription)


async def _leave(connection: Connection, subscription: Subscription) -> None:
    """Have nothing sent any more, and hand over what was, as far as there is time; never fails."""
    left = False
    try:
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE if connection.is_connected else 0):
                await subscription.drain()  # type: ignore[no-untyped-call]  # the client has no annotation here
                left = True
    finally:
        if not left:
            # The library would go on for ever, and take its share of the group again once it has reconnected.
            subscription._stop_processing()
            connection.nc._remove_sub(subscription._id)
