"""One installation for all tests that do not harm it, and the small site that its blocks may reach."""

from collections.abc import AsyncIterator

import pytest
from support.installation import Installation, up
from support.site import Site, running_site

from gnatwork import Client
from gnatwork_cli.demo_site import DemoSite


@pytest.fixture(scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """A `gnatwork up` whose blocks may reach this machine."""
    async with up(tmp_path_factory.mktemp("gnatwork"), "--egress-allow", "127.0.0.1") as running:
        yield running
        assert await running.stop() == 0


@pytest.fixture(scope="session")
async def site() -> AsyncIterator[str]:
    """The URL of the demo's site."""
    async with DemoSite().serve() as url:
        yield url


@pytest.fixture(scope="session")
async def client(installation: Installation) -> AsyncIterator[Client]:
    """A client of the installation over HTTP."""
    async with installation.client() as client:
        yield client


@pytest.fixture
async def web() -> AsyncIterator[Site]:
    """A site that does as the test says, and remembers what it was asked for."""
    async with running_site() as site:
        yield site
