"""A nats-server for all tests that ask for one: a process of our own, or a container.

`GNATWORK_TEST_NATS=container` takes the official image, by testcontainers, instead of the embedded binary.
"""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile

_IMAGE = "nats:2.15-alpine"
_PORT = 4222


@pytest.fixture(scope="session")
async def nats_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Where the server of this test session is."""
    if os.environ.get("GNATWORK_TEST_NATS") == "container":
        container = DockerContainer(_IMAGE).with_command("-js").with_exposed_ports(_PORT)
        container.waiting_for(LogMessageWaitStrategy("Server is ready"))
        await asyncio.to_thread(container.start)
        try:
            yield f"nats://{container.get_container_host_ip()}:{container.get_exposed_port(_PORT)}"
        finally:
            await asyncio.to_thread(container.stop)
    else:
        async with EmbeddedServer(tmp_path_factory.mktemp("nats")) as server:
            yield server.url


@pytest.fixture
async def connection(nats_url: str) -> AsyncIterator[Connection]:
    """A connection to a server without any stream; those that the test makes are removed after it."""
    async with Connection.open(nats_url, name="test") as connection:
        try:
            yield connection
        finally:
            await _remove_streams(connection)


@pytest.fixture
async def bus(connection: Connection) -> Connection:
    """A connection to a server with all streams, buckets and scheduler consumers of a new installation."""
    await reconcile(connection)
    return connection


async def _remove_streams(connection: Connection) -> None:
    for name in (await connection.api("STREAM.NAMES"))["streams"] or ():
        await connection.api(f"STREAM.DELETE.{name}")
