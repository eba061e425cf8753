"""`/triggers`, and `/workflows/{name}/triggers`: what starts runs, as people look at it and change it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.audit.notes import note
from gnatwork_manager.bodies import parse_json
from gnatwork_manager.documents import FireBody, SubmittedRun, TriggerPage, json_body
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs
from gnatwork_manager.people.principal import principal_of
from gnatwork_manager.requests import API_PREFIX, Namespace, json_response, optional_body, services_of
from gnatwork_manager.triggers.by_hand import fire_by_hand
from gnatwork_manager.triggers.store import FoundTrigger
from gnatwork_manager.triggers.views import preview
from gnatwork_manager.versions.answers import Expected, WorkflowName
from gnatwork_manager.versions.conditions import etag
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role, role_in
from gnatwork_schemas.status import RunStatus
from gnatwork_schemas.triggers import NewTrigger, StoredTrigger, TriggerPreview

router = APIRouter(prefix=API_PREFIX, tags=["triggers"])

_OF_WORKFLOW = "/workflows/{name}/triggers"
_ONE = f"{_OF_WORKFLOW}/{{trigger}}"

TriggerId = Annotated[str, Path(description="The id of a trigger of it.")]
_SHOWN: dict[int | str, dict[str, Any]] = {200: {"model": StoredTrigger}}
_PUT: dict[int | str, dict[str, Any]] = {
    200: {"model": StoredTrigger, "description": "It was there before."},
    201: {"model": StoredTrigger, "description": "It is new."},
}


@router.get("/triggers", summary="All triggers of the namespace", responses={200: {"model": TriggerPage}})
@needs(Role.VIEWER, "trigger.list")
async def list_all(
    request: Request, query: Annotated[PageQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """In the order of their workflows. Editors see the unguessable addresses of webhooks, viewers do not."""
    triggers = services_of(request).triggers
    known = triggers.table.of_namespace(namespace)
    return json_response(await triggers.views.page(known, query, secret=_may_call(request, namespace)))


@router.get(_OF_WORKFLOW, summary="The triggers of a workflow", responses={200: {"model": TriggerPage}})
@needs(Role.VIEWER, "trigger.list")
async def list_(
    request: Request, name: WorkflowName, query: Annotated[PageQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """Those of its published definition, and those that were added beside it."""
    triggers = services_of(request).triggers
    known = await triggers.store.all(namespace, name)
    return json_response(await triggers.views.page(known, query, secret=_may_call(request, namespace)))


@router.post(
    _OF_WORKFLOW,
    status_code=201,
    summary="Add a trigger",
    responses={201: {"model": StoredTrigger}},
    openapi_extra=json_body(NewTrigger),
)
@needs(Role.EDITOR, "trigger.add")
async def add(
    request: Request, name: WorkflowName, expected: Expected, namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """Beside those of the definition: it stays, whatever version is published."""
    value = parse_json(await request.body())
    found = await services_of(request).triggers.store.add(namespace, name, value, expected)
    note(target=f"{name}/{found.known.trigger.id}")
    return await _answer(request, found, namespace)


@router.get(_ONE, summary="A trigger", responses=_SHOWN)
@needs(Role.VIEWER, "trigger.get")
async def show(
    request: Request, name: WorkflowName, trigger: TriggerId, namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """With its addresses, when it fires next, and what became of it."""
    return await _answer(request, await services_of(request).triggers.store.get(namespace, name, trigger), namespace)


@router.put(_ONE, summary="Add or replace a trigger", responses=_PUT, openapi_extra=json_body(NewTrigger))
@needs(Role.EDITOR, "trigger.put")
async def put(
    request: Request,
    name: WorkflowName,
    trigger: TriggerId,
    expected: Expected,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """Only one that is not part of the definition. The `id` in the body may be left out."""
    value = parse_json(await request.body())
    found = await services_of(request).triggers.store.put(namespace, name, trigger, value, expected)
    return await _answer(request, found, namespace)


@router.delete(_ONE, status_code=204, summary="Remove a trigger", responses={204: {"description": "It is gone."}})
@needs(Role.EDITOR, "trigger.delete")
async def delete(
    request: Request,
    name: WorkflowName,
    trigger: TriggerId,
    expected: Expected,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """Only one that is not part of the definition."""
    await services_of(request).triggers.store.remove(namespace, name, trigger, expected)
    return Response(status_code=204)


@router.post(f"{_ONE}/enable", summary="Switch a trigger on", responses=_SHOWN)
@needs(Role.EDITOR, "trigger.enable")
async def enable(
    request: Request,
    name: WorkflowName,
    trigger: TriggerId,
    expected: Expected,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """Whatever its definition says, also of versions to come."""
    store = services_of(request).triggers.store
    return await _answer(request, await store.switch(namespace, name, trigger, on=True, condition=expected), namespace)


@router.post(f"{_ONE}/disable", summary="Switch a trigger off", responses=_SHOWN)
@needs(Role.EDITOR, "trigger.disable")
async def disable(
    request: Request,
    name: WorkflowName,
    trigger: TriggerId,
    expected: Expected,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """Runs that it has started go on."""
    store = services_of(request).triggers.store
    return await _answer(request, await store.switch(namespace, name, trigger, on=False, condition=expected), namespace)


@router.get(f"{_ONE}/preview", summary="When a trigger fires next", responses={200: {"model": TriggerPreview}, 409: {}})
@needs(Role.VIEWER, "trigger.preview")
async def show_preview(
    request: Request,
    name: WorkflowName,
    trigger: TriggerId,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """Of what goes by the clock: its next ten times, if it is switched on."""
    found = await services_of(request).triggers.store.get(namespace, name, trigger)
    return json_response(preview(found.known))


@router.post(
    f"{_ONE}/fire",
    status_code=202,
    summary="Fire a trigger by hand",
    responses={202: {"model": SubmittedRun}},
    openapi_extra=json_body(FireBody, required=False),
)
@needs(Role.EDITOR, "trigger.fire")
async def fire(
    request: Request, name: WorkflowName, trigger: TriggerId, namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """As if it had seen the `event` of the body, switched on or not: to try its `input`."""
    body = await optional_body(request)
    run_id = await fire_by_hand(services_of(request).triggers, namespace, name, trigger, body)
    headers = {"Location": f"{API_PREFIX}/runs/{run_id}"}
    return json_response({"run_id": run_id, "status": RunStatus.PENDING}, 202, headers)


def _may_call(request: Request, namespace: str) -> bool:
    """Whether the caller may start runs: the address of a webhook is as good as that."""
    role = role_in(principal_of(request.scope).roles, namespace)
    return role is not None and role.includes(Role.EDITOR)


async def _answer(request: Request, found: FoundTrigger, namespace: str) -> Response:
    document = await services_of(request).triggers.views.one(found, secret=_may_call(request, namespace))
    headers = {"ETag": etag(found.revision)}
    if found.created:
        headers["Location"] = f"{API_PREFIX}/workflows/{found.known.workflow}/triggers/{found.known.trigger.id}"
    return json_response(document, 201 if found.created else 200, headers)
