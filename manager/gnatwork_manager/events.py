"""`GET /runs/{id}/events`: a run's events as server-sent events."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from gnatwork_manager.event_stream import EventStreamResponse
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, Namespace, RunIdPath, services_of
from gnatwork_manager.sse import MEDIA_TYPE, parse_last_event_id
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role

router = APIRouter(prefix=f"{API_PREFIX}/runs", tags=["runs"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "Events, until the run's end."},
    204: {"description": "The caller has everything."},
}


@router.get("/{run_id}/events", summary="Follow a run", responses=_STREAM)
@needs(Role.VIEWER, "run.events")
async def follow_run(
    request: Request,
    run_id: RunIdPath,
    namespace: Namespace = DEFAULT_NAMESPACE,
    last_event_id: Annotated[
        str | None, Header(description="Id of the last event that the caller has; it goes on after that.")
    ] = None,
) -> Response:
    """Replays the stored events and then follows; the stream ends with the run's end.

    A stored event has its sequence as id, its name as event and `{sequence, at, event, body}` as data. What running
    tasks tell (`started`, `progress`, `log`) comes in between, without an id and a sequence. A caller that already
    has the end gets 204, which tells browsers to reconnect no more.
    """
    services = services_of(request)
    after = parse_last_event_id(last_event_id)
    base = await services.reader.base(namespace, run_id)
    if after and await services.streams.nothing_follows(base, after):
        return Response(status_code=204)
    return EventStreamResponse(services.streams.events(base, after))
