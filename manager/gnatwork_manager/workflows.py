"""`/workflows`: definitions under a name, and running them by it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.bodies import parse_json
from gnatwork_manager.documents import StoredSubmissionBody, ValidDefinition, WorkflowPage, json_body
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs
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
from gnatwork_schemas.definition import Definition
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role
from gnatwork_schemas.workflow import Workflow

router = APIRouter(prefix=f"{API_PREFIX}/workflows", tags=["workflows"])

_Name = Annotated[str, Path(description="The name of a workflow.")]
_PUT: dict[int | str, dict[str, Any]] = {
    200: {"model": Workflow, "description": "The newest version is this definition already."},
    201: {"model": Workflow, "description": "It is a new version."},
}


@router.get("", summary="The stored workflows", responses={200: {"model": WorkflowPage}})
@needs(Role.VIEWER, "workflow.list")
async def list_(
    request: Request, query: Annotated[PageQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """In the order of their names."""
    return json_response(await services_of(request).workflows.page(namespace, query.cursor, query.limit))


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
async def show(request: Request, name: _Name, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """With its versions, the newest first, and the definition of the published one."""
    return json_response(await services_of(request).workflows.show(namespace, name))


@router.put("/{name}", summary="Store a definition", responses=_PUT, openapi_extra=json_body(Definition))
@needs(Role.EDITOR, "workflow.put")
async def put(request: Request, name: _Name, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """Makes it a new version of the workflow and publishes that; runs under way keep theirs.

    The `name` in the definition may be left out.
    """
    stored = await services_of(request).workflows.put(namespace, name, parse_json(await request.body()))
    return json_response(
        stored.document, 201 if stored.created else 200, {"Location": f"{API_PREFIX}/workflows/{name}"}
    )


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
    name: _Name,
    namespace: Namespace = DEFAULT_NAMESPACE,
    wait: Wait = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The published version, unless `version` names another; otherwise as `POST /runs`."""
    caller, seconds = asker(request, namespace, wait, idempotency_key)
    submission = parse_stored_submission(name, await optional_body(request))
    submitter = services_of(request).submitter
    return await begin(request, lambda: submitter.order_stored(namespace, submission), caller, seconds)
