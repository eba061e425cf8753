"""`/connections`: credentials under a name. Values come in and never go out."""

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import URL
from starlette.responses import PlainTextResponse, Response

from gnatwork_manager.audit.notes import note
from gnatwork_manager.bodies import parse_json
from gnatwork_manager.connections.room import ConnectionRoom
from gnatwork_manager.connections.store import Found
from gnatwork_manager.documents import Page, json_body
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs, public
from gnatwork_manager.problems import ProblemError, faults_of, invalid
from gnatwork_manager.requests import API_PREFIX, Namespace, json_response, optional_body, services_of
from gnatwork_manager.versions.answers import Expected
from gnatwork_manager.versions.conditions import etag
from gnatwork_schemas.connections import (
    Authorization,
    AuthorizeAddress,
    AuthorizeBody,
    ConnectionBody,
    ConnectionView,
    Rotated,
)
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Reach, Role

router = APIRouter(tags=["connections"])

_Body = TypeVar("_Body", bound=BaseModel)
_PREFIX = f"{API_PREFIX}/connections"
#: Where services send people back to.
CALLBACK = "/oauth/callback"
_Name = Annotated[str, Path(description="The name of a connection.")]
_PUT: dict[int | str, dict[str, Any]] = {
    200: {"model": ConnectionView, "description": "It was there, and is stored anew."},
    201: {"model": ConnectionView, "description": "It is a new one."},
}


@router.get(_PREFIX, summary="Connections", responses={200: {"model": Page[ConnectionView]}})
@needs(Role.VIEWER, "connection.list")
async def list_(
    request: Request, query: Annotated[PageQuery, Query()], namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """In the order of their names, with the names of their values and never a value."""
    return json_response(await _room(request).page(namespace, query.cursor, query.limit))


@router.post(f"{_PREFIX}/rotate", summary="Seal all connections anew", responses={200: {"model": Rotated}})
@needs(Role.ADMIN, "connection.rotate", reach=Reach.INSTALLATION)
async def rotate(request: Request) -> Response:
    """With the first of `GNATWORK_SECRET_KEYS`; afterwards the others are needed no more. Can be repeated at will."""
    return json_response((await _room(request).rotate()).model_dump(mode="json"))


@router.get(f"{_PREFIX}/{{name}}", summary="A connection", responses={200: {"model": ConnectionView}})
@needs(Role.VIEWER, "connection.get")
async def show(request: Request, name: _Name, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """What it is and who stored it, never its values."""
    return await _shown(request, namespace, await _room(request).store.find(namespace, name))


@router.put(
    f"{_PREFIX}/{{name}}", summary="Store a connection", responses=_PUT, openapi_extra=json_body(ConnectionBody)
)
@needs(Role.ADMIN, "connection.put")
async def put(request: Request, name: _Name, expected: Expected, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """Values are sealed before they are stored. Without `values` those that are stored stay."""
    body = read_body(parse_json(await request.body()))
    found, created = await _room(request).store.put(namespace, name, body, expected)
    note(type=body.type, values=body.values is not None)
    return await _shown(request, namespace, found, created=created)


@router.delete(f"{_PREFIX}/{{name}}", status_code=204, summary="Delete a connection")
@needs(Role.ADMIN, "connection.delete")
async def delete(
    request: Request, name: _Name, expected: Expected, namespace: Namespace = DEFAULT_NAMESPACE
) -> Response:
    """Blocks that mention it fail from now on; executors may remember it for another minute."""
    await _room(request).store.delete(namespace, name, expected)
    return Response(status_code=204)


@router.post(
    f"{_PREFIX}/{{name}}/authorize",
    summary="Have someone agree",
    responses={200: {"model": AuthorizeAddress}},
    openapi_extra=json_body(AuthorizeBody, required=False),
)
@needs(Role.ADMIN, "connection.authorize")
async def authorize(request: Request, name: _Name, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """The address to open in a browser, for an `oauth2` connection with `authorization_code`.

    The service sends whoever agrees back to `/oauth/callback` of this manager, at the address by which this request
    has come unless `callback` names another one. It must be registered with the service.
    """
    callback = read_authorize(await optional_body(request)).callback or str(
        URL(scope=request.scope).replace(path=CALLBACK, query="")
    )
    address = await _room(request).authorizing.begin(namespace, name, callback)
    return json_response(address.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


@router.post(f"{_PREFIX}/{{name}}/test", summary="Get a token", responses={200: {"model": Authorization}})
@needs(Role.ADMIN, "connection.test")
async def ask_for_token(request: Request, name: _Name, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """Asks the token endpoint of an `oauth2` connection; connections of other types ask nobody for anything."""
    return json_response((await _room(request).test(namespace, name)).model_dump(mode="json"))


@router.get(
    CALLBACK,
    summary="Come back from a service",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "It is authorized."},
        400: {},
    },
)
@public("connection.callback", audited=True)
async def callback(
    request: Request,
    state: Annotated[str, Query(max_length=200, description="As the manager has made it.")],
    code: Annotated[str | None, Query(max_length=8192, description="What the service gives for a token.")] = None,
    error: Annotated[str | None, Query(max_length=200, description="Why it gives none.")] = None,
) -> Response:
    """Opened by the browser of whoever has agreed to an authorization; `state` is good once and for ten minutes."""
    authorizing = _room(request).authorizing
    if code is None:
        await authorizing.refused(state)
        told = error if error and error.isascii() and error.replace("_", "").isalpha() else "no code"
        raise ProblemError("connection.unauthorized", f"the service answered: {told}")
    name = await authorizing.finish(state, code)
    note(target=name)
    return PlainTextResponse(f"The connection {name} is authorized. This page can be closed.\n")


def read_body(value: Any) -> ConnectionBody:
    """What is to be stored; ProblemError, which never holds a value."""
    return _read(ConnectionBody, value)


def read_authorize(value: Any) -> AuthorizeBody:
    """How someone is to be asked; ProblemError."""
    return _read(AuthorizeBody, value)


def _read(model: type[_Body], value: Any) -> _Body:
    if not isinstance(value, dict):
        raise invalid("", "the body is an object")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        faults = faults_of(found, skip=0)
        raise ProblemError("request.invalid", f"{faults[0].pointer}: {faults[0].message}", errors=faults) from None


def _room(request: Request) -> ConnectionRoom:
    return services_of(request).connections


async def _shown(request: Request, namespace: str, found: Found, *, created: bool = False) -> Response:
    document = (await _room(request).view(namespace, found)).model_dump(mode="json")
    headers = {"ETag": etag(found.revision)} | ({"Location": f"{_PREFIX}/{found.name}"} if created else {})
    return json_response(document, 201 if created else 200, headers)
