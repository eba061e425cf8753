"""What all attempts of a process share."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gnatwork_blocks.services import Services
from gnatwork_blocks.shared import Shared
from gnatwork_net.allow_list import AllowList
from gnatwork_net.guard import Guard

if TYPE_CHECKING:  # see below
    import httpx

    from gnatwork_blocks.javascript.service import JavaScript
    from gnatwork_blocks.python.service import Python
    from gnatwork_blocks.sql.engines import Databases


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Where contexts take `http`, `sql` and the like from; close them when no block runs any more.

    What makes them is imported with the first use: it takes many megabytes, and most processes never need it.
    """

    http: Shared["httpx.AsyncClient"]
    javascript: Shared["JavaScript"]
    python: Shared["Python"]
    #: Judges addresses, for protocols other than HTTP.
    guard: Guard
    sql: Shared["Databases"]
    #: Messages, keys and files.
    services: Services

    @classmethod
    def allowing(cls, allow: AllowList, *, services: Services, sqlite_dir: Path | None = None) -> Self:
        """What may reach public addresses and those listed, and SQLite files in a folder; None is nowhere."""
        guard = Guard(allow)
        return cls(
            http=Shared(lambda: import_module("gnatwork_blocks.egress").http_client(allow)),
            javascript=Shared(lambda: import_module("gnatwork_blocks.javascript.service").JavaScript()),
            python=Shared(lambda: import_module("gnatwork_blocks.python.service").Python()),
            guard=guard,
            sql=databases(guard, sqlite_dir),
            services=services,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all of them, also where one of them fails to."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.http.aclose)
            stack.push_async_callback(self.javascript.aclose)
            stack.push_async_callback(self.python.aclose)
            stack.push_async_callback(self.sql.aclose)


def databases(guard: Guard, sqlite_dir: Path | None = None) -> Shared["Databases"]:
    """Databases at addresses that a guard permits, and SQLite files in a folder; None is nowhere."""
    return Shared(lambda: import_module("gnatwork_blocks.sql.engines").Databases(guard, sqlite_dir))
