"""Stored workflows: a name, its immutable versions, and which of them is published."""

from typing import Any

from pydantic import Field

from gnatwork_schemas.messages import Message
from gnatwork_schemas.model import Model
from gnatwork_schemas.names import Name


class StoredVersion(Model):
    """An immutable state of a workflow."""

    #: Digest of its control block.
    control_block: str
    #: Unix seconds.
    created_at: float


class StoredWorkflow(Message):
    """The document under `workflow_key` in the state bucket."""

    name: Name
    #: The version that runs unless another is asked for; None while there are only drafts.
    published: int | None = None
    #: By number, as text.
    versions: dict[str, StoredVersion] = Field(default_factory=dict)

    def version(self, number: int | None) -> tuple[int, StoredVersion] | None:
        """A version with its number, the published one for None; None when there is no such version."""
        wanted = self.published if number is None else number
        found = None if wanted is None else self.versions.get(str(wanted))
        return None if wanted is None or found is None else (wanted, found)


class WorkflowSummary(Model):
    """A stored workflow, as lists show it."""

    name: str
    #: The published version; None while there are only drafts.
    version: int | None
    #: Of its first version, Unix seconds.
    created_at: float
    #: Of its newest version, Unix seconds.
    updated_at: float


class NumberedVersion(StoredVersion):
    """A version of a workflow."""

    version: int


class Workflow(WorkflowSummary):
    """A stored workflow."""

    #: The newest first.
    versions: tuple[NumberedVersion, ...]
    #: Of the published version, as it was sent.
    definition: dict[str, Any] | None
