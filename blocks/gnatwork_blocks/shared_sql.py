"""The databases of a process, reached when a block first asks for one."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gnatwork_net.guard import Guard

if TYPE_CHECKING:  # see below
    from gnatwork_blocks.sql.engines import Databases


class SharedSql:
    """Call it for the databases; close it when no block runs any more.

    SQLAlchemy is imported with the first call: it takes many megabytes, and most executors never need it.

    Args:
        guard: Which addresses may be reached.
        sqlite_dir: Where SQLite files may be; None is nowhere.
    """

    def __init__(self, guard: Guard, sqlite_dir: Path | None = None) -> None:
        self._guard = guard
        self._sqlite_dir = sqlite_dir
        self._databases: Databases | None = None

    def __call__(self) -> "Databases":
        """The databases, the same each time."""
        if self._databases is None:
            self._databases = import_module("gnatwork_blocks.sql.engines").Databases(self._guard, self._sqlite_dir)
        return self._databases

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections, if there are any."""
        if self._databases is not None:
            databases, self._databases = self._databases, None
            await databases.aclose()
