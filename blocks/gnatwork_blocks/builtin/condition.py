"""`condition`: one way or the other."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gnatwork_blocks.expression import Condition as If
from gnatwork_blocks.expression import Values, holds
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel


class Condition(Block):
    """Chooses between two ports."""

    type = "condition"
    title = "Condition"
    summary = "Goes on at the port `true` or at the port `false`."
    icon = "git-branch"
    category = "logic"
    ports = ("true", "false")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"if": "input.total > 100"},
        {"if": "news.headlines.some(line => line.includes('swamp')) && !input.quiet"},
    )

    class Config(StrictModel, populate_by_name=False):
        """What it depends on."""

        if_: If = Field(alias="if", description="JavaScript; what it yields counts as true or false as in JavaScript.")
        values: Values

    class Output(BaseModel):
        """The choice."""

        port: Literal["true", "false"] = Field(description="The port at which the workflow goes on.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, str]:
        """Evaluate the condition."""
        return {"port": "true" if await holds(ctx, config.if_, config.values) else "false"}
