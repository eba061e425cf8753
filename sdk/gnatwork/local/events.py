"""What has happened in a flow, for as many as want to hear it, each from the beginning."""

import asyncio
from collections.abc import AsyncGenerator

from gnatwork.transport import RunEvent


class Events:
    """A history that grows. It is kept as a whole: a local run has no other memory."""

    def __init__(self) -> None:
        self._events: list[RunEvent] = []
        self._over = False
        self._grown = asyncio.Event()

    def add(self, event: RunEvent) -> None:
        """Something has happened."""
        self._events.append(event)
        self._tell()

    def close(self) -> None:
        """Nothing more will."""
        self._over = True
        self._tell()

    async def follow(self) -> AsyncGenerator[RunEvent, None]:
        """All there are, and those to come, until the flow is over."""
        position = 0
        while True:
            while position < len(self._events):
                position += 1
                yield self._events[position - 1]
            if self._over:
                return
            await self._grown.wait()

    def _tell(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
