"""`/people` and `/people/invitations`: for admins of all namespaces."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.actors import actor
from gnatwork_manager.audit.notes import note
from gnatwork_manager.documents import Page, json_body
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.people.access import needs
from gnatwork_manager.people.bodies import InvitationBody, PasswordReset, PersonChange, read
from gnatwork_manager.people.principal import principal_of
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_schemas.people import Invitation, NewInvitation, Person, Reach, Role

router = APIRouter(prefix=f"{API_PREFIX}/people", tags=["people"])

_PersonId = Annotated[str, Path(alias="id", description="The id of a person.")]
_InvitationId = Annotated[str, Path(alias="id", description="The id of an invitation.")]


@router.get("", summary="The people there are", responses={200: {"model": Page[Person]}})
@needs(Role.ADMIN, "people.list", reach=Reach.INSTALLATION)
async def list_(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Those that came first at first."""
    return json_response(services_of(request).people.people.page(query.cursor, query.limit))


@router.get(
    "/invitations", summary="Invitations that no one has accepted", responses={200: {"model": Page[Invitation]}}
)
@needs(Role.ADMIN, "invitation.list", reach=Reach.INSTALLATION)
async def invitations(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Without their tokens; those that end first at first."""
    return json_response(services_of(request).people.invitations.page(query.cursor, query.limit))


@router.post(
    "/invitations",
    status_code=201,
    summary="Invite someone",
    responses={201: {"model": NewInvitation}},
    openapi_extra=json_body(InvitationBody),
)
@needs(Role.ADMIN, "invitation.create", reach=Reach.INSTALLATION)
async def invite(request: Request) -> Response:
    """Shows the token with which one person can register within a week, this once."""
    wanted = await read(InvitationBody, request)
    inviter = principal_of(request.scope).person
    made = await services_of(request).people.invitations.make(
        wanted.email, wanted.roles, created_by=str(actor.get()), inviter=inviter
    )
    note(target=made.id, email=made.email, roles=dict(made.roles))
    return json_response(made.model_dump(mode="json"), 201, {"Cache-Control": "no-store"})


@router.delete("/invitations/{id}", status_code=204, summary="Take an invitation back")
@needs(Role.ADMIN, "invitation.delete", reach=Reach.INSTALLATION)
async def revoke(request: Request, id_: _InvitationId) -> Response:
    """It is refused from now on."""
    await services_of(request).people.invitations.revoke(id_)
    return Response(status_code=204)


@router.get("/{id}", summary="One person", responses={200: {"model": Person}})
@needs(Role.ADMIN, "people.get", reach=Reach.INSTALLATION)
async def show(request: Request, id_: _PersonId) -> Response:
    """Without their password, of which only a hash is stored."""
    person = (await services_of(request).people.people.get(id_)).shown()
    return json_response(person.model_dump(mode="json"))


@router.patch(
    "/{id}",
    summary="Change what a person may do",
    responses={200: {"model": Person}},
    openapi_extra=json_body(PersonChange),
)
@needs(Role.ADMIN, "people.update", reach=Reach.INSTALLATION)
async def change(request: Request, id_: _PersonId) -> Response:
    """Roles, name, and whether they are disabled; all managers know within a moment.

    The last admin of all namespaces stays one.
    """
    changes = (await read(PersonChange, request)).model_dump(exclude_none=True)
    note(**changes)
    person = await services_of(request).people.people.change(id_, changes)
    return json_response(person.model_dump(mode="json"))


@router.put(
    "/{id}/password",
    status_code=204,
    summary="Give a person a new password",
    openapi_extra=json_body(PasswordReset),
)
@needs(Role.ADMIN, "people.reset", reach=Reach.INSTALLATION)
async def reset(request: Request, id_: _PersonId) -> Response:
    """For one that is lost; ends all sessions of theirs."""
    wanted = await read(PasswordReset, request)
    await services_of(request).people.accounts.reset_password(id_, wanted.password)
    return Response(status_code=204)


@router.delete("/{id}", status_code=204, summary="Remove a person")
@needs(Role.ADMIN, "people.delete", reach=Reach.INSTALLATION)
async def delete(request: Request, id_: _PersonId) -> Response:
    """And all their keys. What they have made stays. The last admin of all namespaces stays, too."""
    await services_of(request).people.people.delete(id_)
    return Response(status_code=204)
