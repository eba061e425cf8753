"""`/auth/keys`: what programs call with."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.audit.notes import note
from gnatwork_manager.documents import Page, json_body
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import anyone
from gnatwork_manager.people.bodies import KeyBody, read
from gnatwork_manager.people.principal import principal_of
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_schemas.people import ApiKey, NewApiKey

router = APIRouter(prefix=f"{API_PREFIX}/auth/keys", tags=["people"])


@router.get("", summary="My API keys", responses={200: {"model": Page[ApiKey]}})
@anyone("key.list")
async def list_(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """For an admin of all namespaces those of everyone. The oldest first, and without their secrets."""
    keys, principal = services_of(request).people.keys, principal_of(request.scope)
    return json_response(keys.page(principal, query.cursor, query.limit))


@router.post(
    "",
    status_code=201,
    summary="Make an API key",
    responses={201: {"model": NewApiKey}},
    openapi_extra=json_body(KeyBody),
)
@anyone("key.create")
async def create(request: Request) -> Response:
    """Shows the key, this once. It may do no more than you, now and later; a key can't make keys, save an admin's."""
    wanted = await read(KeyBody, request)
    keys, principal = services_of(request).people.keys, principal_of(request.scope)
    made = await keys.make(principal, wanted.name, wanted.roles, wanted.expires_at)
    note(target=made.id, name=made.name, roles=dict(made.roles))
    return json_response(made.model_dump(mode="json"), 201, {"Cache-Control": "no-store"})


@router.delete("/{id}", status_code=204, summary="Delete an API key")
@anyone("key.delete")
async def delete(request: Request, id_: Annotated[str, Path(alias="id", description="The id of a key.")]) -> Response:
    """It is refused from now on."""
    await services_of(request).people.keys.delete(principal_of(request.scope), id_)
    return Response(status_code=204)
