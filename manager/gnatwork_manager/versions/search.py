"""Which stored workflows a list shows, the same over HTTP and NATS."""

from pydantic import Field

from gnatwork_manager.listing import PageQuery
from gnatwork_schemas.workflow import StoredWorkflow


class WorkflowQuery(PageQuery):
    """Which workflows a list shows; nothing given shows all."""

    label: list[str] = Field(
        default_factory=list, max_length=32, description="`name=value`, or `name` with any value; all of these."
    )
    search: str | None = Field(default=None, max_length=63, description="A part of their names.")
    owner: str | None = Field(
        default=None, max_length=320, description="Who made them, `person:ada@example.org`, or only `ada@example.org`."
    )

    def wants(self, workflow: StoredWorkflow) -> bool:
        """Whether a workflow is one of those."""
        if self.search is not None and self.search.lower() not in workflow.name:
            return False
        if self.owner is not None and self.owner not in {workflow.owner, (workflow.owner or "").partition(":")[2]}:
            return False
        return all(_has(workflow, label) for label in self.label)


def _has(workflow: StoredWorkflow, label: str) -> bool:
    key, separator, value = label.partition("=")
    return key in workflow.labels and (not separator or workflow.labels[key] == value)
