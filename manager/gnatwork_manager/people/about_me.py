"""`/auth`: registering, logging in, and what people do with their own accounts. Over HTTP only: NATS has no logins."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gnatwork_manager.actors import Actor, actor
from gnatwork_manager.audit.notes import note
from gnatwork_manager.documents import json_body
from gnatwork_manager.metrics import refusals
from gnatwork_manager.people.access import anyone, public
from gnatwork_manager.people.bodies import Login, PasswordChange, Refresh, Registration, is_address, read
from gnatwork_manager.people.principal import principal_of
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_schemas.people import Caller, Person, Tokens

router = APIRouter(prefix=f"{API_PREFIX}/auth", tags=["people"])

_TOKENS: dict[int | str, dict[str, Any]] = {200: {"model": Tokens}}
#: Answers with tokens are nobody else's to keep.
_PRIVATE = {"Cache-Control": "no-store"}


@router.post(
    "/register",
    status_code=201,
    summary="Make an account",
    responses={201: {"model": Person}},
    openapi_extra=json_body(Registration),
)
@public("auth.register")
async def register(request: Request) -> Response:
    """The first one is made the admin of all namespaces; all others need an invitation."""
    wanted = await read(Registration, request)
    note(target=wanted.email)
    person = await services_of(request).people.accounts.register(wanted, actor.get().address)
    actor.set(Actor("person", person.id, person.email, actor.get().address))
    return json_response(person.model_dump(mode="json"), 201)


@router.post("/login", summary="Log in", responses=_TOKENS, openapi_extra=json_body(Login))
@public("auth.login")
async def login(request: Request) -> Response:
    """Gives an access token, good for a quarter of an hour, and a refresh token, good for 30 days and once.

    Ten tries an e-mail address and fifty an address where they come from, then one a minute and ten a minute.
    """
    wanted = await read(Login, request)
    # Anything else may be a password in the wrong place.
    note(target=wanted.email if is_address(wanted.email) else "")
    address = actor.get().address
    services = services_of(request)
    with refusals(services.metrics.logins_refused):
        tokens, person = await services.people.accounts.login(wanted, address)
    actor.set(Actor("person", person.id, person.email, address))
    return json_response(tokens.model_dump(), headers=_PRIVATE)


@router.post("/refresh", summary="Get the next tokens", responses=_TOKENS, openapi_extra=json_body(Refresh))
@public("auth.refresh", audited=False)
async def refresh(request: Request) -> Response:
    """In exchange for the refresh token. One that was exchanged before ends the session: somebody else has it."""
    wanted = await read(Refresh, request)
    tokens = await services_of(request).people.accounts.sessions.refresh(wanted.refresh_token)
    return json_response(tokens.model_dump(), headers=_PRIVATE)


@router.post("/logout", status_code=204, summary="End the session")
@anyone("auth.logout")
async def logout(request: Request) -> Response:
    """All its tokens are refused from now on."""
    await services_of(request).people.accounts.logout(principal_of(request.scope))
    return Response(status_code=204)


@router.get("/me", summary="Who I am", responses={200: {"model": Caller}})
@anyone("auth.me")
async def me(request: Request) -> Response:
    """Who the token belongs to, and their roles."""
    principal = principal_of(request.scope)
    caller = Caller(kind=principal.kind, id=principal.id, name=principal.name, roles=dict(principal.roles))
    return json_response(caller.model_dump(mode="json"))


@router.put("/password", summary="Change my password", responses=_TOKENS, openapi_extra=json_body(PasswordChange))
@anyone("auth.password")
async def password(request: Request) -> Response:
    """Ends all sessions of yours, and begins a new one."""
    wanted = await read(PasswordChange, request)
    accounts, principal = services_of(request).people.accounts, principal_of(request.scope)
    tokens = await accounts.change_password(principal, wanted.current, wanted.new, actor.get().address)
    return json_response(tokens.model_dump(), headers=_PRIVATE)
