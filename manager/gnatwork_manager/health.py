"""Health, readiness and metrics; and the order to make the run index anew."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gnatwork_manager import metrics
from gnatwork_manager.documents import Health
from gnatwork_manager.people.access import needs, public
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.people import Reach, Role

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Whether the process runs", responses={200: {"model": Health}})
@public("health")
async def healthz() -> Response:
    """Asks no one else. Needs no token."""
    return json_response({"status": "ok"})


@router.get("/readyz", summary="Whether the manager can work", responses={200: {"model": Health}})
@public("ready")
async def readyz(request: Request) -> Response:
    """A round trip to JetStream; 503 when it does not answer. Needs no token."""
    connection = services_of(request).connection
    if not connection.is_connected:
        raise UnavailableError("NATS is not connected")
    await connection.api(f"STREAM.INFO.{subjects.HISTORY}")
    return json_response({"status": "ready"})


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' format."}},
)
@needs(Role.VIEWER, "metrics", reach=Reach.INSTALLATION)
async def show_metrics(request: Request) -> Response:
    """Includes the backlog of every executor and shard, as of now."""
    services = services_of(request)
    shards = services.reader.history.shards
    text = await services.metrics.render(services.connection, shards, services.index.lag)
    return Response(text, media_type=metrics.MEDIA_TYPE)


@router.post(
    f"{API_PREFIX}/index/rebuild",
    status_code=202,
    summary="Make the run index anew",
    responses={202: {"model": Health}},
)
@needs(Role.ADMIN, "index.rebuild", reach=Reach.INSTALLATION)
async def rebuild_index(request: Request) -> Response:
    """Lists are incomplete until it is done; nothing else is concerned."""
    services_of(request).index.rebuild()
    return json_response({"status": "rebuilding"}, 202)
