"""`/blocks`: the catalogue of block types."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.documents import BlockPage
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_schemas.executors import ListedBlock
from gnatwork_schemas.people import Role

router = APIRouter(prefix=f"{API_PREFIX}/blocks", tags=["blocks"])


@router.get("", summary="The block types there are", responses={200: {"model": BlockPage}})
@needs(Role.VIEWER, "blocks.list")
async def list_(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Those that executors have announced and those that the engine runs itself, in the order of their names."""
    services = services_of(request)
    found = services.catalogue.page(query.cursor, query.limit)
    return json_response({**found, "items": list(map(services.executors.listed, found["items"]))})


@router.get("/{type}", summary="One block type", responses={200: {"model": ListedBlock}})
@needs(Role.VIEWER, "blocks.get")
async def show(request: Request, type_: Annotated[str, Path(alias="type")]) -> Response:
    """With its JSON Schemas."""
    services = services_of(request)
    return json_response(services.executors.listed(services.catalogue.show(type_)))
