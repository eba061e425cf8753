"""What waits for the reader of a stream: so many bytes and no more."""

import asyncio
from collections import deque

#: Bytes that may wait; the last event that fits may go beyond.
MOST_BYTES = 1024 * 1024
#: Bytes from which on no more are taken at once: a slow reader is given its time for each such piece.
_PIECE = 64 * 1024


class Outbox:
    """Formatted events on their way to one reader."""

    def __init__(self) -> None:
        self._events: deque[bytes] = deque()
        self._bytes = 0
        self._finished = False
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, event: bytes) -> None:
        """Add an event that must not be lost, once there is room."""
        await self._room.wait()
        self._add(event)

    def offer(self, event: bytes) -> None:
        """Add an event if there is room."""
        if self._room.is_set():
            self._add(event)

    def finish(self) -> None:
        """Nothing follows what is here."""
        self._finished = True
        self._filled.set()

    def cut(self) -> None:
        """End at once."""
        self._events.clear()
        self.finish()

    async def take(self) -> bytes | None:
        """What waits, as soon as there is something; None at the end."""
        while not self._events:
            if self._finished:
                return None
            self._filled.clear()
            await self._filled.wait()
        taken: list[bytes] = []
        size = 0
        while self._events and size < _PIECE:
            taken.append(self._events.popleft())
            size += len(taken[-1])
        self._bytes -= size
        if self._bytes < MOST_BYTES:
            self._room.set()
        return b"".join(taken)

    def _add(self, event: bytes) -> None:
        if self._finished:
            return
        self._events.append(event)
        self._bytes += len(event)
        self._filled.set()
        if self._bytes >= MOST_BYTES:
            self._room.clear()
