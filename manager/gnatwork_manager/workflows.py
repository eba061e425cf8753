"""`/workflows`: definitions under a name, and running them by it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gnatwork_manager.actors import actor
from gnatwork_manager.bodies import parse_json
from gnatwork_manager.documents import StoredSubmissionBody, ValidDefinition, WorkflowPage, json_body
from gnatwork_manager.people.access import needs
from gnatwork_manager.people.principal import principal_of
from gnatwork_manager.requests import (
    API_PREFIX,
    IdempotencyKey,
    Namespace,
    Wait,
    json_response,
    optional_body,
    services_of,
)
from gnatwork_manager.runs import BEGUN, asker, begin
from gnatwork_manager.submission import parse_stored_submission
from gnatwork_manager.versions.answers import Expected, Publish, WorkflowName, answered, location
from gnatwork_manager.versions.search import WorkflowQuery
from gnatwork_schemas.definition import Definition
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role, role_in
from gnatwork_schemas.workflow import Workflow

router = APIRouter(prefix=f"{API_PREFIX}/workflows", tags=["workflows"])

_PUT: dict[int | str, dict[str, Any]] = {
    200: {"model": Workflow, "description": "The newest version, or the published one, is this definition already."},
    201: {"model": Workflow, "description": "It is a new version."},
}
_DELETE: dict[int | str, dict[str, Any]] = {204: {"description": "It is gone."}}


@router.get("", summary="The stored workflows", responses={200: {"model": WorkflowPage}})
@needs(Role.VIEWER, "workflow.list")
async def list_(
    request: Request, query: Annotated[WorkflowQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """In the order of their names. Labels are those of the published version."""
    return json_response(await services_of(request).workflows.reader.page(namespace, query))


@router.post(
    "",
    status_code=201,
    summary="Create a workflow",
    responses={201: {"model": Workflow}},
    openapi_extra=json_body(Definition),
)
@needs(Role.EDITOR, "workflow.create")
async def create(request: Request, publish: Publish = True, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """Under the `name` in the definition, which no other workflow of the namespace has."""
    definition = parse_json(await request.body())
    created = await services_of(request).workflows.create(namespace, definition, publish=publish)
    return answered(created, location=location(created.document["name"]))


@router.post(
    "/validate",
    summary="Check a definition",
    responses={200: {"model": ValidDefinition}},
    openapi_extra=json_body(Definition),
)
@needs(Role.VIEWER, "workflow.validate", audited=False)
async def validate(request: Request) -> Response:
    """Stores nothing. A definition with mistakes is a problem that lists all of them."""
    return json_response(await services_of(request).workflows.validate(parse_json(await request.body())))


@router.get("/{name}", summary="A stored workflow", responses={200: {"model": Workflow}})
@needs(Role.VIEWER, "workflow.get")
async def show(request: Request, name: WorkflowName, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """With its newest versions and the definition of the published one. The `ETag` names this state of it."""
    return answered(await services_of(request).workflows.reader.show(namespace, name))


@router.put("/{name}", summary="Store a definition", responses=_PUT, openapi_extra=json_body(Definition))
@needs(Role.EDITOR, "workflow.put")
async def put(
    request: Request,
    name: WorkflowName,
    expected: Expected,
    publish: Publish = True,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """Makes it a new version of the workflow and publishes that; runs under way keep theirs.

    The `name` in the definition may be left out.
    """
    definition = parse_json(await request.body())
    stored = await services_of(request).workflows.put(namespace, name, definition, publish=publish, condition=expected)
    return answered(stored, location=location(name))


@router.delete("/{name}", status_code=204, summary="Delete a workflow", responses=_DELETE)
@needs(Role.EDITOR, "workflow.delete")
async def delete(
    request: Request,
    name: WorkflowName,
    expected: Expected,
    force: Annotated[bool, Query(description="Even while runs of it are under way: they go on.")] = False,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """With all its versions and triggers; for its owner, and for admins. Runs and their histories stay."""
    is_admin = role_in(principal_of(request.scope).roles, namespace) is Role.ADMIN
    owned_by = None if is_admin else actor.get()
    removal = services_of(request).workflows.removal
    await removal.delete(namespace, name, expected, force=force, owned_by=owned_by)
    return Response(status_code=204)


@router.post(
    "/{name}/runs",
    status_code=202,
    summary="Run a stored workflow",
    responses=BEGUN,
    openapi_extra=json_body(StoredSubmissionBody, required=False),
)
@needs(Role.EDITOR, "workflow.start", audited=False)
async def start(
    request: Request,
    name: WorkflowName,
    namespace: Namespace = DEFAULT_NAMESPACE,
    wait: Wait = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The published version, unless `version` names another; otherwise as `POST /runs`."""
    caller, seconds = asker(request, namespace, wait, idempotency_key)
    submission = parse_stored_submission(name, await optional_body(request))
    submitter = services_of(request).submitter
    return await begin(request, lambda: submitter.order_stored(namespace, submission), caller, seconds)
