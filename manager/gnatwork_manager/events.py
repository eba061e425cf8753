"""`GET …/events`: the events of a run, a workflow or a namespace as server-sent events."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from gnatwork_bus.wide_events import Wanted
from gnatwork_manager.event_stream import EventStreamResponse
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, Namespace, RunIdPath, services_of
from gnatwork_manager.sse import MEDIA_TYPE, parse_last_event_id
from gnatwork_manager.streams.sources import run_live, run_stream, wide_live, wide_stream
from gnatwork_schemas.event_kinds import EventKind
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.names import DEFAULT_NAMESPACE, NAME_PATTERN
from gnatwork_schemas.people import Role

router = APIRouter(prefix=API_PREFIX, tags=["events"])

LastEventId = Annotated[
    str | None, Header(description="Id of the last event that the caller has; it goes on after that.")
]


def described(said: str) -> dict[int | str, dict[str, Any]]:
    """The answers of an endpoint that streams events."""
    return {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": said}, 429: {}}


NOTHING_FOLLOWS: dict[int | str, dict[str, Any]] = {204: {"description": "The caller has everything."}}


class EventQuery(StrictModel):
    """Which events a stream has; nothing given has all."""

    event: list[EventKind] = Field(
        default_factory=list, max_length=32, description="Only these kinds; may be given several times."
    )
    live: bool = Field(default=True, description="With what running tasks tell: `started`, `progress`, `log`.")

    @property
    def hears(self) -> bool:
        """Whether there is anything live to be told."""
        return self.live and (not self.event or not all(kind.stored for kind in self.event))


class WideEventQuery(EventQuery):
    """Which events a stream of many runs has."""

    replay: bool = Field(default=True, description="Begin with what is stored, unless a `Last-Event-ID` says where.")


@router.get(
    "/runs/{run_id}/events",
    summary="Follow a run",
    responses={**described("Events, until the run's end."), **NOTHING_FOLLOWS},
)
@needs(Role.VIEWER, "run.events")
async def follow_run(
    request: Request,
    run_id: RunIdPath,
    query: Annotated[EventQuery, Query()],
    namespace: Namespace = DEFAULT_NAMESPACE,
    last_event_id: LastEventId = None,
) -> Response:
    """Replays the stored events and then follows; the stream ends with the run's end.

    A stored event has its sequence as id, its name as event and `{sequence, at, event, body}` as data. What running
    tasks tell (`started`, `progress`, `log`) comes in between, without an id and a sequence. A caller that already
    has the end gets 204, which tells browsers to reconnect no more. Where `event` leaves the run's end out, an event
    `end` says that nothing follows.
    """
    services = services_of(request)
    streams, after = services.streams, parse_last_event_id(last_event_id)
    base = await services.reader.base(namespace, run_id)
    if after and (end := await streams.history.end(base)) and end.sequence <= after:
        return Response(status_code=204)
    live = partial(run_live, streams.history, run_id, query.event) if query.hears else None
    return EventStreamResponse(streams.serve(run_stream(streams.history, base, after, query.event), live))


@router.get(
    "/workflows/{name}/events",
    summary="Follow all runs of a workflow",
    responses=described("Events, until someone hangs up."),
)
@needs(Role.VIEWER, "workflow.events")
async def follow_workflow(
    request: Request,
    name: Annotated[str, Path(pattern=NAME_PATTERN, description="Name of the workflow, stored or not.")],
    query: Annotated[WideEventQuery, Query()],
    namespace: Namespace = DEFAULT_NAMESPACE,
    last_event_id: LastEventId = None,
) -> Response:
    """As the events of a namespace, but only those of one workflow's runs, whether it is stored or not."""
    return _follow(request, Wanted(namespace=namespace, workflow=name, kinds=query.event), query, last_event_id)


@router.get("/events", summary="Follow all runs of a namespace", responses=described("Events, until someone hangs up."))
@needs(Role.VIEWER, "events")
async def follow_namespace(
    request: Request,
    query: Annotated[WideEventQuery, Query()],
    namespace: Namespace = DEFAULT_NAMESPACE,
    last_event_id: LastEventId = None,
) -> Response:
    """Replays what is stored of all runs, in order, and then follows, for ever.

    As the events of a run, with `run_id` and `workflow` beside the others. The replay has what is still in the history:
    events of runs that have been archived, ten minutes after their end unless told otherwise, are not repeated, nor are
    those of deleted runs. A caller that comes back with an event that is itself gone gets an event `gap` first: others
    that came after it may be missing.
    """
    return _follow(request, Wanted(namespace=namespace, kinds=query.event), query, last_event_id)


def _follow(request: Request, wanted: Wanted, query: WideEventQuery, last_event_id: str | None) -> Response:
    streams = services_of(request).streams
    after, replay = parse_last_event_id(last_event_id), query.replay or last_event_id is not None
    stored = wide_stream(streams.history, wanted, after, replay=replay)
    live = partial(wide_live, streams.tasks, wanted) if query.hears else None
    return EventStreamResponse(streams.serve(stored, live))
