"""What messages are made of."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gnatwork_schemas.model import StrictModel

#: Characters of a text that Slack takes.
MAX_TEXT = 40_000


class Content(StrictModel):
    """A text, or blocks of Block Kit with a text for notifications."""

    text: str | None = Field(
        default=None, max_length=MAX_TEXT, description="In Slack's mrkdwn; beside `blocks`, for notifications."
    )
    blocks: list[dict[str, Any]] | None = Field(
        default=None, max_length=50, description="[Block Kit](https://docs.slack.dev/block-kit)."
    )

    @model_validator(mode="after")
    def _something(self) -> "Content":
        if not self.text and not self.blocks:
            raise ValueError("give `text` or `blocks`")
        return self


class Posted(BaseModel):
    """A message as Slack has it."""

    model_config = ConfigDict(extra="ignore")

    channel: str = Field(description="The id of the channel.")
    ts: str = Field(description="Names the message within its channel, and the thread that begins with it.")
    message: Any = Field(default=None, description="All that Slack says of it.")
