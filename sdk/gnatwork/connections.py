"""Credentials under a name: `client.connections`."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gnatwork.pages import Page
from gnatwork.transport import Call, Transport
from gnatwork_schemas.connections import Authorization, AuthorizeAddress, ConnectionView, Rotated
from gnatwork_schemas.integration import ConnectionKind


class Connections:
    """The connections of a client's namespace. Values go in and never come out."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[ConnectionView]:
        """In the order of their names."""
        call = Call(verb="connection.list", method="GET", path="/connections", query={"limit": limit, "cursor": cursor})
        answer = await self._transport.call(call)
        return Page([ConnectionView.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def types(self, *, limit: int = 500, cursor: str | None = None) -> Page[ConnectionKind]:
        """The types there are, the engine's own and those of integrations, with the JSON Schemas of their values."""
        query = {"limit": limit, "cursor": cursor}
        answer = await self._transport.call(
            Call(verb="connection.types", method="GET", path="/connection-types", query=query)
        )
        return Page([ConnectionKind.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def get(self, name: str) -> ConnectionView:
        """What a connection is, and what templates can mention of it."""
        return ConnectionView.model_validate(await self._transport.call(_one(name, "get", "GET")))

    async def put(
        self,
        name: str,
        type: str,  # noqa: A002 - its name everywhere
        values: Mapping[str, Any] | None = None,
        *,
        blocks: Sequence[str] | None = None,
        description: str = "",
        revision: int | None = None,
    ) -> ConnectionView:
        """Store a connection.

        Args:
            name: what templates mention.
            type: what it holds, one of `types`.
            values: those of its type; None keeps what is stored, where the type stays the same.
            blocks: the block types that may use it; None for all.
            description: what it is for.
            revision: that of the connection as it is expected, 0 for none; None for whatever is there.

        Raises:
            RequestError: the values are not those of the type, or it was changed meanwhile.
        """
        body: dict[str, Any] = {"type": type, "description": description}
        if values is not None:
            body["values"] = dict(values)
        if blocks is not None:
            body["blocks"] = list(blocks)
        call = _one(name, "put", "PUT", body=body, revision=revision)
        return ConnectionView.model_validate(await self._transport.call(call))

    async def delete(self, name: str, *, revision: int | None = None) -> None:
        """Remove a connection; executors may remember it for another minute."""
        await self._transport.call(_one(name, "delete", "DELETE", revision=revision))

    async def authorize(self, name: str, *, callback: str | None = None) -> AuthorizeAddress:
        """Where someone agrees that an `oauth2` connection acts in their name.

        Args:
            name: of a connection with the grant `authorization_code`.
            callback: the URL of `/oauth/callback` of a manager, as it is registered with the service; None is the
                manager that is asked, at the address of the client. Over NATS it must be given.
        """
        call = _one(name, "authorize", "POST", "/authorize", body={"callback": callback})
        return AuthorizeAddress.model_validate(await self._transport.call(call))

    async def test(self, name: str) -> Authorization:
        """Have an `oauth2` connection get a token now; RequestError says why there is none."""
        return Authorization.model_validate(await self._transport.call(_one(name, "test", "POST", "/test")))

    async def rotate(self) -> Rotated:
        """Seal all connections of all namespaces anew, with the first of the managers' secret keys."""
        call = Call(verb="connection.rotate", method="POST", path="/connections/rotate")
        return Rotated.model_validate(await self._transport.call(call))


def _one(
    name: str,
    verb: str,
    method: str,
    rest: str = "",
    *,
    body: Mapping[str, Any] | None = None,
    revision: int | None = None,
) -> Call:
    return Call(
        verb=f"connection.{verb}",
        method=method,
        path=f"/connections/{quote(name, safe='')}{rest}",
        subject={"name": name},
        body=body,
        revision=revision,
    )
