"""API keys, what programs call with: `client.keys`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from gnatwork.pages import Page
from gnatwork.transport import Call, Transport
from gnatwork_schemas.people import ApiKey, NewApiKey, Role


class Keys:
    """One's own; for an admin of all namespaces those of everyone."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[ApiKey]:
        """The oldest first, without their secrets."""
        call = Call(verb="key.list", method="GET", path="/auth/keys", query={"limit": limit, "cursor": cursor})
        answer = await self._transport.call(call)
        return Page([ApiKey.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def create(
        self, name: str, *, roles: Mapping[str, Role] | None = None, expires_at: datetime | None = None
    ) -> NewApiKey:
        """Make a key, which is shown this once.

        Args:
            name: what it is for.
            roles: by namespace, no more than one's own, which they are when None.
            expires_at: never when None; a time without a zone is local.
        """
        body: dict[str, Any] = {"name": name}
        if roles is not None:
            body["roles"] = dict(roles)
        if expires_at is not None:
            body["expires_at"] = expires_at.timestamp()
        call = Call(verb="key.create", method="POST", path="/auth/keys", body=body)
        return NewApiKey.model_validate(await self._transport.call(call))

    async def delete(self, key: str) -> None:
        """Have a key be refused from now on, by its id."""
        path = f"/auth/keys/{quote(key, safe='')}"
        await self._transport.call(Call(verb="key.delete", method="DELETE", path=path, subject={"id": key}))
