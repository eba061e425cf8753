"""What goes over the wire while an executor is looked at."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_cli.conformance.verdict import Unmet


class Seen(NamedTuple):
    """A message."""

    subject: str
    data: bytes

    @property
    def body(self) -> Any:
        """Its body, which is JSON."""
        return orjson.loads(self.data)


#: Whether a message is the one that is waited for.
Wanted = Callable[[Seen], bool]


class Wire:
    """Records messages in the order in which the server passes them on."""

    def __init__(self) -> None:
        self.messages: list[Seen] = []
        self._waiting: list[tuple[Wanted, asyncio.Future[Seen]]] = []

    @classmethod
    async def tap(cls, connection: Connection, *subjects: str) -> "Wire":
        """Listen to these subjects from now on."""
        wire = cls()
        for subject in subjects:
            await connection.listen(subject, wire._record)
        await connection.flush()
        return wire

    def all(self, wanted: Wanted) -> list[Seen]:
        """What was seen so far."""
        return [message for message in self.messages if wanted(message)]

    async def first(self, wanted: Wanted, patience: float, missing: str) -> Seen:
        """The first message that is wanted, seen already or still to come.

        Raises:
            Unmet: None comes within `patience` seconds; `missing` says what that means.
        """
        for message in self.messages:
            if wanted(message):
                return message
        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        waiting = (wanted, future)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(patience):
                return await future
        except TimeoutError:
            raise Unmet(f"{missing} within {patience:g} s") from None
        finally:
            self._waiting.remove(waiting)

    def _record(self, subject: str, data: bytes) -> None:
        message = Seen(subject, data)
        self.messages.append(message)
        for wanted, future in self._waiting:
            if not future.done() and wanted(message):
                future.set_result(message)
