"""The people of an installation: `client.people`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gnatwork.pages import Page
from gnatwork.transport import Call, Transport
from gnatwork_schemas.people import Invitation, NewInvitation, Person, Role


class People:
    """For admins of all namespaces."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[Person]:
        """All people, those that came first at first."""
        call = Call(verb="people.list", method="GET", path="/people", query={"limit": limit, "cursor": cursor})
        answer = await self._transport.call(call)
        return Page([Person.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def get(self, person: str) -> Person:
        """One, by id."""
        return Person.model_validate(await self._transport.call(_one(person, "get", "GET")))

    async def update(
        self,
        person: str,
        *,
        roles: Mapping[str, Role] | None = None,
        disabled: bool | None = None,
        name: str | None = None,
    ) -> Person:
        """Change what is given; all managers know within a moment.

        Args:
            person: their id.
            roles: all of them, by namespace; `*` is all namespaces.
            disabled: whether they, and keys of theirs, are refused.
            name: what people call them.

        Raises:
            RequestError: nobody would be admin of everything any more, or there is no such person.
        """
        given = {"roles": None if roles is None else dict(roles), "disabled": disabled, "name": name}
        body = {field: value for field, value in given.items() if value is not None}
        return Person.model_validate(await self._transport.call(_one(person, "update", "PATCH", body=body)))

    async def reset(self, person: str, password: str) -> None:
        """Give someone a new password, which ends all sessions of theirs."""
        await self._transport.call(_one(person, "reset", "PUT", "/password", {"password": password}))

    async def delete(self, person: str) -> None:
        """Remove someone, and all their keys."""
        await self._transport.call(_one(person, "delete", "DELETE"))

    async def invite(self, roles: Mapping[str, Role], *, email: str | None = None) -> NewInvitation:
        """Make an invitation, whose token is shown this once; good for one person, and a week.

        Args:
            roles: of whoever accepts it, by namespace; `*` is all namespaces.
            email: who alone may accept it.
        """
        body = {"roles": dict(roles), **({} if email is None else {"email": email})}
        call = Call(verb="invitation.create", method="POST", path="/people/invitations", body=body)
        return NewInvitation.model_validate(await self._transport.call(call))

    async def invitations(self, *, limit: int = 50, cursor: str | None = None) -> Page[Invitation]:
        """Those that no one has accepted, without their tokens."""
        query = {"limit": limit, "cursor": cursor}
        call = Call(verb="invitation.list", method="GET", path="/people/invitations", query=query)
        answer = await self._transport.call(call)
        return Page([Invitation.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def revoke(self, invitation: str) -> None:
        """Take an invitation back, by its id."""
        path = f"/people/invitations/{quote(invitation, safe='')}"
        await self._transport.call(
            Call(verb="invitation.delete", method="DELETE", path=path, subject={"id": invitation})
        )


def _one(person: str, verb: str, method: str, rest: str = "", body: Mapping[str, Any] | None = None) -> Call:
    path = f"/people/{quote(person, safe='')}{rest}"
    return Call(verb=f"people.{verb}", method=method, path=path, subject={"id": person}, body=body)
