"""A wait ends in time, whatever becomes of the cancellation that is to end it."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

from gnatwork_manager.submitter import CheckedRun
from gnatwork_manager.waits import Outcome, Wait, Waits


class DeafWaits(Waits):
    """Loses cancellations, as `asyncio.wait_for` does that was answered in the same moment."""

    def __init__(self) -> None:
        self.asked = 0

    async def outcome(self, _: CheckedRun) -> Outcome | None:
        self.asked += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return None


async def test_a_wait_ends_though_its_cancellation_is_lost() -> None:
    waits = DeafWaits()
    repeated: Any = SimpleNamespace(repeated=True)
    async with asyncio.timeout(20):
        assert await Wait(waits, repeated).within(0.01) is None
    assert waits.asked == 1
