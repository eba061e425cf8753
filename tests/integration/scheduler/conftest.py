from collections.abc import AsyncIterator

import pytest
from support.playing import Playing

from gnatwork_bus.connection import Connection
from gnatwork_scheduler.serve import scheduling
from gnatwork_scheduler.settings import SchedulerSettings


@pytest.fixture
async def playing(bus: Connection, nats_url: str) -> AsyncIterator[Playing]:
    """A scheduler, and this test in the place of everyone else."""
    async with scheduling(SchedulerSettings(nats_url=nats_url, name="test")):
        yield await Playing.begin(bus)
