"""What tests of integrations share: a server to play the service, and a context for blocks that may reach it."""  # noqa: INP001 - no package

from collections.abc import AsyncIterator

import httpx
import pytest
from support.resources import resources
from support.site import Site, running_site

from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.shared import Shared
from gnatwork_blocks.testing import Recorder


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The service, played."""
    async with running_site() as running:
        yield running


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[Shared[httpx.AsyncClient]]:
    """A client that may reach this machine; one for many tests, since reading the certificates takes its time."""
    async with resources("127.0.0.1").http as shared:
        yield shared


@pytest.fixture
def ctx(http: Shared[httpx.AsyncClient]) -> BlockContext:
    """The first attempt of a task."""
    return Recorder(resources=resources(http=http)).context()
