"""The ways out of a process beside HTTP."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gnatwork_blocks.shared_sql import SharedSql
from gnatwork_net.allow_list import AllowList
from gnatwork_net.guard import Guard


@dataclass(frozen=True, slots=True)
class Network:
    """What blocks that speak other protocols than HTTP are given; close it when no block runs any more."""

    #: Which addresses may be reached.
    guard: Guard
    sql: SharedSql

    @classmethod
    def allowing(cls, allow: AllowList, sqlite_dir: Path | None = None) -> Self:
        """The way to public addresses and those listed, and to SQLite files in a folder."""
        guard = Guard(allow)
        return cls(guard, SharedSql(guard, sqlite_dir))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.sql.aclose()
