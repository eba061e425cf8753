"""Triggers of types that integrations bring, as definitions have them."""

from pydantic import ConfigDict, Field

from gnatwork_schemas.model import Model
from gnatwork_schemas.names import Name

#: The types of triggers that the engine itself has.
TRIGGER_TYPES = ("webhook", "schedule", "event", "polling")


class ServiceTrigger(Model):
    """A trigger of a type that an integration brings; what else it has, the type says."""

    model_config = ConfigDict(extra="allow")

    id: Name
    type: Name = Field(json_schema_extra={"not": {"enum": list(TRIGGER_TYPES)}})
    enabled: bool = True
