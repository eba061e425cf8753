"""`slack-list-channels`: the channels of a workspace."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gnatwork_blocks.json_api import ApiAnswer
from gnatwork_blocks.json_pages import by_cursor, read_pages
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel
from gnatwork_slack.api import CONNECTION, Slack, SlackConnection

#: Channels of a page; Slack takes up to 1,000, and advises against more than 200.
_PAGE = 200


class SlackListChannels(Block):
    """Lists channels that the app can see (`conversations.list`), page by page."""

    type = "slack-list-channels"
    title = "List channels"
    summary = "Yields the channels of a Slack workspace."
    icon = "slack"
    category = "slack"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.slack }}"},
        {"connection": "{{ connections.slack }}", "types": ["public_channel", "private_channel"], "max_items": 5000},
    )

    class Config(StrictModel):
        """Which channels."""

        connection: SlackConnection = CONNECTION
        types: list[Literal["public_channel", "private_channel", "mpim", "im"]] = Field(
            default=["public_channel"], min_length=1, description="Kinds of conversations."
        )
        exclude_archived: bool = Field(default=True, description="Leave out what is archived.")
        max_items: int = Field(default=1000, ge=1, le=10_000, description="How many at most.")

    class Output(BaseModel):
        """The channels."""

        channels: list[Any] = Field(description="As Slack gives them, with `id` and `name`.")
        more: bool = Field(description="Whether there are more than `max_items`.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read all pages."""
        slack = Slack(ctx, config.connection)

        def items(answer: ApiAnswer) -> Any:
            return slack.checked(answer).get("channels")

        pages = await read_pages(
            slack.api,
            "conversations.list",
            query={
                "types": ",".join(config.types),
                "exclude_archived": config.exclude_archived,
                "limit": min(_PAGE, config.max_items),
            },
            items=items,
            following=by_cursor("cursor", "response_metadata", "next_cursor"),
            max_items=config.max_items,
        )
        return {"channels": pages.items, "more": pages.more}
