"""Two managers of one installation, and a clock that both look at."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2.profiles import CHEAPEST
from support.managing import running_manager
from support.peopling import Clock, Visitor, visitor

from gnatwork_bus.connection import Connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def one(bus: Connection, nats_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Visitor]:
    """A visitor of a manager."""
    async with _visited(nats_url, tmp_path / "one", clock) as found:
        yield found


@pytest.fixture
async def other(bus: Connection, nats_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Visitor]:
    """A visitor of another manager of the same installation."""
    async with _visited(nats_url, tmp_path / "other", clock) as found:
        yield found


@contextlib.asynccontextmanager
async def _visited(nats_url: str, data_dir: Path, clock: Clock) -> AsyncIterator[Visitor]:
    async with running_manager(nats_url, data_dir, clock=clock, hashing=CHEAPEST) as address:
        found = visitor(address)
        async with found.http:
            yield found
