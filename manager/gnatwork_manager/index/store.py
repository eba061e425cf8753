"""The index file. Everything here blocks and belongs off the event loop; one thread writes."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gnatwork_manager.index import tables
from gnatwork_manager.index.place import place_of
from gnatwork_manager.index.query import Query
from gnatwork_manager.index.terms import terms_of, words_of
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.status import RunSummary

log = logging.getLogger(__name__)

FILE_NAME = "runs.sqlite3"
_BUSY_TIMEOUT_MS = 10_000
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
#: KiB that the connection which reads may keep in memory.
_READ_CACHE = 64 * 1024


class Position(NamedTuple):
    """How far the index has read, and in which stream: one that was made anew has another name here."""

    stream: str
    sequence: int
    #: Unix seconds at which nothing beyond it was there yet.
    at: float = 0.0


class Removal(NamedTuple):
    """A run that is no more."""

    namespace: str
    run_id: str


Change = RunSummary | Removal


class BrokenIndexError(Exception):
    """The index file can't be used: it is damaged, no SQLite file at all, or of another layout."""


class IndexFileError(GnatworkError):
    """The run index can't be opened; see whether its directory can be written and has room, and SQLite has FTS5."""


class IndexStore:
    """An open index file. Every method may raise BrokenIndexError; `recreate` helps."""

    def __init__(self, data_dir: Path) -> None:
        """Open the file; one that is broken is made anew, empty. IndexFileError when it can't be written."""
        data_dir.mkdir(parents=True, exist_ok=True)
        self._path = data_dir / FILE_NAME
        #: Held by whoever reads, so that the file is not replaced meanwhile.
        self._reading = threading.Lock()
        try:
            try:
                self._writer, self._reader = _open(self._path)
            except BrokenIndexError as error:
                log.warning("the run index %s is made anew: %s", self._path, error)
                _remove(self._path)
                self._writer, self._reader = _open(self._path)
        except sqlite3.OperationalError as error:
            raise IndexFileError(f"{self._path}, {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._reader.close()
            self._writer.close()

    def recreate(self) -> None:
        """Throw the file away and begin with an empty one. Only from the thread that writes."""
        self.close()
        with self._reading:
            _remove(self._path)
            self._writer, self._reader = _open(self._path)

    def clear(self) -> None:
        """Forget everything, the position too."""
        with self._transaction():
            for statement in (*tables.DROP, *tables.CREATE):
                self._writer.execute(statement)

    def position(self) -> Position | None:
        """How far the index has read; None when it is new."""
        with _broken_files():
            row = self._writer.execute("SELECT stream, sequence, at FROM position").fetchone()
        return Position(*row) if row else None

    def write(self, changes: Sequence[Change], position: Position | None) -> None:
        """Write changes in order, and the position that they lead to, all or nothing."""
        with self._transaction():
            for change in changes:
                if isinstance(change, Removal):
                    self._remove(change)
                else:
                    self._put(change)
            if position:
                self._writer.execute(tables.MOVE, position)

    def query(self, query: Query) -> list[tuple[int, str]]:
        """The rows of a query: places and documents."""
        with self._reading, _broken_files():
            return self._reader.execute(*query).fetchall()

    def _put(self, run: RunSummary) -> None:
        """Write what is new: an older document never replaces a newer, and what identifies a run never changes."""
        execute = self._writer.execute
        known = execute(tables.FIND, (run.namespace, run.run_id)).fetchone()
        document = run.model_dump_json(exclude={"v"})
        if known is None:
            place = place_of(run.run_id, run.created_at)
            while execute(tables.TAKEN, (place,)).fetchone():
                place += 1
            execute(tables.ADD, (place, run.namespace, run.run_id, run.status, run.created_at, run.sequence))
            execute(tables.ADD_DOCUMENT, (place, document))
            execute(tables.ADD_FOUND_BY, (place, terms_of(run), words_of(run)))
            return
        place, sequence = known
        if run.sequence <= sequence:
            return
        execute(tables.CHANGE, (run.status, run.sequence, place))
        execute(tables.CHANGE_DOCUMENT, (document, place))
        if run.status.ended:
            # Until then all that it is found by stays the same.
            execute(tables.CHANGE_FOUND_BY, (terms_of(run), words_of(run), place))

    def _remove(self, run: Removal) -> None:
        if known := self._writer.execute(tables.FIND, run).fetchone():
            for statement in tables.REMOVE:
                self._writer.execute(statement, known[:1])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _broken_files():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise


@contextlib.contextmanager
def _broken_files() -> Iterator[None]:
    """Tell damage, which a new file cures, from errors that it does not, such as a full disk."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in _BROKEN:
            raise BrokenIndexError(str(error)) from error
        raise


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _open(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """A connection to write and one to read."""
    with _broken_files(), contextlib.ExitStack() as opened:
        writer = opened.enter_context(contextlib.closing(_connect(path)))
        (layout,) = writer.execute("PRAGMA user_version").fetchone()
        (count,) = writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not count:
            script = ";".join((*tables.CREATE, f"PRAGMA user_version = {tables.LAYOUT}"))
            writer.executescript(f"BEGIN; {script}; COMMIT;")
        elif layout != tables.LAYOUT:
            raise BrokenIndexError(f"it has layout {layout}, this version uses {tables.LAYOUT}")
        reader = _connect(path)
        reader.execute(f"PRAGMA cache_size = -{_READ_CACHE}")
        opened.pop_all()
    return writer, reader


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        # A machine that loses power may cost the last changes, which are then read from the stream again.
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection
