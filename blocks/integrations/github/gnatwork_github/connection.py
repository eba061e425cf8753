"""The type of connection that GitHub needs."""

from gnatwork_blocks.integration import base_url
from gnatwork_schemas.integration import ConnectionKind

CONNECTION = ConnectionKind(
    type="github",
    title="GitHub",
    summary="A token of GitHub, or of a GitHub Enterprise Server.",
    icon="github",
    values_schema={
        "type": "object",
        "required": ["token"],
        "properties": {
            "token": {
                "type": "string",
                "title": "Token",
                "description": "A personal access token, fine-grained or classic, or that of an app.",
                "minLength": 4,
            },
            "webhook_secret": {
                "type": "string",
                "title": "Secret of webhooks",
                "description": "Only triggers need it: the same as in the settings of the webhook.",
                "minLength": 4,
            },
            "base_url": base_url("https://api.github.com", "of an Enterprise Server `https://HOST/api/v3`"),
        },
        "additionalProperties": False,
    },
    secret=("token", "webhook_secret"),
    help="https://github.com/settings/personal-access-tokens has tokens; the secret of webhooks is one that you"
    " make up.",
)
