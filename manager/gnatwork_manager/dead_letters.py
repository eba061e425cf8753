"""`/dead-letters`: messages that no one could read."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gnatwork_bus.connection import Connection
from gnatwork_bus.dead_letters import list_letters
from gnatwork_manager.documents import DeadLetterPage
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.requests import API_PREFIX, json_response, services_of

router = APIRouter(prefix=f"{API_PREFIX}/dead-letters", tags=["operation"])


async def list_dead_letters(connection: Connection, cursor: str | None, limit: int) -> dict[str, Any]:
    """A page of dead letters, the newest first."""
    place = decode_cursor(cursor, int)
    found = await list_letters(connection, before=place[0] if place else None, limit=limit + 1)
    items = [{"id": found.id, **found.letter.model_dump(mode="json", exclude={"v"})} for found in found[:limit]]
    return page(items, encode_cursor(found[limit - 1].id) if len(found) > limit else None)


@router.get("", summary="Messages that no one could read", responses={200: {"model": DeadLetterPage}})
async def list_(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Of all namespaces, the newest first: what is unreadable does not say for sure where it belongs."""
    return json_response(await list_dead_letters(services_of(request).connection, query.cursor, query.limit))
