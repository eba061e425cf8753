"""SQLite, held to its one file, to its memory and to its time."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosqlite

#: Seconds to wait for others that write to the same file.
_BUSY_SECONDS = 5.0
#: Bytes of the longest text or blob.
_MAX_VALUE = 20_000_000
#: Bytes that SQLite takes in all of the process, and pages of 4 KiB of one database in memory.
_MAX_HEAP = 256 * 1024 * 1024
_MAX_PAGES = 16 * 1024
#: How often a statement is asked whether it shall stop: about every millisecond.
_INSTRUCTIONS = 10_000

#: They write files elsewhere, lift the limits, or let the process fall over a file that others have damaged.
_REFUSED_PRAGMAS = frozenset({
    "data_store_directory", "hard_heap_limit", "max_page_count", "mmap_size", "page_size", "soft_heap_limit",
    "temp_store", "temp_store_directory", "writable_schema",
})  # fmt: skip
_REFUSED_FUNCTIONS = frozenset({"fts3_tokenizer", "load_extension"})


async def connect(file: Path | None, stop: Callable[[], bool]) -> aiosqlite.Connection:
    """Open a database, `None` being one in memory; once `stop` yields true, statements end with `interrupted`.

    Raises:
        sqlite3.Error: The file can't be opened.
    """

    class Confined(_Confined):
        should_stop = staticmethod(stop)

    return await aiosqlite.connect(file or ":memory:", timeout=_BUSY_SECONDS, factory=Confined, isolation_level=None)


class _Confined(sqlite3.Connection):
    should_stop: Callable[[], bool]

    def __init__(self, database: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(database, *args, **kwargs)
        self.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        self.execute(f"PRAGMA hard_heap_limit = {_MAX_HEAP}").close()
        # Else temporary tables are files elsewhere, as large as the disk is.
        self.execute("PRAGMA temp_store = MEMORY").close()
        self.execute(f"PRAGMA temp.max_page_count = {_MAX_PAGES}").close()
        if database == ":memory:":
            self.execute(f"PRAGMA max_page_count = {_MAX_PAGES}").close()
        self.set_authorizer(_authorize)
        self.set_progress_handler(self.should_stop, _INSTRUCTIONS)


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    """What SQLite asks before it prepares a statement."""
    refused = (
        # `VACUUM` attaches a nameless database to itself; any other may be a file elsewhere.
        (action == sqlite3.SQLITE_ATTACH and first != "")
        or (action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _REFUSED_PRAGMAS and second is not None)
        or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _REFUSED_FUNCTIONS)
    )
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK
