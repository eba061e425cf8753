"""What a package of blocks brings beside them, through the entry point group `gnatwork.integrations`."""

from collections.abc import Mapping
from dataclasses import dataclass

from gnatwork_schemas.integration import ConnectionKind, TriggerType
from gnatwork_schemas.names import NAME_PATTERN

ENTRY_POINT_GROUP = "gnatwork.integrations"

#: In the schema of a trigger that becomes a webhook: its path.
PATH: Mapping[str, str] = {
    "type": "string",
    "title": "Path",
    "description": "Where it listens below `/hooks`, beside its own unguessable address.",
}


def connection_of(type_: str, having: str = "") -> dict[str, str]:
    """Likewise, the name of the connection that it needs; `having` says what of it."""
    return {
        "type": "string",
        "title": "Connection",
        "description": f"The name of a connection of the type `{type_}`{having and f', with its {having}'}.",
        "pattern": NAME_PATTERN,
    }


def base_url(address: str, otherwise: str = "") -> dict[str, str]:
    """In the schema of a connection: where the service is, for those who have one of their own."""
    return {
        "type": "string",
        "title": "Address of the API",
        "description": f"`{address}` unless given{otherwise and f'; {otherwise}'}.",
        "pattern": "^https?://",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """A service that a package speaks with; the package's entry point names one of these."""

    #: The name of the package of blocks, as its own entry point has it.
    name: str
    title: str
    #: One sentence.
    summary: str
    triggers: tuple[TriggerType, ...] = ()
    connections: tuple[ConnectionKind, ...] = ()
