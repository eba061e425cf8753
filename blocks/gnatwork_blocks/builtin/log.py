"""`log`: writes a line to the log."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from gnatwork_blocks.sdk import Block, BlockContext, Level
from gnatwork_schemas.model import StrictModel


class Log(Block):
    """Tells whoever looks at the run; what flows through it stays as it is."""

    type = "log"
    title = "Log"
    summary = "Writes a line to the log of the run and passes a value on."
    icon = "scroll-text"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"message": "Found {{ news.headlines.length }} headlines", "fields": {"first": "{{ news.headlines[0] }}"}},
        {"level": "warning", "message": "The stock is low.", "value": "{{ input.stock }}"},
    )

    class Config(StrictModel):
        """The line."""

        message: Annotated[str, StringConstraints(min_length=1)] = Field(
            description="What to say; of more than 8,192 characters the first."
        )
        level: Level = Field(default="info", description="How much it matters.")
        fields: dict[str, Any] = Field(default_factory=dict, description="More about it.")
        value: Any = Field(default=None, description="What to pass on.")

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Write it; the output is the value, or else what was logged."""
        # Not `ctx.log`: a field may be called `level`.
        ctx.log_sink(ctx, config.level, config.message, config.fields)
        if "value" in config.model_fields_set:
            return config.value
        return {"level": config.level, "message": config.message, "fields": config.fields}
