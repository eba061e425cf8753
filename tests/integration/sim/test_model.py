"""The model of the server answers as the server does."""

from typing import Any
from unittest.mock import patch

import pytest
from integration.sim.raw import Raw
from integration.sim.scripts import SCRIPTS, Script
from support.sim.chance import chance
from support.sim.client import SimClient
from support.sim.clock import virtual_time
from support.sim.server import Server

from gnatwork_bus.connection import Connection
from gnatwork_bus.reconcile import reconcile


@pytest.fixture(params=SCRIPTS, ids=lambda script: script.__name__)
def script(request: pytest.FixtureRequest) -> Script:
    """What is done."""
    chosen: Script = request.param
    return chosen


@pytest.fixture
def modelled(script: Script) -> list[Any]:
    """What the model answers."""
    with virtual_time(chance("entropy", script.__name__)) as loop:
        server = Server(loop, chance("server", script.__name__), lambda *_: None)

        async def play() -> list[Any]:
            async with Connection.open("nats://model:4222", name="test") as connection:
                await reconcile(connection)
                return await script(Raw(connection))

        with patch("gnatwork_bus.connection.TolerantClient", lambda: SimClient(server)):
            return loop.run_until_complete(play())


async def test_the_model_answers_as_the_server_does(script: Script, modelled: list[Any], bus: Connection) -> None:
    answers = await script(Raw(bus))
    assert len(answers) == len(modelled)
    for real, model in zip(answers, modelled, strict=True):
        assert model == real
