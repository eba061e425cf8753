"""What tests of integrations share: a server to play the service, and a context for blocks that may reach it."""  # noqa: INP001 - no package

from collections.abc import AsyncIterator

import pytest
from support.site import Site, running_site

from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.shared_http import SharedHttp
from gnatwork_blocks.testing import Recorder
from gnatwork_net.allow_list import AllowList


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The service, played."""
    async with running_site() as running:
        yield running


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[SharedHttp]:
    """A client that may reach this machine; one for many tests, since reading the certificates takes its time."""
    async with SharedHttp(AllowList.parse("127.0.0.1")) as shared:
        yield shared


@pytest.fixture
def ctx(http: SharedHttp) -> BlockContext:
    """The first attempt of a task."""
    return Recorder(http_source=http).context()
