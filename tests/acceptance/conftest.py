"""One installation for all tests that do not harm it, and the small site that its blocks may reach."""

from collections.abc import AsyncIterator

import pytest
from support.installation import Installation, up

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
