"""`/runs` and below: lists, single runs, their tasks and history."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.documents import EventPage, RunPage, TaskPage
from gnatwork_manager.listing import PageQuery, RunListQuery, list_runs
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, Namespace, RunIdPath, json_response, services_of
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role
from gnatwork_schemas.status import Run, Task

router = APIRouter(prefix=f"{API_PREFIX}/runs", tags=["runs"])


@router.get("", summary="List runs, the newest first", responses={200: {"model": RunPage}})
@needs(Role.VIEWER, "run.list")
async def list_(
    request: Request, query: Annotated[RunListQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """Without inputs and outputs. A run that was submitted at this manager is listed at once, others a moment later."""
    return json_response(await list_runs(services_of(request).index, namespace, query))


@router.get("/{run_id}", summary="One run with its input and output", responses={200: {"model": Run}})
@needs(Role.VIEWER, "run.get")
async def show(request: Request, run_id: RunIdPath, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """Read from its history, so it is as new as the question."""
    return json_response(await services_of(request).reader.run(namespace, run_id))


@router.get("/{run_id}/tasks", summary="The tasks of a run", responses={200: {"model": TaskPage}})
@needs(Role.VIEWER, "run.tasks")
async def tasks(
    request: Request, run_id: RunIdPath, query: Annotated[PageQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """In the order of the definition. Beyond 8 MB in a page, large values stay references; see the single task."""
    return json_response(await services_of(request).reader.tasks(namespace, run_id, query.cursor, query.limit))


@router.get("/{run_id}/tasks/{task:path}", summary="One task", responses={200: {"model": Task}})
@needs(Role.VIEWER, "run.tasks")
async def task(
    request: Request,
    run_id: RunIdPath,
    task: Annotated[str, Path(description="Name of the task.")],
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """With its input and output, however large."""
    return json_response(await services_of(request).reader.task(namespace, run_id, task))


@router.get("/{run_id}/history", summary="The stored events of a run", responses={200: {"model": EventPage}})
@needs(Role.VIEWER, "run.history")
async def history(
    request: Request, run_id: RunIdPath, query: Annotated[PageQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """In order, as they are stored."""
    return json_response(await services_of(request).reader.events(namespace, run_id, query.cursor, query.limit))
