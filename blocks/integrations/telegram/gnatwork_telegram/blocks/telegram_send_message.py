"""`telegram-send-message`: says something in Telegram."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_telegram.api import Telegram
from gnatwork_telegram.message import ParseMode, Recipient, Sent, sent


class TelegramSendMessage(Block):
    """Sends a text (`sendMessage`).

    Telegram can't tell a repetition: a message whose answer got lost is sent again by another attempt. Without `retry`
    there is none, and with `"idempotent": false` none either when its executor vanishes.
    """

    type = "telegram-send-message"
    title = "Send a message"
    summary = "Sends a text to a chat of Telegram."
    icon = "send"
    category = "telegram"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.bot }}", "chat_id": "@gnatwork", "text": "It is done."},
        {
            "connection": "{{ connections.bot }}",
            "chat_id": "{{ input.message.chat.id }}",
            "reply_to": "{{ input.message.message_id }}",
            "text": "<b>Deploy?</b>",
            "parse_mode": "HTML",
            "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]},
        },
    )

    class Config(Recipient):
        """The message."""

        text: Annotated[str, StringConstraints(min_length=1, max_length=4096)] = Field(
            description="Its text; with `parse_mode`, with marks."
        )
        parse_mode: ParseMode | None = Field(default=None, description="How marks in the text are written.")
        link_preview: bool = Field(default=True, description="Whether links are shown unfolded.")

    Output = Sent

    async def run(self, ctx: BlockContext, config: Config) -> Sent:
        """Send it."""
        fields = config.fields()
        if not fields.pop("link_preview"):
            fields["link_preview_options"] = {"is_disabled": True}
        return sent(await Telegram(ctx, config.connection).call("sendMessage", fields))
