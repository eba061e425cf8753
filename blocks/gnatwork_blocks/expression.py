"""What blocks whose config holds JavaScript have in common."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from gnatwork_blocks.context import BlockContext

#: An expression of JavaScript, which is evaluated in the sandbox.
Expression = Annotated[str, StringConstraints(min_length=1)]
#: An expression, or what it would yield.
Condition = StrictBool | Expression
#: The names that expressions know, each a global constant.
Values = Annotated[
    dict[str, Any],
    Field(
        default_factory=dict,
        description="What the names in the expression stand for; filled in by the compiler.",
    ),
]


async def holds(ctx: BlockContext, condition: bool | str, values: Mapping[str, Any]) -> bool:
    """Whether a condition is true in JavaScript's eyes.

    Raises:
        BlockError: As `JavaScript.evaluate`.
    """
    if isinstance(condition, bool):
        return condition
    return await ctx.javascript.first_true([condition], values) is not None
