"""Waiting for a run on behalf of its caller."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.live import listening
from gnatwork_manager.reader import RunReader
from gnatwork_manager.replies import Reply
from gnatwork_manager.submitter import CheckedRun
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError

#: Callers that one manager lets wait; those beyond get their 202 at once.
MAX_WAITING = 4096
#: Live events are not stored, so one can be lost; after this many seconds of silence a wait looks for itself.
_SILENCE = 5.0


class Outcome(NamedTuple):
    """What a caller waited for: the reply of a `response` block, or the run that ended without one."""

    reply: Reply | None
    run: dict[str, Any] | None


class Waits:
    """All callers that wait at this manager."""

    def __init__(self, connection: Connection, history: History, reader: RunReader) -> None:
        self._connection = connection
        self._history = history
        self._reader = reader
        self._waiting: set[Wait] = set()
        self._closed = False
        connection.on_reconnect(self._look_again)

    @property
    def waiting(self) -> int:
        """How many callers wait."""
        return len(self._waiting)

    @contextlib.asynccontextmanager
    async def listen(self, checked: CheckedRun) -> AsyncIterator["Wait | None"]:
        """Listen before the run begins, so that nothing is missed; None when too many wait already."""
        if self._closed or len(self._waiting) >= MAX_WAITING:
            yield None
            return
        wait = Wait(self, checked)
        self._waiting.add(wait)
        run_id = checked.run.run_id
        # Not everything about the run: only what can end the wait.
        events = ["*", *(subjects.output_event(block) for block in checked.responses)]
        wanted = [subjects.live_event(run_id, event) for event in events]
        try:
            async with listening(self._connection, wanted, wait.heard):
                yield wait
        finally:
            self._waiting.discard(wait)

    def close(self) -> None:
        """Let everyone go: the manager stops."""
        self._closed = True
        self._connection.forget(self._look_again)
        for wait in self._waiting:
            wait.give_up()

    async def may_be_over(self, checked: CheckedRun) -> bool:
        """Whether an end or a reply is stored; cheaper than reading the run."""
        if await self._history.end(checked.base):
            return True
        for block in checked.responses:
            if await self._history.last(f"{checked.base}.{subjects.output_event(block)}"):
                return True
        return False

    async def outcome(self, checked: CheckedRun) -> Outcome | None:
        """What there is for the caller by now."""
        match await self._reader.outcome(checked.run.namespace, checked.run.run_id):
            case None:
                return None
            case Reply() as reply:
                return Outcome(reply, None)
            case run:
                return Outcome(None, run)

    def _look_again(self) -> None:
        for wait in self._waiting:
            wait.wake()


class Wait:
    """One caller that waits for one run."""

    def __init__(self, waits: Waits, checked: CheckedRun) -> None:
        self._waits = waits
        self._checked = checked
        self._woken = asyncio.Event()
        self._given_up = False
        if checked.repeated:
            # All of it may be over already.
            self._woken.set()

    def heard(self, subject: str, _: bytes) -> None:
        """A live event of the run came in."""
        if not subject.endswith(f".{subjects.START}"):
            self.wake()

    def wake(self) -> None:
        """Look at the run."""
        self._woken.set()

    def give_up(self) -> None:
        """Wait no longer."""
        self._given_up = True
        self._woken.set()

    async def within(self, seconds: float) -> Outcome | None:
        """The outcome, or None: it did not come in time, or the manager stops."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(end):
                # The time is looked at as well: a cancellation that comes at the same moment as an answer of NATS is
                # lost in the client library, by way of `asyncio.wait_for` before Python 3.12.
                while not self._given_up and clock() < end:
                    # While NATS is away the run goes on, and so does the wait.
                    with contextlib.suppress(UnavailableError):
                        if await self._due() and (outcome := await self._waits.outcome(self._checked)):
                            return outcome
        return None

    async def _due(self) -> bool:
        """Wait for a sign, or for silence; whether there is something to look at."""
        try:
            async with asyncio.timeout(_SILENCE):
                await self._woken.wait()
        except TimeoutError:
            return await self._waits.may_be_over(self._checked)
        self._woken.clear()
        return not self._given_up
