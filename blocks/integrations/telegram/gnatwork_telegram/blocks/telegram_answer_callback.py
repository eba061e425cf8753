"""`telegram-answer-callback`: answers who has pressed a button."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field, StringConstraints

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel
from gnatwork_telegram.api import CONNECTION, Telegram, TelegramConnection


class TelegramAnswerCallback(Block):
    """Answers who has pressed a button of a message (`answerCallbackQuery`), which otherwise goes on turning.

    It can be repeated at will. Telegram takes an answer for a few minutes, then it is too late.
    """

    type = "telegram-answer-callback"
    title = "Answer a button"
    summary = "Answers who has pressed a button of a message in Telegram."
    icon = "mouse-pointer-click"
    category = "telegram"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.bot }}", "callback_query_id": "{{ input.callback_query.id }}", "text": "Done"},
    )

    class Config(StrictModel):
        """The answer."""

        connection: TelegramConnection = CONNECTION
        callback_query_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
            description="The `id` of the callback query."
        )
        text: Annotated[str, StringConstraints(max_length=200)] | None = Field(
            default=None, description="What is shown for a moment."
        )
        show_alert: bool | None = Field(default=None, description="Show it until it is put away.")
        url: str | None = Field(default=None, max_length=2000, description="What is opened, such as a game.")
        cache_time: int | None = Field(default=None, ge=0, description="Seconds for which the answer may be kept.")

    class Output(BaseModel):
        """That it was taken."""

        answered: bool

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, bool]:
        """Answer."""
        fields = config.model_dump(exclude={"connection"})
        return {"answered": bool(await Telegram(ctx, config.connection).call("answerCallbackQuery", fields))}
