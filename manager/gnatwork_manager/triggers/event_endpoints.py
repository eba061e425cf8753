"""`/events`: for those who have something to tell and no NATS to tell it by; and its twin over NATS."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gnatwork_manager.bodies import parse_json
from gnatwork_manager.documents import EventBody, PublishedEvent, json_body
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, Namespace, json_response, services_of
from gnatwork_manager.services import Services
from gnatwork_manager.triggers.published_events import Published, publish, read_binary, read_published
from gnatwork_manager.verb_request import Answer, VerbRequest, Verbs
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role

router = APIRouter(prefix=API_PREFIX, tags=["triggers"])


@router.post(
    "/events",
    status_code=202,
    summary="Publish an event",
    responses={202: {"model": PublishedEvent}},
    openapi_extra=json_body(EventBody),
)
@needs(Role.EDITOR, "events.publish", audited=False)
async def publish_event(request: Request, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """It begins a run for each event trigger of the namespace that listens to its subject, stored when this answers.

    A CloudEvent is taken in the structured and the binary form; its `type` and its `subject` are subjects.
    """
    body = await request.body()
    published = read_binary(request.headers, body) or read_published(parse_json(body))
    return json_response(await _published(services_of(request), namespace, published), 202)


async def _publish(request: VerbRequest) -> Answer:
    return await _published(request.services, request.namespace, read_published(request.body))


async def _published(services: Services, namespace: str, published: Published) -> Answer:
    triggers = services.triggers
    runs = await publish(triggers.table, triggers.events.firing, namespace, published)
    return {"runs": [run._asdict() for run in runs]}


VERBS: Verbs = {"events.publish": _publish}
