"""The type of connection that Slack needs."""

from gnatwork_blocks.integration import base_url
from gnatwork_schemas.integration import ConnectionKind

CONNECTION = ConnectionKind(
    type="slack",
    title="Slack",
    summary="An app of a Slack workspace.",
    icon="slack",
    values_schema={
        "type": "object",
        "required": ["token"],
        "properties": {
            "token": {
                "type": "string",
                "title": "Bot token",
                "description": "Begins with `xoxb-`.",
                "minLength": 4,
            },
            "signing_secret": {
                "type": "string",
                "title": "Signing secret",
                "description": "Only triggers need it.",
                "minLength": 4,
            },
            "base_url": base_url("https://slack.com/api"),
        },
        "additionalProperties": False,
    },
    secret=("token", "signing_secret"),
    help="https://api.slack.com/apps → your app: “OAuth & Permissions” has the bot token, “Basic Information” the"
    " signing secret.",
)
