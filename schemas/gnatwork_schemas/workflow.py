"""Stored workflows: a name, its immutable versions, and which of them is published."""

from typing import Any

from pydantic import Field

from gnatwork_schemas.definition import Labels
from gnatwork_schemas.messages import Message
from gnatwork_schemas.model import Model
from gnatwork_schemas.names import Name
from gnatwork_schemas.triggers import AnyTrigger


class StoredVersion(Model):
    """An immutable state of a workflow."""

    #: Digest of its control block.
    control_block: str
    #: Unix seconds.
    created_at: float
    #: Who made it; None for versions of before people were known.
    created_by: str | None = None


class StoredWorkflow(Message):
    """The document under `workflow_key` in the state bucket."""

    name: Name
    #: The version that runs unless another is asked for; None while there are only drafts.
    published: int | None = None
    #: By number, as text.
    versions: dict[str, StoredVersion] = Field(default_factory=dict)
    #: Who made the workflow, e.g. `person:ada@example.org`, and the id of the person, where there is one.
    owner: str | None = None
    owner_id: str = ""
    #: Of the published version, to find the workflow by.
    labels: Labels = Field(default_factory=dict)
    #: The triggers of the published version: publishing another moves them with it.
    defined: tuple[AnyTrigger, ...] = ()
    #: Triggers that were added beside the definition, by id; they stay whatever is published.
    added: dict[Name, AnyTrigger] = Field(default_factory=dict)
    #: Triggers that were switched on or off, whatever their definition says.
    switched: dict[Name, bool] = Field(default_factory=dict)
    #: By id of a webhook its unguessable address: whoever knows it may call it from anywhere.
    hooks: dict[Name, str] = Field(default_factory=dict)

    def triggers(self) -> dict[str, AnyTrigger]:
        """All triggers by id, those of the definition first, each `enabled` as it was last switched."""
        found = {trigger.id: trigger for trigger in self.defined} | self.added
        return {
            id_: trigger.model_copy(update={"enabled": self.switched.get(id_, trigger.enabled)})
            for id_, trigger in found.items()
        }

    def version(self, number: int | None) -> tuple[int, StoredVersion] | None:
        """A version with its number, the published one for None; None when there is no such version."""
        wanted = self.published if number is None else number
        found = None if wanted is None else self.versions.get(str(wanted))
        return None if wanted is None or found is None else (wanted, found)


class HookPath(Message):
    """The document under `hook_key` in the state bucket: whose an address is that a webhook has chosen."""

    method: str
    path: str
    namespace: Name
    workflow: Name
    trigger: Name
    #: Unix seconds.
    taken_at: float


class WorkflowSummary(Model):
    """A stored workflow, as lists show it."""

    name: str
    #: The published version; None while there are only drafts.
    version: int | None
    #: Its newest version, published or a draft.
    newest: int
    #: Who made it, e.g. `person:ada@example.org`.
    owner: str | None = None
    #: Of the published version.
    labels: Labels = Field(default_factory=dict)
    #: Of its first version, Unix seconds.
    created_at: float
    #: Of its newest version, Unix seconds.
    updated_at: float
    #: Names this state of it: in quotes it is the ETag.
    revision: int


class NumberedVersion(StoredVersion):
    """A version of a workflow."""

    version: int
    #: Whether it is the one that runs unless another is asked for.
    published: bool


class WorkflowVersion(NumberedVersion):
    """A version of a workflow with its definition."""

    #: As it was sent.
    definition: dict[str, Any]


class Workflow(WorkflowSummary):
    """A stored workflow."""

    #: The newest first, at most 50 of them.
    versions: tuple[NumberedVersion, ...]
    #: Of the published version, as it was sent.
    definition: dict[str, Any] | None
