"""`slack-post-message`: says something in Slack."""

from typing import Any, ClassVar

from pydantic import Field

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_slack.api import CONNECTION, Slack, SlackConnection
from gnatwork_slack.message import Content, Posted


class SlackPostMessage(Block):
    """Posts a message (`chat.postMessage`).

    Slack can't tell a repetition: a message whose answer got lost is posted again by another attempt. Without `retry`
    there is none, and with `"idempotent": false` none either when its executor vanishes.
    """

    type = "slack-post-message"
    title = "Post a message"
    summary = "Posts a message to a channel, a person or a thread of Slack."
    icon = "slack"
    category = "slack"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.slack }}", "channel": "C0123456789", "text": "It is *done*."},
        {
            "connection": "{{ connections.slack }}",
            "channel": "{{ input.channel }}",
            "thread_ts": "{{ input.ts }}",
            "text": "Deployed",
            "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*Deployed* {{ input.version }}"}}],
        },
    )

    class Config(Content):
        """The message. It has a `text`, `blocks`, or both."""

        connection: SlackConnection = CONNECTION
        channel: str = Field(min_length=1, description="The id of a channel, a conversation or a person.")
        thread_ts: str | None = Field(default=None, description="The `ts` of the message to answer in its thread.")
        reply_broadcast: bool | None = Field(default=None, description="Show the answer in the channel as well.")
        unfurl_links: bool | None = Field(default=None, description="Whether links to texts are shown unfolded.")
        unfurl_media: bool | None = Field(default=None, description="Whether links to media are shown unfolded.")

    Output = Posted

    async def run(self, ctx: BlockContext, config: Config) -> Posted:
        """Post it."""
        body = config.model_dump(exclude={"connection"})
        return Posted.model_validate(await Slack(ctx, config.connection).post("chat.postMessage", body))
