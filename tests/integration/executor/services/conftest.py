"""The services of blocks: those of an executor, and those in memory, which have to be alike."""

import pytest

from gnatwork_blocks.services import Services
from gnatwork_blocks.services.memory import MemoryServices
from gnatwork_executor.services.of_bus import BusServices


@pytest.fixture(params=["bus", "memory"])
def services(request: pytest.FixtureRequest) -> Services:
    """Both kinds, one after the other; only the first takes a server."""
    return MemoryServices() if request.param == "memory" else BusServices(request.getfixturevalue("bus"))
