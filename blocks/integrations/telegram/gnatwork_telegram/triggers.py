"""What of Telegram starts runs."""

from typing import Any

from gnatwork_blocks.integration import PATH, connection_of
from gnatwork_schemas.integration import TriggerType

_CONNECTION = connection_of("telegram")
_UPDATES: dict[str, Any] = {
    "type": "array",
    "title": "Updates",
    "description": "Kinds of updates, such as `message` and `callback_query`; all unless given.",
    "items": {"type": "string", "pattern": "^[a-z_]{1,64}$"},
    "maxItems": 50,
    "default": [],
}

WEBHOOK = TriggerType(
    type="telegram",
    title="Telegram update",
    summary="Someone writes to a Telegram bot, or presses one of its buttons: Telegram calls.",
    icon="send",
    config_schema={
        "type": "object",
        "required": ["connection"],
        "properties": {
            "connection": _CONNECTION,
            "path": PATH,
            "updates": _UPDATES,
        },
        "additionalProperties": False,
    },
    trigger={
        "type": "webhook",
        "path": "{{ config.path }}",
        "auth": "key",
        "key_header": "X-Telegram-Bot-Api-Secret-Token",
        "secret": "{{ connections.{{ config.connection }}.webhook_secret }}",
        # What Telegram is answered it would take for a method to call.
        "respond": "empty",
        "delivery": "{{ event.update_id }}",
        "filter": "{{ config.updates }}.length === 0 || {{ config.updates }}.some(kind => kind in event)",
        "input": "{{ event }}",
    },
    examples=({"id": "messages", "type": "telegram", "connection": "bot", "updates": ["message"]},),
)

POLL = TriggerType(
    type="telegram-poll",
    title="Telegram update, asked for",
    summary="Someone writes to a Telegram bot, or presses one of its buttons: Telegram is asked again and again.",
    icon="send",
    config_schema={
        "type": "object",
        "required": ["connection"],
        "properties": {
            "connection": _CONNECTION,
            "every": {
                "type": ["string", "number"],
                "title": "Every",
                "description": "How often, such as `30s`.",
                "default": "30s",
            },
            "updates": _UPDATES,
        },
        "additionalProperties": False,
    },
    trigger={
        "type": "polling",
        "every": "{{ config.every }}",
        "block": "telegram-get-updates",
        "fetch": {
            "connection": "{{ connections.{{ config.connection }} }}",
            "offset": "{{ cursor }}",
            "allowed_updates": "{{ config.updates }}",
        },
        "items": "{{ response.updates }}",
        "key": "{{ item.update_id }}",
        "cursor": "{{ response.next_offset }}",
        "input": "{{ event }}",
    },
    examples=({"id": "messages", "type": "telegram-poll", "connection": "bot", "every": "1m"},),
)
