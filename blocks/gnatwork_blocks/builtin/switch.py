"""`switch`: one of several ways."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from gnatwork_blocks.expression import Expression, Values
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.names import PORT_PATTERN


def _not_taken(name: str) -> str:
    if name in {"out", "error"}:
        raise ValueError(f"{name!r} is a port of every block")
    return name


#: The name of a case, which is a port of the block.
Case = Annotated[str, StringConstraints(pattern=PORT_PATTERN), AfterValidator(_not_taken)]


class Switch(Block):
    """Chooses between as many ports as it has cases; the compiler reads them from the config."""

    type = "switch"
    title = "Switch"
    summary = "Goes on at the port of the first case that is met."
    icon = "signpost"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"on": "input.address.country", "cases": {"home": "PT", "near": "ES"}, "default": "abroad"},
        {"cases": {"urgent": "input.priority > 8", "large": "input.lines.length >= 100"}, "default": "ordinary"},
    )

    class Config(StrictModel):
        """What it depends on, and what there is."""

        on: Expression | None = Field(
            default=None, description="JavaScript; the case whose value equals what it yields is met."
        )
        cases: dict[Case, Any] = Field(
            min_length=1,
            description="Ports, in order. With `on`, each has the JSON value it stands for; without, the JavaScript"
            " that has to be true.",
        )
        default: Case | None = Field(
            default=None, description="The port when no case is met; without it the workflow goes on at none."
        )
        values: Values

        @model_validator(mode="after")
        def _check_expressions(self) -> Self:
            if self.on is None:
                for name, case in self.cases.items():
                    if not isinstance(case, bool) and not (isinstance(case, str) and case):
                        raise ValueError(f"without `on`, the case {name!r} has to be an expression")
            return self

    class Output(BaseModel):
        """The choice."""

        port: str | None = Field(description="The port at which the workflow goes on; null if at none.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, str | None]:
        """Find the first case that is met."""
        found = await (_first_true(ctx, config) if config.on is None else _first_equal(ctx, config, config.on))
        return {"port": config.default if found is None else found}


async def _first_equal(ctx: BlockContext, config: Switch.Config, on: str) -> str | None:
    value = await ctx.javascript.evaluate(on, config.values)
    return next((name for name, case in config.cases.items() if same(case, value)), None)


async def _first_true(ctx: BlockContext, config: Switch.Config) -> str | None:
    names = list(config.cases)
    # As text, `True` would be a name that JavaScript does not know.
    sources = [case if isinstance(case, str) else str(case).lower() for case in config.cases.values()]
    try:
        found = await ctx.javascript.first_true(sources, config.values)
    except BlockError as error:
        at = (error.details or {}).get("expression")
        if at is None:
            raise
        raise BlockError(
            error.code, f"Case {names[at]}: {error.message}", retryable=error.retryable, details=error.details
        ) from error
    return None if found is None else names[found]


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0 but not true, and the order of keys does not matter."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)
