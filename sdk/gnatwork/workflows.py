"""What a client does with stored workflows."""

from collections.abc import Mapping, Sequence
from typing import Any

from gnatwork.pages import Page
from gnatwork.transport import Call, Transport, workflow_path
from gnatwork_schemas.diff import WorkflowDiff
from gnatwork_schemas.workflow import NumberedVersion, Workflow, WorkflowSummary, WorkflowVersion


class WorkflowMethods:
    """The methods of a client that are about stored workflows.

    Where a `revision` is given, the workflow must still be in that state, which each of its documents names, or must
    not exist for 0; else nothing is done and RequestError says `workflow.changed`.
    """

    _transport: Transport

    async def validate(self, definition: Mapping[str, Any]) -> str:
        """Check a definition without storing it; raises RequestError with the place of each mistake.

        Returns the name that the workflow gives itself, as a native one: `Order import` is `order-import`.
        """
        path = "/workflows/validate"
        call = Call(verb="workflow.validate", method="POST", path=path, body=definition, body_field="definition")
        return str((await self._transport.call(call))["workflow"])

    async def create_workflow(self, definition: Mapping[str, Any], *, publish: bool = True) -> Workflow:
        """Store a definition under its `name`, which must be new.

        Raises:
            RequestError: there is one already, `workflow.exists`, or the definition is refused.
        """
        query = {} if publish else {"publish": False}
        call = Call(
            verb="workflow.create",
            method="POST",
            path="/workflows",
            query=query,
            body=definition,
            body_field="definition",
        )
        return Workflow.model_validate(await self._transport.call(call))

    async def put_workflow(
        self, name: str, definition: Mapping[str, Any], *, publish: bool = True, revision: int | None = None
    ) -> Workflow:
        """Store a definition as the newest version of a workflow; the same one again makes no new version.

        Args:
            name: what the workflow is, or is to be, called.
            definition: its `name` may be left out.
            publish: whether it runs from now on; a draft otherwise.
            revision: the state that the workflow must be in.

        Raises:
            RequestError: the definition is refused; `problem.errors` has the place of each mistake.
        """
        call = Call(
            verb="workflow.put",
            method="PUT",
            path=workflow_path(name),
            subject={"name": name},
            query={} if publish else {"publish": False},
            body=definition,
            body_field="definition",
            revision=revision,
        )
        return Workflow.model_validate(await self._transport.call(call))

    async def workflow(self, name: str) -> Workflow:
        """A stored workflow, its newest versions, and the definition of the published one."""
        return Workflow.model_validate(await self._transport.call(_of(name, "get", "GET")))

    async def workflows(
        self,
        *,
        label: Sequence[str] = (),
        search: str | None = None,
        owner: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[WorkflowSummary]:
        """Stored workflows, in the order of their names.

        Args:
            label: only those with all of these labels, `name=value` or `name`.
            search: only those with this in their name.
            owner: only those that this one has made.
            limit: how many at most.
            cursor: of the page before.
        """
        query = {"label": list(label), "search": search, "owner": owner, "limit": limit, "cursor": cursor}
        answer = await self._transport.call(Call(verb="workflow.list", method="GET", path="/workflows", query=query))
        return Page([WorkflowSummary.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def delete_workflow(self, name: str, *, force: bool = False, revision: int | None = None) -> None:
        """Delete a workflow with its versions and triggers; `force` even while runs are under way, which go on."""
        query = {"force": True} if force else {}
        await self._transport.call(_of(name, "delete", "DELETE", query=query, revision=revision))

    async def workflow_versions(
        self, name: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[NumberedVersion]:
        """The versions of a workflow, the newest first."""
        query = {"limit": limit, "cursor": cursor}
        answer = await self._transport.call(_of(name, "versions", "GET", "/versions", query=query))
        return Page([NumberedVersion.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def workflow_version(self, name: str, version: int) -> WorkflowVersion:
        """A version with its definition."""
        call = _of(name, "version", "GET", f"/versions/{version}", numbers={"version": version})
        return WorkflowVersion.model_validate(await self._transport.call(call))

    async def draft_workflow(
        self, name: str, definition: Mapping[str, Any], *, revision: int | None = None
    ) -> WorkflowVersion:
        """Make a definition a version of an existing workflow without publishing it."""
        call = _of(name, "draft", "POST", "/versions", body=definition, body_field="definition", revision=revision)
        return WorkflowVersion.model_validate(await self._transport.call(call))

    async def publish_workflow(self, name: str, version: int, *, revision: int | None = None) -> Workflow:
        """Make a version the one that runs: a draft, or an earlier one to roll back to. Runs under way keep theirs."""
        rest = f"/versions/{version}/publish"
        call = _of(name, "publish", "POST", rest, numbers={"version": version}, revision=revision)
        return Workflow.model_validate(await self._transport.call(call))

    async def diff_workflow(self, name: str, new: Mapping[str, Any] | int, *, old: int | None = None) -> WorkflowDiff:
        """What changes from one version to another, or to a definition that is not stored.

        Args:
            name: of the workflow.
            new: the definition, or the number of a version.
            old: the version that it is compared with: the newest one, for a version the one before it.
        """
        if isinstance(new, int):
            before = new - 1 if old is None else old
            rest = f"/versions/{before}/diff/{new}"
            call = _of(name, "diff", "GET", rest, numbers={"version": before, "other": new})
        else:
            query = {} if old is None else {"version": old}
            call = _of(name, "diff", "POST", "/diff", query=query, body=new, body_field="definition")
        return WorkflowDiff.model_validate(await self._transport.call(call))


def _of(
    name: str, verb: str, method: str, rest: str = "", *, numbers: Mapping[str, int] | None = None, **more: Any
) -> Call:
    """A call about the workflow of this name; `numbers` are those in its path."""
    subject = {"name": name, **{key: str(number) for key, number in (numbers or {}).items()}}
    return Call(verb=f"workflow.{verb}", method=method, path=workflow_path(name, rest), subject=subject, **more)
