"""Fixtures for pytest, which start nothing before a test wants an `engine`.

They are asked for with `-p gnatwork.testing.fixtures`, in the `addopts` of pytest's configuration.
"""

from collections.abc import Iterator, Sequence

import pytest

from gnatwork.testing.engine import DEFAULT_BLOCKS, Engine, running_engine


@pytest.fixture(scope="session")
def engine_blocks() -> Sequence[str]:
    """The block types, or groups of them, that `engine` hosts; define your own of this name to have others."""
    return DEFAULT_BLOCKS


@pytest.fixture(scope="session")
def engine_egress_allow() -> str:
    """Private addresses that the blocks of `engine` may reach; define your own of this name to have others."""
    return "127.0.0.1"


@pytest.fixture(scope="session")
def engine(
    tmp_path_factory: pytest.TempPathFactory, engine_blocks: Sequence[str], engine_egress_allow: str
) -> Iterator[Engine]:
    """A Gnatwork that all tests share: `ran = await engine.run({"blocks": […]})`."""
    data_dir = tmp_path_factory.mktemp("gnatwork")
    with running_engine(data_dir, blocks=engine_blocks, egress_allow=engine_egress_allow) as running:
        yield running
