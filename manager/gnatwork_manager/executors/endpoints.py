"""`/executors`: who runs blocks."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gnatwork_manager.documents import Page
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_manager.verb_request import Answer, VerbRequest, Verbs
from gnatwork_schemas.executors import LivingExecutor
from gnatwork_schemas.people import Role

router = APIRouter(prefix=f"{API_PREFIX}/executors", tags=["blocks"])


@router.get("", summary="The executors that live", responses={200: {"model": Page[LivingExecutor]}})
@needs(Role.VIEWER, "executors.list")
async def list_(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """With the block types that they host, and those that they can't, with the reasons; by name.

    One that was killed is listed for up to a minute more.
    """
    return json_response(services_of(request).executors.page(query.cursor, query.limit))


async def _list(request: VerbRequest) -> Answer:
    query = request.page()
    return request.services.executors.page(query.cursor, query.limit)


VERBS: Verbs = {"executors.list": _list}
