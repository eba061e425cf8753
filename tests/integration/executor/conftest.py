"""The scheduler's side of an executor under test."""

import pytest
from support.executing import Scheduler

from gnatwork_bus.connection import Connection
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer


@pytest.fixture
async def scheduler(bus: Connection) -> Scheduler:
    """Queues work, and sees what becomes of it."""
    for type_ in ("odd", "burn"):
        await ensure_consumer(bus, executor_consumer(type_))
    return await Scheduler.watching(bus)
