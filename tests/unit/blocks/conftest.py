from collections.abc import AsyncIterator

import pytest
from support.site import Site, running_site

from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.shared_http import SharedHttp
from gnatwork_blocks.testing import Recorder
from gnatwork_net.allow_list import AllowList


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        yield site


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[SharedHttp]:
    """A client that may reach this machine; one for many tests, since reading the certificates takes its time."""
    async with SharedHttp(AllowList.parse("127.0.0.1")) as http:
        yield http


@pytest.fixture(scope="module")
async def javascript() -> AsyncIterator[JavaScript]:
    """A sandbox for many tests; it has no processes until one asks for a value."""
    async with JavaScript() as javascript:
        yield javascript


@pytest.fixture
def ctx(http: SharedHttp, javascript: JavaScript) -> BlockContext:
    return Recorder(http_source=http, javascript_source=lambda: javascript).context()
