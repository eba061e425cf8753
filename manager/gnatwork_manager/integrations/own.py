"""The types of triggers and connections that the engine itself has, described as those of integrations are."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gnatwork_schemas.connections import SECRET_VALUES, VALUES
from gnatwork_schemas.integration import ConnectionKind, TriggerType
from gnatwork_schemas.triggers import EventTrigger, PollingTrigger, ScheduleTrigger, TriggerDefinition, WebhookTrigger

_COMMON = TriggerDefinition.model_fields.keys() | {"type"}
_TRIGGERS: Mapping[str, tuple[type[TriggerDefinition], str, str, str]] = {
    "webhook": (WebhookTrigger, "Webhook", "An HTTP request from outside.", "webhook"),
    "schedule": (ScheduleTrigger, "Schedule", "A time of the clock.", "clock"),
    "event": (EventTrigger, "Event", "A message on NATS, or an event that comes over HTTP.", "broadcast"),
    "polling": (PollingTrigger, "Poll", "Something new at an address that is asked again and again.", "refresh"),
}
_CONNECTIONS: Mapping[str, tuple[str, str]] = {
    "header": ("Header", "A header that a service wants to see, such as `X-Api-Key`."),
    "basic": ("User and password", "HTTP basic authentication."),
    "bearer": ("Token", "A token that does not change."),
    "oauth2": ("OAuth 2", "Tokens that are had, and renewed, by OAuth 2."),
    "smtp": ("Mail server", "A server that takes mail."),
    "custom": ("Other", "Any texts under any names, all of them secret."),
}
_ANY_TEXTS: dict[str, Any] = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}


def own_triggers() -> dict[str, TriggerType]:
    """Those of triggers, by type."""
    return {
        type_: TriggerType(
            type=type_,
            title=title,
            summary=summary,
            icon=icon,
            config_schema=_without_common(model.model_json_schema()),
            trigger={"type": type_},
        )
        for type_, (model, title, summary, icon) in _TRIGGERS.items()
    }


def own_connections() -> dict[str, ConnectionKind]:
    """Those of connections, by type."""
    return {
        type_: ConnectionKind(
            type=type_,
            title=_CONNECTIONS[type_][0],
            summary=_CONNECTIONS[type_][1],
            values_schema=_ANY_TEXTS if model is None else _schema(model),
            secret=SECRET_VALUES.get(type_, ()),
        )
        for type_, model in VALUES.items()
    }


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _without_common(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of the fields that are the type's own."""
    properties = {name: field for name, field in schema["properties"].items() if name not in _COMMON}
    return {
        **schema,
        "properties": properties,
        "required": [name for name in schema.get("required", ()) if name not in _COMMON],
    }
