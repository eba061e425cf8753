"""What messages have in common."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from gnatwork_blocks.sdk import BlockError
from gnatwork_schemas.model import StrictModel
from gnatwork_telegram.api import CONNECTION, TelegramConnection

ParseMode = Literal["HTML", "MarkdownV2", "Markdown"]
#: The id of a chat, or `@name` of a public one.
Chat = int | Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(-?[0-9]{1,20}|@[A-Za-z0-9_]{1,64})$")]


class Recipient(StrictModel):
    """Whose chat, and how it is told."""

    connection: TelegramConnection = CONNECTION
    chat_id: Chat = Field(description="The id of a chat, or `@name` of a public channel.")
    message_thread_id: int | None = Field(default=None, description="The topic of a forum.")
    disable_notification: bool | None = Field(default=None, description="Make no sound.")
    protect_content: bool | None = Field(default=None, description="Forbid to forward and to save it.")
    reply_to: int | None = Field(default=None, description="The `message_id` of the message that is answered.")
    reply_markup: dict[str, Any] | None = Field(
        default=None, description="Buttons, as `{inline_keyboard: [[{text, callback_data}]]}`."
    )

    def fields(self) -> dict[str, Any]:
        """What the API is told, under its names."""
        given = self.model_dump(exclude={"connection", "reply_to"})
        answered = {"reply_parameters": {"message_id": self.reply_to}} if self.reply_to is not None else {}
        return given | answered


class Sent(BaseModel):
    """A message as Telegram has it."""

    message_id: int = Field(description="Names the message within its chat.")
    chat_id: int
    date: str = Field(description="When, ISO 8601 in UTC.")
    message: dict[str, Any] = Field(description="All that Telegram says of it.")


def sent(result: Any) -> Sent:
    """The message of an answer; BlockError `service.unexpected` when it has none."""
    try:
        date = datetime.fromtimestamp(result["date"], UTC).isoformat()
        return Sent(message_id=result["message_id"], chat_id=result["chat"]["id"], date=date, message=result)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise BlockError("service.unexpected", "Telegram answered without the message that was sent.") from None
