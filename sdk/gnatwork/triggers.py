"""What starts runs of stored workflows: `client.triggers`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gnatwork.pages import Page
from gnatwork.runs import RunHandle
from gnatwork.transport import Call, Transport, workflow_path
from gnatwork_schemas.integration import TriggerType
from gnatwork_schemas.triggers import StoredTrigger, TriggerPreview


class Triggers:
    """The triggers of a client's namespace.

    Where a `revision` is given, the workflow must still be in that state, which `get` and each change tell; else
    nothing is done and RequestError says `workflow.changed`.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self, workflow: str | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[StoredTrigger]:
        """The triggers of a workflow, or of all, in the order of their workflows and ids."""
        path = "/triggers" if workflow is None else workflow_path(workflow, "/triggers")
        subject = {} if workflow is None else {"name": workflow}
        query = {"limit": limit, "cursor": cursor}
        answer = await self._transport.call(
            Call(verb="trigger.list", method="GET", path=path, subject=subject, query=query)
        )
        return Page([StoredTrigger.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def types(self, *, limit: int = 500, cursor: str | None = None) -> Page[TriggerType]:
        """The types there are, the engine's own and those of integrations, with the JSON Schemas of their fields."""
        query = {"limit": limit, "cursor": cursor}
        answer = await self._transport.call(
            Call(verb="trigger.types", method="GET", path="/trigger-types", query=query)
        )
        return Page([TriggerType.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def get(self, workflow: str, trigger: str) -> StoredTrigger:
        """A trigger: its addresses, when it fires next, and what became of it."""
        return await self._shown(_one(workflow, trigger, "get", "GET"))

    async def add(self, workflow: str, trigger: Mapping[str, Any], *, revision: int | None = None) -> StoredTrigger:
        """Add a trigger beside those of the definition; it stays, whatever version is published.

        Args:
            workflow: the name of a stored workflow.
            trigger: as in a definition, e.g. `{"id": "nightly", "type": "schedule", "cron": "@daily"}`.
            revision: the state that the workflow must be in.

        Raises:
            RequestError: it is refused, `problem.errors` has the place of each mistake; or there is one of that id.
        """
        call = Call(
            verb="trigger.add",
            method="POST",
            path=workflow_path(workflow, "/triggers"),
            subject={"name": workflow},
            body=trigger,
            body_field="trigger",
            revision=revision,
        )
        return await self._shown(call)

    async def put(
        self, workflow: str, trigger: str, definition: Mapping[str, Any], *, revision: int | None = None
    ) -> StoredTrigger:
        """Add a trigger, or replace one that was added; one of the definition is changed there."""
        return await self._shown(_one(workflow, trigger, "put", "PUT", body=definition, revision=revision))

    async def delete(self, workflow: str, trigger: str, *, revision: int | None = None) -> None:
        """Remove a trigger that was added."""
        await self._transport.call(_one(workflow, trigger, "delete", "DELETE", revision=revision))

    async def enable(self, workflow: str, trigger: str, *, revision: int | None = None) -> StoredTrigger:
        """Switch a trigger on, whatever its definition says."""
        return await self._shown(_one(workflow, trigger, "enable", "POST", "/enable", revision=revision))

    async def disable(self, workflow: str, trigger: str, *, revision: int | None = None) -> StoredTrigger:
        """Switch a trigger off, whatever its definition says; runs that it has started go on."""
        return await self._shown(_one(workflow, trigger, "disable", "POST", "/disable", revision=revision))

    async def preview(self, workflow: str, trigger: str) -> TriggerPreview:
        """The next ten times of a trigger that goes by the clock; RequestError `trigger.no_times` for others."""
        return TriggerPreview.model_validate(
            await self._transport.call(_one(workflow, trigger, "preview", "GET", "/preview"))
        )

    async def fire(
        self, workflow: str, trigger: str, event: Any = None, *, details: Mapping[str, Any] | None = None
    ) -> RunHandle:
        """Start a run as if a trigger had seen this event, switched on or not.

        Args:
            workflow: the name of a stored workflow.
            trigger: its id.
            event: the root `event` of its templates.
            details: what they find under `trigger` beside `type` and `id`.
        """
        body = {"event": event} | ({"trigger": dict(details)} if details else {})
        call = _one(workflow, trigger, "fire", "POST", "/fire", body=body, body_field=None)
        answer = await self._transport.call(call)
        return RunHandle(self._transport, answer["run_id"])

    async def _shown(self, call: Call) -> StoredTrigger:
        return StoredTrigger.model_validate(await self._transport.call(call))


def _one(
    workflow: str,
    trigger: str,
    verb: str,
    method: str,
    rest: str = "",
    *,
    body: Mapping[str, Any] | None = None,
    body_field: str | None = "trigger",
    revision: int | None = None,
) -> Call:
    return Call(
        verb=f"trigger.{verb}",
        method=method,
        path=workflow_path(workflow, f"/triggers/{quote(trigger, safe='')}{rest}"),
        subject={"name": workflow, "id": trigger},
        body=body,
        body_field=body_field if body is not None else None,
        revision=revision,
    )
