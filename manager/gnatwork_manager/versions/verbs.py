"""Stored workflows over NATS: the twins of their endpoints."""

from typing import Any

from pydantic import Field

from gnatwork_manager.problems import invalid
from gnatwork_manager.verb_request import CONDITION, Answer, VerbRequest, Verbs
from gnatwork_manager.versions.search import WorkflowQuery
from gnatwork_schemas.model import StrictModel


class _Number(StrictModel):
    version: int = Field(ge=1)


class _Numbers(_Number):
    other: int = Field(ge=1)


class _Base(StrictModel):
    version: int | None = Field(default=None, ge=1)


async def _create(request: VerbRequest) -> Answer:
    request.only("definition", "publish")
    definition, publish = request.body.get("definition"), _flag(request, "publish", default=True)
    return (await request.services.workflows.create(request.namespace, definition, publish=publish)).document


async def _put(request: VerbRequest) -> Answer:
    request.only("name", "definition", "publish", *CONDITION)
    stored = await request.services.workflows.put(
        request.namespace,
        request.text("name"),
        request.body.get("definition"),
        publish=_flag(request, "publish", default=True),
        condition=request.condition(),
    )
    return stored.document


async def _delete(request: VerbRequest) -> Answer:
    request.only("name", "force", *CONDITION)
    name, force = request.text("name"), _flag(request, "force", default=False)
    # Whoever reaches NATS may do everything.
    await request.services.workflows.removal.delete(
        request.namespace, name, request.condition(), force=force, owned_by=None
    )
    return {}


async def _validate(request: VerbRequest) -> Answer:
    request.only("definition")
    return await request.services.workflows.validate(request.body.get("definition"))


async def _get(request: VerbRequest) -> Answer:
    request.only("name")
    return (await request.services.workflows.reader.show(request.namespace, request.text("name"))).document


async def _list(request: VerbRequest) -> Answer:
    return await request.services.workflows.reader.page(request.namespace, request.query(WorkflowQuery))


async def _versions(request: VerbRequest) -> Answer:
    query = request.page("name")
    return await request.services.workflows.reader.versions(request.namespace, request.text("name"), query)


async def _version(request: VerbRequest) -> Answer:
    number = request.query(_Number, "name").version
    return (await request.services.workflows.reader.version(request.namespace, request.text("name"), number)).document


async def _draft(request: VerbRequest) -> Answer:
    request.only("name", "definition", *CONDITION)
    name, definition = request.text("name"), request.body.get("definition")
    return (await request.services.workflows.draft(request.namespace, name, definition, request.condition())).document


async def _publish(request: VerbRequest) -> Answer:
    number = request.query(_Number, "name", *CONDITION).version
    name, condition = request.text("name"), request.condition()
    return (await request.services.workflows.publish(request.namespace, name, number, condition)).document


async def _diff(request: VerbRequest) -> Answer:
    name, reader = request.text("name"), request.services.workflows.reader
    if "definition" in request.body:
        number = request.query(_Base, "name", "definition").version
        return await reader.diff_sent(request.namespace, name, request.body["definition"], number)
    both = request.query(_Numbers, "name")
    return await reader.diff(request.namespace, name, both.version, both.other)


VERBS: Verbs = {
    "workflow.create": _create,
    "workflow.put": _put,
    "workflow.delete": _delete,
    "workflow.validate": _validate,
    "workflow.get": _get,
    "workflow.list": _list,
    "workflow.versions": _versions,
    "workflow.version": _version,
    "workflow.draft": _draft,
    "workflow.publish": _publish,
    "workflow.diff": _diff,
}


def _flag(request: VerbRequest, name: str, *, default: bool) -> bool:
    value: Any = request.body.get(name, default)
    if not isinstance(value, bool):
        raise invalid(f"/{name}", f"`{name}` is true or false")
    return value
