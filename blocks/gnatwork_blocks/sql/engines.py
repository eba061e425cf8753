"""The databases of a process, by URL."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.sql import postgresql, sqlite
from gnatwork_blocks.sql.address import POSTGRESQL, SQLITE, file_of, port_of, read_url
from gnatwork_blocks.sql.executing import execute
from gnatwork_blocks.sql.failures import FAILURES, driver_failure, failure
from gnatwork_blocks.sql.kept import KeptEngines
from gnatwork_blocks.sql.statement import Query
from gnatwork_net.guard import BlockedAddressError, Guard, InvalidHostError

#: Connections to one database.
POOL_SIZE = 10
#: Seconds after which a connection is not used again: what is between may have forgotten it.
_RECYCLE = 300


class Databases:
    """Runs queries; close it when no block runs any more."""

    def __init__(self, guard: Guard, sqlite_dir: Path | None) -> None:
        self._guard = guard
        self._sqlite_dir = sqlite_dir
        self._engines = KeptEngines()

    async def run(self, query: Query) -> list[dict[str, Any]]:
        """What each statement yields: `{columns?, rows, row_count, last_insert_id?}`.

        Raises:
            BlockError: Any code `sql.…`. With a single transaction nothing is changed then, unless the connection
                broke while it was being committed.
        """
        url = read_url(query.url)
        where = url.host or "SQLite"
        try:
            async with asyncio.timeout(query.timeout):
                if url.get_backend_name() == SQLITE:
                    return await self._run_sqlite(url, query)
                async with self._engine(url) as engine:
                    return await execute(engine, query)
        except InvalidHostError as error:
            raise BlockError("sql.invalid_url", str(error)) from error
        except BlockedAddressError as error:
            raise BlockError("sql.blocked_address", str(error)) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise driver_failure(error, where) from error
        except TimeoutError as error:
            raise BlockError("sql.timeout", f"{where} did not answer in time.", retryable=True) from error
        except FAILURES as error:
            raise failure(error, where) from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._engines.aclose()

    async def _run_sqlite(self, url: URL, query: Query) -> list[dict[str, Any]]:
        """A connection of its own: opening one costs little, and none lives on with what a task has set."""
        file = file_of(url, self._sqlite_dir)
        until = time.monotonic() + query.timeout
        ended = asyncio.Event()
        engine = create_async_engine(
            "sqlite+aiosqlite://",
            poolclass=NullPool,
            async_creator=lambda: sqlite.connect(file, lambda: ended.is_set() or time.monotonic() > until),
        )
        try:
            running = asyncio.ensure_future(execute(engine, query))
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                # Its thread goes on until it is told; only then can the connection be closed.
                ended.set()
                await asyncio.gather(running, return_exceptions=True)
                raise
        except sqlite3.Error as error:
            raise driver_failure(error, "SQLite") from error
        except MemoryError as error:
            raise BlockError("sql.failed", "SQLite: it needs more memory than it may have.") from error
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def _engine(self, url: URL) -> AsyncIterator[AsyncEngine]:
        if url.get_backend_name() != POSTGRESQL:
            url = await self._to_address(url)
        key = url.render_as_string(hide_password=False)
        async with self._engines.use(key, lambda: self._make(url)) as engine:
            yield engine

    async def _to_address(self, url: URL) -> URL:
        """The same with the address that was judged, as far as the name itself is not permitted whatever it means."""
        host, port = url.host or "", port_of(url)
        addresses = await self._guard.permitted(host, port, postgresql.CONNECT_TIMEOUT)
        return url.set(host=host if self._guard.lists(host) else str(addresses[0]), port=port)

    def _make(self, url: URL) -> AsyncEngine:
        options: dict[str, Any] = {
            "pool_size": POOL_SIZE,
            "max_overflow": 0,
            "pool_pre_ping": True,
            "pool_recycle": _RECYCLE,
            "hide_parameters": True,
        }
        if url.get_backend_name() != POSTGRESQL:
            return create_async_engine(url, **options)
        connect = postgresql.connector(url, self._guard)
        driver: Any = url.get_dialect().import_dbapi()
        engine = create_async_engine(
            "postgresql+asyncpg://",
            module=driver,
            creator=lambda: driver.connect(async_creator_fn=connect, prepared_statement_cache_size=0),
            **options,
        )

        @event.listens_for(engine.sync_engine, "connect")
        def set_codecs(connection: Any, _: object) -> None:
            connection.run_async(postgresql.set_codecs)

        @event.listens_for(engine.sync_engine, "reset")
        def forget(connection: Any, _: object, state: Any) -> None:
            if not state.terminate_only:
                connection.rollback()
                connection.run_async(postgresql.forget)

        return engine
