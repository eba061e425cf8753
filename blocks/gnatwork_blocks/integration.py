"""What a package of blocks brings beside them, through the entry point group `gnatwork.integrations`."""

from dataclasses import dataclass

from gnatwork_schemas.integration import ConnectionKind, TriggerType

ENTRY_POINT_GROUP = "gnatwork.integrations"


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
