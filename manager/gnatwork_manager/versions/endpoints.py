"""`/workflows/{name}/versions`: drafts, publishing, rolling back, comparing."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.bodies import parse_json
from gnatwork_manager.documents import VersionPage, json_body
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, Namespace, json_response, services_of
from gnatwork_manager.versions.answers import Expected, VersionNumber, WorkflowName, answered, location
from gnatwork_schemas.definition import Definition
from gnatwork_schemas.diff import WorkflowDiff
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role
from gnatwork_schemas.workflow import Workflow, WorkflowVersion

router = APIRouter(prefix=f"{API_PREFIX}/workflows/{{name}}", tags=["workflows"])

_DRAFT: dict[int | str, dict[str, Any]] = {
    200: {"model": WorkflowVersion, "description": "The newest version is this definition already."},
    201: {"model": WorkflowVersion, "description": "It is a new version."},
}


@router.get("/versions", summary="The versions of a workflow", responses={200: {"model": VersionPage}})
@needs(Role.VIEWER, "workflow.versions")
async def list_(
    request: Request,
    name: WorkflowName,
    query: Annotated[PageQuery, Query()],
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """The newest first."""
    return json_response(await services_of(request).workflows.reader.versions(namespace, name, query))


@router.post("/versions", summary="Make a draft", responses=_DRAFT, openapi_extra=json_body(Definition))
@needs(Role.EDITOR, "workflow.draft")
async def draft(
    request: Request, name: WorkflowName, expected: Expected, namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """A new version of an existing workflow; what is published stays. A draft runs when it is asked for by number."""
    definition = parse_json(await request.body())
    drafted = await services_of(request).workflows.draft(namespace, name, definition, expected)
    return answered(drafted, location=location(name, drafted.document["version"]))


@router.get("/versions/{version}", summary="A version", responses={200: {"model": WorkflowVersion}})
@needs(Role.VIEWER, "workflow.version")
async def show(
    request: Request, name: WorkflowName, version: VersionNumber, namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """With its definition, as it was sent."""
    return answered(await services_of(request).workflows.reader.version(namespace, name, version))


@router.post("/versions/{version}/publish", summary="Publish a version", responses={200: {"model": Workflow}})
@needs(Role.EDITOR, "workflow.publish")
async def publish(
    request: Request,
    name: WorkflowName,
    version: VersionNumber,
    expected: Expected,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """A draft, or an earlier version to roll back to: all at once with its triggers and labels.

    Runs under way keep the version that they have started with. The definition is compiled anew: a version that uses
    what no longer exists is refused as it would be if it were sent now.
    """
    return answered(await services_of(request).workflows.publish(namespace, name, version, expected))


@router.get(
    "/versions/{version}/diff/{other}", summary="Compare two versions", responses={200: {"model": WorkflowDiff}}
)
@needs(Role.VIEWER, "workflow.diff")
async def diff(
    request: Request,
    name: WorkflowName,
    version: VersionNumber,
    other: Annotated[int, Path(ge=1, description="The number of the version that the changes lead to.")],
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """Block by block, whatever the order of blocks in the file."""
    return json_response(await services_of(request).workflows.reader.diff(namespace, name, version, other))


@router.post(
    "/diff",
    summary="Compare a definition with a version",
    responses={200: {"model": WorkflowDiff}},
    openapi_extra=json_body(Definition),
)
@needs(Role.VIEWER, "workflow.diff", audited=False)
async def diff_sent(
    request: Request,
    name: WorkflowName,
    version: Annotated[int | None, Query(ge=1, description="The newest one unless given.")] = None,
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """What would change if it were stored; it is checked as well, and not stored."""
    definition = parse_json(await request.body())
    return json_response(await services_of(request).workflows.reader.diff_sent(namespace, name, definition, version))
