"""What of the mailer starts runs."""

from typing import Any

from gnatwork_blocks.integration import PATH, connection_of
from gnatwork_schemas.integration import TriggerType

_CONNECTION = connection_of("mailer", "authorization of webhooks")
#: Beside fields of their own. Postmark signs nothing; it sends the user and password that its webhook was given.
_AUTHORIZED: dict[str, Any] = {
    "type": "webhook",
    "path": "{{ config.path }}",
    "auth": "key",
    "key_header": "Authorization",
    "secret": "{{ connections.{{ config.connection }}.webhook_authorization }}",
    "respond": "empty",
}

INBOUND = TriggerType(
    type="mailer-inbound",
    title="Mail comes in",
    summary="An e-mail has come to the inbound address of a Postmark server.",
    icon="inbox",
    config_schema={
        "type": "object",
        "required": ["connection"],
        "properties": {"connection": _CONNECTION, "path": PATH},
        "additionalProperties": False,
    },
    trigger={
        **_AUTHORIZED,
        # Attachments come along, in base64.
        "max_body": 32 * 1024 * 1024,
        "delivery": "{{ event.MessageID }}",
        "input": "{{ event }}",
    },
    examples=({"id": "mail", "type": "mailer-inbound", "connection": "mail", "path": "/mail"},),
)

BOUNCE = TriggerType(
    type="mailer-bounce",
    title="Mail bounces",
    summary="An e-mail could not be delivered, or was reported as spam.",
    icon="undo",
    config_schema={
        "type": "object",
        "required": ["connection"],
        "properties": {
            "connection": _CONNECTION,
            "path": PATH,
            "types": {
                "type": "array",
                "title": "Types",
                "description": "Types of bounces, such as `HardBounce` and `SpamComplaint`; all unless given.",
                "items": {"type": "string", "pattern": "^[A-Za-z]{1,64}$"},
                "maxItems": 50,
                "default": [],
            },
        },
        "additionalProperties": False,
    },
    trigger={
        **_AUTHORIZED,
        "delivery": "{{ event.ID }}",
        "filter": "['Bounce', 'SpamComplaint'].includes(event.RecordType) && "
        "({{ config.types }}.length === 0 || {{ config.types }}.includes(event.Type))",
        "input": "{{ event }}",
    },
    examples=({"id": "gone", "type": "mailer-bounce", "connection": "mail", "types": ["HardBounce"]},),
)
