"""`/audit`: who changed what."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gnatwork_manager.audit.query import AuditQuery
from gnatwork_manager.documents import Page
from gnatwork_manager.event_stream import EventStreamResponse
from gnatwork_manager.events import LastEventId, described
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_manager.sse import parse_last_event_id
from gnatwork_manager.verb_request import Answer, VerbRequest, Verbs
from gnatwork_schemas.audit import AuditRecord
from gnatwork_schemas.people import Reach, Role

router = APIRouter(prefix=f"{API_PREFIX}/audit", tags=["people"])


@router.get("", summary="Who changed what, the newest first", responses={200: {"model": Page[AuditRecord]}})
@needs(Role.ADMIN, "audit.list", reach=Reach.INSTALLATION)
async def list_(request: Request, query: Annotated[AuditQuery, Query()]) -> Response:
    """All changes of the last year, what was refused and logins that failed.

    Starts of runs, calls of webhooks and events are not among them: they have histories of their own. A page looks
    through 20,000 entries at most, so that it may be empty though there is a next one.
    """
    return json_response(await services_of(request).audit.page(query))


@router.get("/follow", summary="Follow the audit log", responses=described("Entries, for as long as it is read."))
@needs(Role.ADMIN, "audit.follow", reach=Reach.INSTALLATION)
async def follow(request: Request, last_event_id: LastEventId = None) -> Response:
    """Entries as they are written, as server-sent events `entry`; an event's id is that of the entry.

    Without `Last-Event-ID`, from now on.
    """
    services = services_of(request)
    after = None if last_event_id is None else parse_last_event_id(last_event_id)
    return EventStreamResponse(services.streams.serve(services.audit.stream(after)))


async def _list(request: VerbRequest) -> Answer:
    return await request.services.audit.page(request.query(AuditQuery))


VERBS: Verbs = {"audit.list": _list}
