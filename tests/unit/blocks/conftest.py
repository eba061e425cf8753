from collections.abc import AsyncIterator

import httpx
import pytest
from support.resources import resources
from support.site import Site, running_site

from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import BlockContext
from gnatwork_blocks.shared import Shared
from gnatwork_blocks.testing import Recorder


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        yield site


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[Shared[httpx.AsyncClient]]:
    """A client that may reach this machine; one for many tests, since reading the certificates takes its time."""
    async with resources("127.0.0.1").http as http:
        yield http


@pytest.fixture(scope="module")
async def javascript() -> AsyncIterator[JavaScript]:
    """A sandbox for many tests; it has no processes until one asks for a value."""
    async with JavaScript() as javascript:
        yield javascript


@pytest.fixture
def ctx(http: Shared[httpx.AsyncClient], javascript: JavaScript) -> BlockContext:
    return Recorder(resources=resources(http=http, javascript=Shared(lambda: javascript))).context()
