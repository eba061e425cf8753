"""The index file. Everything here blocks and belongs off the event loop; one thread writes."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gnatwork_manager.index.query import Query
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.status import RunSummary

log = logging.getLogger(__name__)

FILE_NAME = "runs.sqlite3"
#: Changes with the tables; a file of another layout is made anew.
_LAYOUT = 2
_BUSY_TIMEOUT_MS = 10_000
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    run_id TEXT NOT NULL,
    workflow TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    trigger_type TEXT NOT NULL,
    trigger_id TEXT,
    parent TEXT,
    sequence INTEGER NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (namespace, run_id)
);
CREATE INDEX runs_by_time ON runs (namespace, created_at, run_id);
CREATE INDEX runs_by_workflow ON runs (namespace, workflow, created_at, run_id);
CREATE INDEX runs_by_status ON runs (namespace, status, created_at, run_id);
CREATE INDEX runs_by_trigger ON runs (namespace, trigger_id, created_at, run_id) WHERE trigger_id IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (namespace, parent, created_at, run_id) WHERE parent IS NOT NULL;
CREATE TABLE labels (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    PRIMARY KEY (namespace, key, value, run)
) WITHOUT ROWID;
CREATE INDEX labels_of_run ON labels (run);
CREATE TABLE position (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    stream TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at REAL NOT NULL
);
"""

# What identifies a run never changes, so only what does is written again; an older document never replaces a newer.
_UPSERT = """
INSERT INTO runs (namespace, run_id, workflow, status, created_at, trigger_type, trigger_id, parent, sequence, document)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, run_id) DO UPDATE
SET status = excluded.status, sequence = excluded.sequence, document = excluded.document
WHERE excluded.sequence > sequence
"""
_LABEL = """
INSERT OR IGNORE INTO labels (namespace, key, value, run)
SELECT namespace, ?, ?, id FROM runs WHERE namespace = ? AND run_id = ?
"""
_REMOVE = "DELETE FROM runs WHERE namespace = ? AND run_id = ?"
_MOVE = """
INSERT INTO position (only, stream, sequence, at) VALUES (1, ?, ?, ?)
ON CONFLICT (only) DO UPDATE SET stream = excluded.stream, sequence = excluded.sequence, at = excluded.at
"""


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
    """The run index can't be opened; see whether its directory can be written and has room."""


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
            for table in ("labels", "runs", "position"):
                self._writer.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

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
                    self._writer.execute(_REMOVE, change)
                else:
                    self._upsert(change)
            if position:
                self._writer.execute(_MOVE, position)

    def query(self, query: Query) -> list[tuple[float, str, str]]:
        """The rows of a query."""
        with self._reading, _broken_files():
            return self._reader.execute(*query).fetchall()

    def _upsert(self, run: RunSummary) -> None:
        trigger = run.trigger
        row = (
            run.namespace,
            run.run_id,
            run.workflow,
            run.status,
            run.created_at,
            trigger.type,
            trigger.id,
            run.parent,
        )
        self._writer.execute(_UPSERT, (*row, run.sequence, run.model_dump_json(exclude={"v"})))
        for key, value in run.labels.items():
            self._writer.execute(_LABEL, (key, value, run.namespace, run.run_id))

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
        (tables,) = writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables:
            writer.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_LAYOUT}; COMMIT;")
        elif layout != _LAYOUT:
            raise BrokenIndexError(f"it has layout {layout}, this version uses {_LAYOUT}")
        reader = _connect(path)
        opened.pop_all()
    return writer, reader


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        # A machine that loses power may cost the last changes, which are then read from the stream again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection
