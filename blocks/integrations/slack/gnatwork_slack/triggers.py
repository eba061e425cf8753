"""What of Slack starts runs."""

from typing import Any

from gnatwork_blocks.integration import PATH, connection_of
from gnatwork_schemas.integration import TriggerType

_CONNECTION = connection_of("slack", "signing secret")
#: Beside fields of their own.
_SIGNED: dict[str, Any] = {
    "type": "webhook",
    "path": "{{ config.path }}",
    "auth": "hmac",
    "signature": "slack",
    "secret": "{{ connections.{{ config.connection }}.signing_secret }}",
}

EVENTS = TriggerType(
    type="slack",
    title="Slack event",
    summary="Something happens in a Slack workspace: the Events API.",
    icon="slack",
    config_schema={
        "type": "object",
        "required": ["connection"],
        "properties": {
            "connection": _CONNECTION,
            "path": PATH,
            "events": {
                "type": "array",
                "title": "Events",
                "description": "Types of events, such as `app_mention`; all unless given.",
                "items": {"type": "string"},
                "default": [],
            },
        },
        "additionalProperties": False,
    },
    trigger={
        **_SIGNED,
        # Slack shows nobody what it is answered, and sends again what is not answered with 200 within three seconds.
        "respond": "empty",
        "delivery": "{{ event.event_id }}",
        "filter": "event.type === 'event_callback' && "
        "({{ config.events }}.length === 0 || {{ config.events }}.includes(event.event.type))",
        "input": "{{ event.event }}",
    },
    examples=({"id": "mentions", "type": "slack", "connection": "slack", "events": ["app_mention"]},),
)

COMMAND = TriggerType(
    type="slack-command",
    title="Slash command",
    summary="Someone gives a slash command in Slack.",
    icon="slack",
    config_schema={
        "type": "object",
        "required": ["connection"],
        "properties": {
            "connection": _CONNECTION,
            "path": PATH,
            "respond": {
                "type": "string",
                "title": "Answer",
                "description": "`empty`: with nothing, at once. `run`: with the reply of the `response` block, which"
                " has to come within 2.5 seconds.",
                "enum": ["empty", "run"],
                "default": "empty",
            },
        },
        "additionalProperties": False,
    },
    trigger={**_SIGNED, "respond": "{{ config.respond }}", "deadline": 2.5, "delivery": "{{ event.trigger_id }}"},
    examples=({"id": "deploy", "type": "slack-command", "connection": "slack", "path": "/slack/deploy"},),
)
