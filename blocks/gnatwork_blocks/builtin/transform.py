"""`transform`: makes one value of others."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from gnatwork_blocks.expression import Expression, Values
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel


class Transform(Block):
    """Composes a value from templates, computes one with JavaScript, or the one from the other."""

    type = "transform"
    title = "Transform"
    summary = "Yields a value made from others, by templates or by JavaScript."
    icon = "shuffle"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"set": {"name": "{{ input.name }}", "source": "web"}},
        {"expression": "news.headlines.map(line => line.toUpperCase()).sort()"},
        {
            "set": {"lines": "{{ input.lines }}"},
            "expression": "({ lines }) => ({ total: lines.reduce((sum, line) => sum + line.price, 0) })",
        },
    )

    class Config(StrictModel):
        """Of what it is made."""

        set: dict[str, Any] | None = Field(
            default=None,
            description="What to yield; with `expression`, what that knows as `set`.",
        )
        expression: Expression | None = Field(
            default=None,
            description="JavaScript that yields the output. A function is called with `set`; a promise is waited for.",
        )
        values: Values

        @model_validator(mode="after")
        def _check_something(self) -> Self:
            if self.set is None and self.expression is None:
                raise ValueError("give `set`, `expression`, or both")
            return self

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Yield the value."""
        if config.expression is None:
            return config.set
        values = config.values if config.set is None else {**config.values, "set": config.set}
        return await ctx.javascript.evaluate(config.expression, values)
