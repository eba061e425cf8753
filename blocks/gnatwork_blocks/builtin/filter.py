"""`filter`: goes on, or does not."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.expression import Condition, Values, holds
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel


class Filter(Block):
    """Says whether what comes behind it is wanted."""

    type = "filter"
    title = "Filter"
    summary = "Lets the workflow go on behind it only when its condition is true."
    icon = "filter"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"if": "news.headlines.length > 0"},
        {"if": "input.lines.every(line => line.price <= 10)"},
    )

    class Config(StrictModel, populate_by_name=False):
        """What it depends on."""

        if_: Condition = Field(
            alias="if", description="JavaScript; what it yields counts as true or false as in JavaScript."
        )
        values: Values

    class Output(BaseModel):
        """The verdict."""

        pass_: bool = Field(alias="pass", description="Whether the condition is true.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, bool]:
        """Evaluate the condition."""
        return {"pass": await holds(ctx, config.if_, config.values)}
