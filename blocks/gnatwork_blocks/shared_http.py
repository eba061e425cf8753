"""The one HTTP client of a process, made when a block first asks for it."""

from importlib import import_module
from typing import TYPE_CHECKING, Self

from gnatwork_net.allow_list import AllowList

if TYPE_CHECKING:  # see below
    import httpx


class SharedHttp:
    """Call it for the client; close it when no block runs any more.

    httpx is imported with the first call: it takes several megabytes, and many an executor never needs it.
    """

    def __init__(self, allow: AllowList) -> None:
        self._allow = allow
        self._client: httpx.AsyncClient | None = None

    def __call__(self) -> "httpx.AsyncClient":
        """The client, the same each time."""
        if self._client is None:
            self._client = import_module("gnatwork_blocks.egress").http_client(self._allow)
        return self._client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client, if there is one."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()
