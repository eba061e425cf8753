"""`sleep`: takes its time."""

import asyncio
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.duration import Duration
from gnatwork_schemas.model import StrictModel


class Sleep(Block):
    """Holds a slot of its executor for a while, no longer than its `timeout`; `delay` waits and holds nothing."""

    type = "sleep"
    title = "Sleep"
    summary = "Waits for a while, holding a slot of its executor."
    icon = "timer"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"for": "3s"},)

    class Config(StrictModel, populate_by_name=False):
        """How long."""

        for_: Duration = Field(alias="for", description="How long, e.g. `3s`; less than the `timeout` of the block.")

    class Output(BaseModel):
        """How long it was."""

        slept_ms: int = Field(description="Milliseconds asked for, and slept at least.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, int]:  # noqa: ARG002 - as every block
        """Sleep; a cancel wakes it."""
        await asyncio.sleep(config.for_)
        return {"slept_ms": round(config.for_ * 1000)}
