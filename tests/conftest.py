"""A nats-server for each test that asks for one: a process of our own, or a container.

`GNATWORK_TEST_NATS=container` takes the official image, by testcontainers, instead of the embedded binary.

Each test has a server of its own, which takes 20 ms to start. One for all would have to be emptied in between, and a
stream that is made again right after it was removed may find its old messages: the server removes them a little later.
"""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile

_IMAGE = "nats:2.15-alpine"
_PORT = 4222


@pytest.fixture
async def nats_url() -> AsyncIterator[str]:
    """Where an empty server is."""
    if os.environ.get("GNATWORK_TEST_NATS") == "container":
        container = DockerContainer(_IMAGE).with_command("-js").with_exposed_ports(_PORT)
        container.waiting_for(LogMessageWaitStrategy("Server is ready"))
        await asyncio.to_thread(container.start)
        try:
            yield f"nats://{container.get_container_host_ip()}:{container.get_exposed_port(_PORT)}"
        finally:
            await asyncio.to_thread(container.stop)
    else:
        with tempfile.TemporaryDirectory(prefix="gnatwork-test-") as folder:
            async with EmbeddedServer(Path(folder)) as server:
                yield server.url
                # What it holds is thrown away, so it need not be written down.
                if server.pid:
                    os.kill(server.pid, signal.SIGKILL)


@pytest.fixture
async def connection(nats_url: str) -> AsyncIterator[Connection]:
    """A connection to a server without any stream."""
    async with Connection.open(nats_url, name="test") as connection:
        yield connection


@pytest.fixture
async def bus(connection: Connection) -> Connection:
    """A connection to a server with all streams, buckets and scheduler consumers of a new installation."""
    await reconcile(connection)
    return connection
