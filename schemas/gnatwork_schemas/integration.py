"""What an integration brings beside blocks, as executors announce it: kinds of triggers and of connections.

Both are data. A trigger of a kind is one of the engine's own with the blanks filled in, so managers need no code of it.
"""

from typing import Any

from pydantic import JsonValue

from gnatwork_schemas.messages import Message
from gnatwork_schemas.names import Name


class TriggerType(Message):
    """A kind of trigger, such as `github`: definitions write it as the `type` of a trigger, beside the engine's own."""

    type: Name
    #: The integration that brings it; filled in when it is announced.
    integration: str = ""
    title: str
    summary: str
    icon: str = "bolt"
    #: JSON Schema of the fields that it has beside `id`, `type`, `enabled` and `input`.
    config_schema: dict[str, Any]
    #: A trigger of the engine's own in which `{{ config.<field> }}` stands for those fields, also within other
    #: templates. What mentions a field that is not given is left out; in a `filter` they are JavaScript values. Its
    #: `input` is what it has unless the definition says otherwise.
    trigger: dict[str, JsonValue]
    examples: tuple[dict[str, Any], ...] = ()


class ConnectionKind(Message):
    """A type of connection, such as `slack`: stored like a `custom` one, and checked against a schema of its own."""

    type: Name
    #: The integration that brings it; filled in when it is announced.
    integration: str = ""
    title: str
    summary: str
    icon: str = "key"
    #: JSON Schema of its values: an object of texts.
    values_schema: dict[str, Any]
    #: Those of the values that are secrets.
    secret: tuple[str, ...]
    #: Where a person finds the values.
    help: str = ""
