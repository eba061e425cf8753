"""`slack-update-message`: changes what was said in Slack."""

from typing import Any, ClassVar

from pydantic import Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_slack.api import CONNECTION, Slack, SlackConnection
from gnatwork_slack.message import Content, Posted


class SlackUpdateMessage(Block):
    """Replaces a message of the app (`chat.update`). Done twice, it is as if done once."""

    type = "slack-update-message"
    title = "Update a message"
    summary = "Replaces a message that the app has posted to Slack."
    icon = "slack"
    category = "slack"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.slack }}",
            "channel": "{{ posted.channel }}",
            "ts": "{{ posted.ts }}",
            "text": "It is done.",
        },
    )

    class Config(Content):
        """What the message becomes. It has a `text`, `blocks`, or both."""

        connection: SlackConnection = CONNECTION
        channel: str = Field(min_length=1, description="The id of its channel.")
        ts: str = Field(min_length=1, description="The message.")

    Output = Posted

    async def run(self, ctx: BlockContext, config: Config) -> Posted:
        """Replace it."""
        body = config.model_dump(exclude={"connection"})
        return Posted.model_validate(await Slack(ctx, config.connection).post("chat.update", body))
