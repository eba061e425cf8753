"""The type of connection that Telegram needs."""

from gnatwork_blocks.integration import base_url
from gnatwork_schemas.integration import ConnectionKind

#: Of a bot: its id and its secret.
BOT_PATTERN = r"^[0-9]{1,20}:[A-Za-z0-9_-]{1,100}$"

CONNECTION = ConnectionKind(
    type="telegram",
    title="Telegram",
    summary="A bot of Telegram.",
    icon="send",
    values_schema={
        "type": "object",
        "required": ["token"],
        "properties": {
            "token": {
                "type": "string",
                "title": "Token",
                "description": "Such as `123456:ABC-DEF`.",
                "pattern": BOT_PATTERN,
            },
            "webhook_secret": {
                "type": "string",
                "title": "Secret of the webhook",
                "description": "The `secret_token` given to `setWebhook`; only the trigger `telegram` needs it.",
                "pattern": "^[A-Za-z0-9_-]{4,256}$",
            },
            "base_url": base_url("https://api.telegram.org", "yours, if you run a Bot API server"),
        },
        "additionalProperties": False,
    },
    secret=("token", "webhook_secret"),
    help="Write to @BotFather in Telegram: /newbot makes a bot and tells its token.",
)
