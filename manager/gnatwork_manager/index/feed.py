"""Keeping the index up to date: one writer, fed by the status bucket and by this manager's own submissions."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

from pydantic import ValidationError

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.topology import STATUS_MARKER_TTL
from gnatwork_manager.index.query import RunFilter, list_query
from gnatwork_manager.index.store import BrokenIndexError, Change, IndexStore, Position, Removal
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.status import RunSummary

log = logging.getLogger(__name__)

_QUEUE = 10_000
#: Changes that are written at once.
_BATCH = 4000
#: Seconds that changes are gathered, unless someone waits for them or there are many: a run changes several times in a
#: moment, and only what it has become is written.
_GATHER = 1.0
#: Seconds until something that failed, such as a write to a full disk, is tried again.
_RETRY = 2.0
#: Seconds that a list waits for what is still to be written.
_PATIENCE = 2.0
#: Seconds for which the index may be away from the bucket: then the first signs that documents have expired are gone.
_LONGEST_ABSENCE = 0.9 * STATUS_MARKER_TTL

_Result = TypeVar("_Result")


class _Written(NamedTuple):
    """A change, and how far the feed is with it; no position when it does not come from the feed."""

    change: Change | None
    position: Position | None = None


class _Emptied(NamedTuple):
    """Forget everything."""


class _Reached(NamedTuple):
    """Tells whoever waits that all before it is written."""

    done: asyncio.Future[None]


_Item = _Written | _Emptied | _Reached


class RunIndex:
    """The run index of one manager."""

    def __init__(self, connection: Connection, status: Bucket, store: IndexStore, threads: "_Threads") -> None:
        self._connection = connection
        self._status = status
        self._store = store
        self._threads = threads
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(_QUEUE)
        #: Someone waits until all that is queued is written.
        self._awaited = asyncio.Event()
        self._restart = asyncio.Event()
        self._forget = False
        self._sequence = 0
        #: Whether the bucket is followed, and since when it can't be, Unix seconds.
        self._following = False
        self._away: float | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, connection: Connection, status: Bucket, data_dir: Path) -> AsyncIterator["RunIndex"]:
        """The index in `data_dir`; `run` keeps it up to date."""
        with _Threads() as threads:
            store = await threads.write(lambda: IndexStore(data_dir))
            index = cls(connection, status, store, threads)
            connection.on_reconnect(index._restart.set)
            connection.on_disconnect(index._lost)
            try:
                yield index
            finally:
                connection.forget(index._restart.set)
                connection.forget(index._lost)
                await threads.write(index._close)

    async def run(self) -> None:
        """Follow the status bucket, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write(), name="index-writer")
            tasks.create_task(self._feed(), name="index-feed")

    def add(self, run: RunSummary) -> None:
        """Show what this manager knows of a run before its status document says so."""
        # Without room it shows a moment later, when the document comes.
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(_Written(run))

    def remove(self, namespace: str, run_id: str) -> None:
        """Show a run no more that this manager has deleted."""
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(_Written(Removal(namespace, run_id)))

    def rebuild(self) -> None:
        """Begin to make the index anew from the status bucket."""
        self._forget = True
        self._restart.set()

    async def find(self, namespace: str, wanted: RunFilter, before: int | None, limit: int) -> list[tuple[int, str]]:
        """Places of runs and their documents as JSON, the newest first; all that was added before is there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._written()
        query = list_query(namespace, wanted, before, limit)
        try:
            return await self._threads.read(lambda: self._store.query(query))
        except BrokenIndexError as error:
            log.warning("the run index is damaged and is made anew: %s", error)
            await self._threads.write(self._store.recreate)
            self.rebuild()
            raise UnavailableError("the run index is being made anew") from error

    async def lag(self) -> int:
        """Status documents that are not in the index yet."""
        return max(0, (await self._stream()).sequence - self._sequence)

    async def _written(self) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Reached(done))
        self._awaited.set()
        await done

    async def _stream(self) -> Position:
        """Which stream the status documents are in, and its last sequence."""
        info = await self._connection.api(f"STREAM.INFO.{self._status.stream_name}")
        return Position(info["created"], info["state"]["last_seq"])

    async def _feed(self) -> None:
        while True:
            self._restart.clear()
            following = asyncio.create_task(self._follow(), name="index-follow")
            restart = asyncio.create_task(self._restart.wait())
            try:
                await asyncio.wait({following, restart}, return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    following.result()
            finally:
                for task in (following, restart):
                    task.cancel()
                await asyncio.gather(following, restart, return_exceptions=True)

    async def _follow(self) -> None:
        """From where the index stands: the stream may be another one since last time, or since the last reconnect."""
        stream = await self._known_stream()
        await self._written()
        position = await self._threads.write(self._store.position)
        if position is None:
            # A new file holds at most what this manager itself has submitted, and that is not to be forgotten.
            position = Position(stream.stream, 0)
        elif (
            self._forget
            or position.stream != stream.stream
            or position.sequence > stream.sequence
            or time.time() - (self._away or position.at) > _LONGEST_ABSENCE
        ):
            log.warning("the run index is made anew from %d status documents", stream.sequence)
            position = Position(stream.stream, 0)
            await self._queue.put(_Emptied())
        self._forget, self._following, self._away = False, True, None
        self._sequence = position.sequence
        subject = self._status.subject(">")
        following = follow(self._connection, self._status.stream_name, subject, after=position.sequence)
        async with contextlib.aclosing(following) as messages:
            async for message in messages:
                reached = Position(stream.stream, message.sequence, time.time())
                await self._queue.put(_Written(self._change(message), reached))

    def _lost(self) -> None:
        self._away = self._away or time.time()

    def _close(self) -> None:
        """In the thread that writes."""
        if self._following:
            with contextlib.suppress(BrokenIndexError, sqlite3.OperationalError):
                if position := self._store.position():
                    self._store.write((), position._replace(at=self._away or time.time()))
        self._store.close()

    def _change(self, message: StoredMessage) -> Change | None:
        """What a status message says; None for one that can't be read."""
        key = self._status.key(message)
        entry = self._status.entry(message)
        if entry is None:
            namespace, _, run_id = key.partition(".")
            return Removal(namespace, run_id)
        try:
            return RunSummary.model_validate_json(entry.value)
        except ValidationError as error:
            log.warning("the status document %s can't be read: %s", key, error)
            return None

    async def _known_stream(self) -> Position:
        while True:
            try:
                return await self._stream()
            except (UnavailableError, ApiError) as error:
                log.warning("the run index waits for the status bucket: %s", error)
                await asyncio.sleep(_RETRY)

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            if self._queue.qsize() < _BATCH:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_GATHER):
                        await self._awaited.wait()
            self._awaited.clear()
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._write_batch(batch)
            for item in batch:
                if isinstance(item, _Reached) and not item.done.done():
                    item.done.set_result(None)

    async def _write_batch(self, batch: list[_Item]) -> None:
        """Write until it works; what a broken file held comes again from the stream."""
        while True:
            try:
                return await self._threads.write(lambda: self._perform(batch))
            except BrokenIndexError as error:
                log.warning("the run index is damaged and is made anew: %s", error)
                await self._threads.write(self._store.recreate)
                return self.rebuild()
            except sqlite3.OperationalError as error:
                log.error("the run index can't be written, trying again: %s", error)  # noqa: TRY400 - the text says all
                await asyncio.sleep(_RETRY)

    def _perform(self, batch: list[_Item]) -> None:
        """In the thread that writes."""
        last_emptied = max((place for place, item in enumerate(batch) if isinstance(item, _Emptied)), default=-1)
        if last_emptied >= 0:
            self._store.clear()
        written = [item for item in batch[last_emptied + 1 :] if isinstance(item, _Written)]
        position = next((item.position for item in reversed(written) if item.position), None)
        if written:
            self._store.write(coalesce(item.change for item in written if item.change), position)
        if position:
            self._sequence = position.sequence


def coalesce(changes: Iterable[Change]) -> list[Change]:
    """Of the changes to each run only the one that counts: the last, but never an older document."""
    by_run: dict[tuple[str, str], Change] = {}
    for change in changes:
        key = (change.namespace, change.run_id)
        known = by_run.get(key)
        if isinstance(known, RunSummary) and isinstance(change, RunSummary) and change.sequence < known.sequence:
            continue
        by_run[key] = change
    return list(by_run.values())


class _Threads:
    """One thread that writes and one that reads."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, "index-writer")
        self._reader = ThreadPoolExecutor(1, "index-reader")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._writer.shutdown()
        self._reader.shutdown()

    async def write(self, call: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._writer, call)

    async def read(self, call: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._reader, call)
