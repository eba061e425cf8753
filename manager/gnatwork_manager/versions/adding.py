"""A definition on its way to be a version of a workflow."""

import time
from dataclasses import dataclass, field

from gnatwork_manager.actors import Actor, actor
from gnatwork_manager.definitions import Compiled
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.versions.conditions import Condition
from gnatwork_manager.versions.documents import Found, WorkflowDocuments, must_exist
from gnatwork_manager.versions.numbers import Reserved, VersionNumbers
from gnatwork_manager.versions.published import check_added, published
from gnatwork_manager.versions.sent import Sent, compare
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow

#: Versions of one workflow: their list is one message, and read whenever a run begins.
_MAX_VERSIONS = 2000


@dataclass(kw_only=True, slots=True)
class Addition:
    """One request to add a version. What it decides is decided again when someone else was faster."""

    documents: WorkflowDocuments
    numbers: VersionNumbers
    namespace: str
    sent: Sent
    compiled: Compiled
    publish: bool
    #: Whether the workflow has to exist, or must not; None for either.
    exists: bool | None = None
    by: Actor = field(default_factory=actor.get)
    #: The version that the definition is, and whether this request has made it.
    number: int = 0
    created: bool = False
    _reserved: Reserved | None = None

    async def perform(self, condition: Condition) -> Found:
        """The document with the version in it; ProblemError."""
        try:
            found = await self.documents.change(self.namespace, self.sent.name, self._decide, condition)
        except ProblemError:
            # Nothing has been stored; whatever else is raised may leave that open.
            await self._give_back()
            raise
        if not self.created:
            await self._give_back()
        return found

    async def _decide(self, found: Found) -> StoredWorkflow:
        if self.exists:
            must_exist(found, self.namespace, self.sent.name)
        elif self.exists is False and found.exists:
            raise ProblemError("workflow.exists", f"there is a workflow `{self.sent.name}` in {self.namespace}")
        if self.publish:
            check_added(found.workflow, self.compiled)
        workflow = found.workflow
        self.number = await self._known(found)
        self.created = not self.number
        if self.created:
            workflow = await self._with_version(found)
        return published(workflow, self.number, self.compiled) if self.publish else workflow

    async def _known(self, found: Found) -> int:
        """The newest version, or what is published and is to be, if it says the same; 0 where it has to be added."""
        for number in dict.fromkeys((found.newest, (self.publish and found.workflow.published) or 0)):
            known = await self.numbers.read(self.namespace, self.sent.name, number) if number else None
            if known is not None and not await compare(known, self.sent.json, any):
                return number
        return 0

    async def _with_version(self, found: Found) -> StoredWorkflow:
        if len(found.workflow.versions) >= _MAX_VERSIONS:
            raise invalid("", f"a workflow has at most {_MAX_VERSIONS} versions; store this one under another name")
        self._reserved = await self.numbers.reserve(self.namespace, found, self.sent.json, self._reserved)
        self.number = self._reserved.number
        version = StoredVersion(
            control_block=self.compiled.digest, created_at=round(time.time(), 6), created_by=str(self.by)
        )
        changes: dict[str, object] = {"versions": {**found.workflow.versions, str(self.number): version}}
        if not found.exists:
            changes |= {"owner": str(self.by), "owner_id": self.by.person}
        return found.workflow.model_copy(update=changes)

    async def _give_back(self) -> None:
        if self._reserved:
            await self.numbers.give_back(self.namespace, self.sent.name, self._reserved)
