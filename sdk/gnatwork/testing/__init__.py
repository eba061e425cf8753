"""Test blocks: alone, in a moment and without NATS, or in a real Gnatwork that is started for the tests.

    from gnatwork.testing import Recorder, run_block

    async def test_it_greets() -> None:
        assert await run_block(Greet, {"name": "Ada"}) == {"text": "Hello, Ada!"}

`gnatwork.testing.fixtures` has a Gnatwork as a pytest fixture.
"""

from gnatwork.testing.changes import breaking_changes
from gnatwork.testing.engine import Engine, EngineError, Ran, running_engine
from gnatwork_blocks.testing import Recorder, run_block

__all__ = ["Engine", "EngineError", "Ran", "Recorder", "breaking_changes", "run_block", "running_engine"]
