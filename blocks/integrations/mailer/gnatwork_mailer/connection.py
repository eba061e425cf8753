"""The type of connection that the mailer needs."""

from gnatwork_blocks.integration import base_url
from gnatwork_schemas.integration import ConnectionKind

CONNECTION = ConnectionKind(
    type="mailer",
    title="Mailer",
    summary="A server of Postmark, or of a service that speaks as it does.",
    icon="mail",
    values_schema={
        "type": "object",
        "required": ["token"],
        "properties": {
            "token": {
                "type": "string",
                "title": "Server API token",
                "minLength": 4,
            },
            "from": {
                "type": "string",
                "title": "Sender",
                "description": "Who writes where a message does not say: a confirmed sender.",
                "minLength": 3,
                "maxLength": 255,
            },
            "webhook_authorization": {
                "type": "string",
                "title": "Authorization of webhooks",
                "description": "`Basic ` and base64 of `user:password`, which you choose; only triggers need it.",
                "pattern": "^Basic [A-Za-z0-9+/]{4,}={0,2}$",
            },
            "base_url": base_url("https://api.postmarkapp.com"),
        },
        "additionalProperties": False,
    },
    secret=("token", "webhook_authorization"),
    help="https://account.postmarkapp.com/servers → your server → “API Tokens”.",
)
