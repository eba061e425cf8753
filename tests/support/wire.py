"""What goes over the wire, as anyone with a NATS client can see it."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from gnatwork_bus.connection import Connection


class Seen(NamedTuple):
    """A message."""

    subject: str
    data: bytes

    @property
    def body(self) -> Any:
        return orjson.loads(self.data)


class Wire:
    """Records messages in the order in which the server passes them on."""

    def __init__(self) -> None:
        self.messages: list[Seen] = []
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def tap(cls, connection: Connection, *subjects: str) -> "Wire":
        """Listen to these subjects from now on."""
        wire = cls()
        for subject in subjects:
            await connection.listen(subject, wire._record)
        await connection.nc.flush()
        return wire

    def all(self, wanted: Callable[[Seen], bool]) -> list[Seen]:
        """What was seen so far."""
        return [message for message in self.messages if wanted(message)]

    async def first(self, wanted: Callable[[Seen], bool]) -> Seen:
        """The first message that is wanted, seen already or still to come."""
        return (await self.several(1, wanted))[0]

    async def several(self, count: int, wanted: Callable[[Seen], bool]) -> list[Seen]:
        """As `first`, once there are that many."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.all(wanted)) >= count)
        return self.all(wanted)

    def _record(self, subject: str, data: bytes) -> None:
        self.messages.append(Seen(subject, data))
        task = asyncio.get_running_loop().create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()
