"""Deleting a stored workflow with all that is its own. Its runs are not: they have their control blocks."""

from dataclasses import dataclass

from gnatwork_bus.kv import Bucket
from gnatwork_manager.actors import Actor
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.index.query import RunFilter
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.versions.conditions import Condition
from gnatwork_manager.versions.documents import Found, WorkflowDocuments, must_exist
from gnatwork_manager.versions.numbers import VersionNumbers
from gnatwork_schemas import subjects
from gnatwork_schemas.status import RunStatus

_LIVE = tuple(status for status in RunStatus if not status.ended)


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """Deletes workflows."""

    state: Bucket
    documents: WorkflowDocuments
    numbers: VersionNumbers
    index: RunIndex

    async def delete(
        self, namespace: str, name: str, condition: Condition, *, force: bool, owned_by: Actor | None
    ) -> None:
        """Delete a workflow.

        Args:
            namespace: where it is.
            name: what it is called.
            condition: what its document has to be.
            force: even while runs of it are under way, which go on.
            owned_by: who asks, where only the owner may; None for whoever may delete those of others.

        Raises:
            ProblemError: `workflow.not_found`, `workflow.changed`, `workflow.in_use`, `auth.forbidden`.
        """

        async def allowed(found: Found) -> None:
            if not found.exists and found.revision:
                # Another attempt may have ended in between.
                await self._purge(namespace, name, found.revision)
            must_exist(found, namespace, name)
            found.check(condition)
            if owned_by and not _owns(owned_by, found):
                message = f"`{name}` belongs to {found.workflow.owner or 'nobody'}; this needs the role `admin`"
                raise ProblemError("auth.forbidden", message)
            if not force and await self._has_live_runs(namespace, name):
                raise ProblemError("workflow.in_use", f"runs of `{name}` are under way")

        # What was written before the document went is the old workflow's; the next one may be on its way already.
        gone = await self.documents.remove(namespace, name, allowed)
        await self._purge(namespace, name, gone)

    async def _purge(self, namespace: str, name: str, before: int) -> None:
        await self.numbers.purge(namespace, name, before)
        await self.state.purge(subjects.trigger_state_key(namespace, name, "*"), before=before)

    async def _has_live_runs(self, namespace: str, name: str) -> bool:
        return bool(await self.index.find(namespace, RunFilter(workflow=name, statuses=_LIVE), None, 1))


def _owns(who: Actor, found: Found) -> bool:
    """Whether the workflow was made by this person, or with a key of theirs."""
    return bool(who.person) and who.person == found.workflow.owner_id
