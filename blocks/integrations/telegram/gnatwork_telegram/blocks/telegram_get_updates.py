"""`telegram-get-updates`: reads what people wrote to a bot."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field, StringConstraints

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel
from gnatwork_telegram.api import CONNECTION, Telegram, TelegramConnection


class TelegramGetUpdates(Block):
    """Reads what has happened since an `offset` (`getUpdates`), one page of at most 100.

    Telegram forgets what lies before the `offset` that it is asked for. So a page is confirmed by asking for the next
    one with `next_offset`, and an attempt that is repeated reads the same page: nothing is lost. Telegram refuses as
    long as the bot has a webhook.
    """

    type = "telegram-get-updates"
    title = "Get updates"
    summary = "Reads what people wrote to a Telegram bot, a page at a time."
    icon = "inbox"
    category = "telegram"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.bot }}", "offset": "{{ input.next_offset }}", "allowed_updates": ["message"]},
    )

    class Config(StrictModel):
        """From where on."""

        connection: TelegramConnection = CONNECTION
        offset: int | None = Field(
            default=None, description="`next_offset` of the page before; by default the oldest that Telegram has."
        )
        limit: int = Field(default=100, ge=1, le=100, description="Most updates.")
        allowed_updates: list[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")]] = Field(
            default_factory=list, max_length=50, description="Kinds of updates, such as `message`; nearly all if none."
        )

    class Output(BaseModel):
        """A page."""

        updates: list[dict[str, Any]] = Field(description="What happened, oldest first, each with its `update_id`.")
        next_offset: int | None = Field(description="The `offset` of the next page.")
        more: bool = Field(description="Whether there may be more now.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read the page, without waiting for something to happen."""
        telegram = Telegram(ctx, config.connection)
        fields = {
            "offset": config.offset,
            "limit": config.limit,
            "timeout": 0,
            # Telegram remembers the kinds of the last time; an empty list is all but the rare ones.
            "allowed_updates": config.allowed_updates,
        }
        updates = await telegram.call("getUpdates", fields)
        if not isinstance(updates, list) or not all(_is_update(update) for update in updates):
            raise telegram.api.unexpected("something that is no list of updates")
        return {
            "updates": updates,
            "next_offset": max(update["update_id"] for update in updates) + 1 if updates else config.offset,
            "more": len(updates) >= config.limit,
        }


def _is_update(update: Any) -> bool:
    return isinstance(update, dict) and isinstance(update.get("update_id"), int)
