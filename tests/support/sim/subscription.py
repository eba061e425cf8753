"""A subscription of a client: messages wait in it, and are handled one after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nats.aio.msg import Msg
from nats.errors import BadSubscriptionError, ConnectionClosedError

if TYPE_CHECKING:  # the client has subscriptions and they have the client
    from support.sim.client import SimClient

Handler = Callable[[Msg], Awaitable[None]]


class SimSubscription:
    """A subscription of a `SimClient`."""

    def __init__(self, client: "SimClient", number: int, subject: str, handler: Handler | None) -> None:
        self.number = number
        self.subject = subject
        self._client = client
        self._queue: asyncio.Queue[Msg] = asyncio.Queue()
        self._closed = False
        self._task = asyncio.create_task(self._work(handler)) if handler else None

    def put(self, message: Msg) -> None:
        """A message has come."""
        self._queue.put_nowait(message)

    async def next_msg(self, timeout: float | None = 1.0) -> Msg:
        """The next message."""
        async with asyncio.timeout(timeout):
            return await self._queue.get()

    async def unsubscribe(self) -> None:
        """Listen no more."""
        if self._client.is_closed:
            raise ConnectionClosedError
        if self._closed:
            raise BadSubscriptionError
        self.stop()
        self._client.forget(self.number)

    async def drain(self) -> None:
        """Listen no more, but handle what has come."""
        if self._client.is_closed:
            raise ConnectionClosedError
        try:
            self._client.leave(self.number)
            await self._client.flush()
            await self._queue.join()
        finally:
            self.stop()
            self._client.forget(self.number)

    @property
    def _id(self) -> int:
        """What the client library calls its number."""
        return self.number

    def _stop_processing(self) -> None:
        """What the client library calls `stop`."""
        self.stop()

    def stop(self) -> None:
        """Handle nothing any more."""
        self._closed = True
        if self._task:
            self._task.cancel()

    async def _work(self, handler: Handler) -> None:
        while True:
            message = await self._queue.get()
            try:
                await handler(message)
            finally:
                self._queue.task_done()
