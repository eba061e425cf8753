"""Writes down every event as it is stored, for the checker, and tells those who wait for one."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson

from chaos.evidence import ENDS
from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.message import StoredMessage

#: The stream of all events and its subjects.
STREAM = "HISTORY"
SUBJECTS = "history.>"


class Recorder:
    """Follows the stream of all events, over restarts of the server."""

    def __init__(self, connection: Connection, log: Path) -> None:
        self._connection = connection
        self._log = log.open("wb")
        self._events: dict[str, set[str]] = {}
        self._news = asyncio.Condition()
        #: Runs that have ended.
        self.ended: set[str] = set()
        #: The last event's place in the stream.
        self.sequence = 0
        #: When the last event came, by the monotonic clock.
        self.heard = time.monotonic()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Record for as long as the context lasts."""
        following = asyncio.create_task(self._follow(), name="recorder")
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            self._log.close()

    async def until(self, run_id: str, event: str) -> None:
        """Return once a run has had an event."""
        async with self._news:
            await self._news.wait_for(lambda: event in self._events.get(run_id, ()))

    async def until_sequence(self, sequence: int, patience: float) -> None:
        """Return once the stream has been recorded up to there, or after `patience` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience), self._news:
                await self._news.wait_for(lambda: self.sequence >= sequence)

    async def until_ended(self, runs: set[str], silence: float) -> None:
        """Return once all of these runs have ended, or when nothing has happened for `silence` seconds."""
        while not runs <= self.ended:
            left = self.heard + silence - time.monotonic()
            if left <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left), self._news:
                    await self._news.wait()

    async def _follow(self) -> None:
        async with contextlib.aclosing(follow(self._connection, STREAM, SUBJECTS)) as messages:
            async for message in messages:
                self._log.write(line(message))
                self.sequence = message.sequence
                self.heard = time.monotonic()
                run_id, event = message.subject.split(".", 5)[4:]
                self._events.setdefault(run_id, set()).add(event)
                if event in ENDS:
                    self.ended.add(run_id)
                async with self._news:
                    self._news.notify_all()


def line(message: StoredMessage) -> bytes:
    """An event as it is written down: sequence, time, subject, body, and when it is due if it is a timer."""
    record = {"sequence": message.sequence, "at": message.at, "subject": message.subject}
    if due := (message.headers or {}).get("Nats-Schedule"):
        record["schedule"] = due
    if message.data:
        record["body"] = orjson.Fragment(message.data)
    return orjson.dumps(record) + b"\n"
