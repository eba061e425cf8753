"""The one HTTP client of a manager, made when something is first requested."""

from typing import Self

import httpx

from gnatwork_net.allow_list import AllowList
from gnatwork_net.egress import http_client
from gnatwork_schemas.errors import GnatworkError


class AddressRefusedError(GnatworkError):
    """The manager may not request this address."""

    code = "http.blocked_address"


class ManagerHttp:
    """Call it for the client. A refused address is an `AddressRefusedError`."""

    def __init__(self, allow: AllowList) -> None:
        self._allow = allow
        self._client: httpx.AsyncClient | None = None

    def __call__(self) -> httpx.AsyncClient:
        """The client, the same each time."""
        if self._client is None:
            self._client = http_client(self._allow, lambda _, message: AddressRefusedError(message))
        return self._client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._client is not None:
            await self._client.aclose()
