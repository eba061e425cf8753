"""`GET /runs/{id}/logs` and below: what the blocks of a run have logged."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.documents import LogPage
from gnatwork_manager.event_stream import EventStreamResponse
from gnatwork_manager.events import LastEventId, described
from gnatwork_manager.logs.lines import LogFilter, LogQuery, TaskLogQuery, log_page, log_stream
from gnatwork_manager.people.access import needs
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.requests import API_PREFIX, Namespace, RunIdPath, json_response, services_of
from gnatwork_manager.sse import parse_last_event_id
from gnatwork_schemas.names import DEFAULT_NAMESPACE, TASK_PATH_PATTERN
from gnatwork_schemas.people import Role
from gnatwork_schemas.status import Task

router = APIRouter(prefix=f"{API_PREFIX}/runs", tags=["logs"])


@router.get("/{run_id}/logs", summary="What the blocks of a run have logged", responses={200: {"model": LogPage}})
@needs(Role.VIEWER, "run.logs")
async def logs(
    request: Request, run_id: RunIdPath, query: Annotated[LogQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """The oldest first. The last thousand lines of each task are kept, for a week at most.

    Where few lines have the level that was asked for, a page may hold less than `limit` although there are more.
    """
    services = services_of(request)
    await services.reader.start(namespace, run_id)
    return json_response(await log_page(services.streams.logs, run_id, query))


@router.get(
    "/{run_id}/logs/follow",
    summary="Follow what the blocks of a run log",
    responses=described("Lines, until the run's end."),
)
@needs(Role.VIEWER, "run.logs")
async def follow_logs(
    request: Request,
    run_id: RunIdPath,
    query: Annotated[LogFilter, Query()],
    namespace: Namespace = DEFAULT_NAMESPACE,
    last_event_id: LastEventId = None,
) -> Response:
    """The lines there are and those to come, as server-sent events `log`; an event `end` follows the end of the run.

    An event's id is the line's sequence.
    """
    services = services_of(request)
    base, streams = await services.reader.base(namespace, run_id), services.streams
    after = parse_last_event_id(last_event_id)
    return EventStreamResponse(streams.serve(log_stream(streams.history, streams.logs, base, query, after)))


@router.get(
    "/{run_id}/tasks/{task:path}/logs", summary="What a task has logged", responses={200: {"model": LogPage | Task}}
)
@needs(Role.VIEWER, "run.logs")
async def task_logs(
    request: Request,
    run_id: RunIdPath,
    task: Annotated[str, Path(pattern=TASK_PATH_PATTERN, description="Path of the task.")],
    query: Annotated[TaskLogQuery, Query()],
    namespace: Namespace = DEFAULT_NAMESPACE,
) -> Response:
    """As the log of the run with `?task=`. In a loop or group with a block called `logs` it is that task instead."""
    services = services_of(request)
    try:
        return json_response(await services.reader.task(namespace, run_id, f"{task}/logs"))
    except ProblemError as error:
        if error.code != "task.not_found":
            raise
    wanted = LogQuery(task=task, **query.model_dump())
    return json_response(await log_page(services.streams.logs, run_id, wanted))
