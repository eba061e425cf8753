"""`/trigger-types` and `/connection-types`: what there is to fill in, for forms."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gnatwork_manager.documents import Page
from gnatwork_manager.integrations.listing import connection_types, trigger_types
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_schemas.integration import ConnectionKind, TriggerType
from gnatwork_schemas.people import Role

router = APIRouter(prefix=API_PREFIX)


@router.get(
    "/trigger-types", tags=["triggers"], summary="The types of triggers", responses={200: {"model": Page[TriggerType]}}
)
@needs(Role.VIEWER, "trigger.types")
async def list_triggers(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """The engine's own and those that integrations bring, in the order of their names, each with its JSON Schema."""
    return json_response(trigger_types(services_of(request).brought, query))


@router.get(
    "/connection-types",
    tags=["connections"],
    summary="The types of connections",
    responses={200: {"model": Page[ConnectionKind]}},
)
@needs(Role.VIEWER, "connection.types")
async def list_connections(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Likewise, with where a person finds the values."""
    return json_response(connection_types(services_of(request).brought, query))
