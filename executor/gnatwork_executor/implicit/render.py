"""`render`: resolves a config on behalf of the scheduler, which opens no payload."""

from typing import Any

from gnatwork_blocks.context import BlockContext
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_schemas import implicit


class Render(ImplicitBlock):
    """Any config to itself: what was deferred in it has been resolved by then, as in that of every block."""

    type = implicit.RENDER
    title = "Render"
    summary = "Resolves a config."
    places = 8

    async def perform(self, ctx: BlockContext, config: Any) -> Any:  # noqa: ARG002 - what all blocks take
        """Return the config."""
        return config
