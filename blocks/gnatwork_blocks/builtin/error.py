"""`error`: fails, on purpose."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, RootModel, StringConstraints

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.duration import Duration
from gnatwork_schemas.error import ERROR_CODE_PATTERN
from gnatwork_schemas.model import StrictModel


class Error(Block):
    """Fails with an error of the author's own, for whoever handles it, or for the run to end with."""

    type = "error"
    title = "Error"
    summary = "Fails with an error of your own."
    icon = "octagon-x"
    category = "logic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"code": "order.empty", "message": "Order {{ input.number ?? 'without a number' }} has no lines."},
        {"message": "The report is not there yet.", "retryable": True, "retry_after": "5m"},
    )

    class Config(StrictModel):
        """The error."""

        code: Annotated[str, StringConstraints(pattern=ERROR_CODE_PATTERN, max_length=100)] = Field(
            default="user.error", description="Dotted lower case; handlers and `retry` tell errors apart by it."
        )
        message: Annotated[str, StringConstraints(min_length=1, max_length=8192)] = Field(
            description="What went wrong, for people."
        )
        retryable: bool = Field(
            default=False, description="Whether the block's `retry` has another attempt, which fails alike."
        )
        retry_after: Duration | None = Field(default=None, description="How long that waits at least.")
        details: dict[str, Any] | None = Field(default=None, description="More about it.")

    class Output(RootModel[None]):
        """There is none."""

    async def run(self, ctx: BlockContext, config: Config) -> None:  # noqa: ARG002 - as every block
        """Fail."""
        raise BlockError(
            config.code,
            config.message,
            retryable=config.retryable,
            retry_after=config.retry_after,
            details=config.details,
        )
