"""`telegram-send-photo`: shows something in Telegram."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_telegram.api import Telegram
from gnatwork_telegram.message import ParseMode, Recipient, Sent, sent


class TelegramSendPhoto(Block):
    """Sends a photo (`sendPhoto`), which Telegram fetches by itself or knows already.

    Telegram can't tell a repetition, see `telegram-send-message`.
    """

    type = "telegram-send-photo"
    title = "Send a photo"
    summary = "Sends a photo by its URL to a chat of Telegram."
    icon = "image"
    category = "telegram"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.bot }}",
            "chat_id": "@gnatwork",
            "photo": "https://charts.example.com/today.png",
            "caption": "Today",
        },
    )

    class Config(Recipient):
        """The photo."""

        photo: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(https?://\S+|[A-Za-z0-9_-]+)$")] = (
            Field(max_length=2000, description="URL of at most 5 MB, or the `file_id` of one that Telegram has.")
        )
        caption: Annotated[str, StringConstraints(max_length=1024)] | None = Field(
            default=None, description="What is said below; with `parse_mode`, with marks."
        )
        parse_mode: ParseMode | None = Field(default=None, description="How marks in the caption are written.")
        has_spoiler: bool | None = Field(default=None, description="Hide it until it is tapped.")

    Output = Sent

    async def run(self, ctx: BlockContext, config: Config) -> Sent:
        """Send it."""
        return sent(await Telegram(ctx, config.connection).call("sendPhoto", config.fields()))
