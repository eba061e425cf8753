"""`slack-lookup-user`: who has an e-mail address."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.model import StrictModel
from gnatwork_slack.api import CONNECTION, Slack, SlackConnection


class SlackLookupUser(Block):
    """Finds the person with an e-mail address (`users.lookupByEmail`)."""

    type = "slack-lookup-user"
    title = "Look up a person"
    summary = "Finds the person of a Slack workspace who has an e-mail address."
    icon = "slack"
    category = "slack"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.slack }}", "email": "{{ input.email }}"},
    )

    class Config(StrictModel):
        """Whom to look for."""

        connection: SlackConnection = CONNECTION
        email: str = Field(min_length=3, max_length=320, description="The address.")

    class Output(BaseModel):
        """The person."""

        found: bool = Field(description="Whether there is one.")
        user: Any = Field(default=None, description="As Slack gives them, with `id` and `name`; null if there is none.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Look."""
        try:
            json = await Slack(ctx, config.connection).form("users.lookupByEmail", {"email": config.email})
        except BlockError as error:
            if (error.details or {}).get("error") == "users_not_found":
                return {"found": False, "user": None}
            raise
        return {"found": True, "user": json.get("user")}
