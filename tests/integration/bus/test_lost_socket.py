"""A socket that has closed, and that the reader has not noticed yet, is no reason to fall silent for ever."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from nats.errors import FlushTimeoutError

from gnatwork_bus import publisher
from gnatwork_bus.connection import Connection
from gnatwork_bus.service import announced
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.subjects import history_base


class _Closed:
    """What uvloop makes of a transport whose socket is closed."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def write(self, _data: bytes) -> None:
        raise RuntimeError("unable to perform operation on a closed transport; the handler is closed")

    writelines = write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@contextlib.asynccontextmanager
async def _closed(connection: Connection) -> AsyncIterator[None]:
    """The connection's socket is closed, and only writers notice; once the context ends the reader does as well."""
    nc = connection.nc
    transport = nc._transport
    assert transport is not None
    assert nc._flusher_task is not None
    nc._transport = _Closed(transport)  # type: ignore[assignment]  # like it in all that matters
    connection.send("odd.first", b"")
    async with asyncio.timeout(30):
        await asyncio.wait({nc._flusher_task})
    yield
    nc._transport = transport
    transport.close()  # type: ignore[no-untyped-call]  # of the client library


async def test_messages_are_sent_after_a_reconnect(bus: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "ACK_TIMEOUT", 0.1)
    back = asyncio.Event()
    bus.on_reconnect(back.set)
    base = history_base(0, "default", "test", "lost")
    async with _closed(bus):
        with pytest.raises(UnavailableError):
            await bus.publisher.publish(f"{base}.block.a.output", b"{}")
    async with asyncio.timeout(30):
        await back.wait()
    monkeypatch.undo()
    assert await bus.publisher.publish(f"{base}.block.b.output", b"{}") > 0


async def test_a_request_says_that_nobody_answers(bus: Connection) -> None:
    async with _closed(bus):
        with pytest.raises(UnavailableError):
            await bus.request("$SRV.PING.nobody", timeout=0.2)


async def test_a_ping_tells_that_the_connection_is_lost(connection: Connection) -> None:
    """The one who reconnects waits for it, and tries again after an error like this."""
    async with _closed(connection):
        with pytest.raises(ConnectionResetError):
            await connection.nc._send_ping()


async def test_a_server_that_leaves_does_not_stop_an_announcement(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def flush(_timeout: int = 10) -> None:
        raise FlushTimeoutError

    monkeypatch.setattr(connection.nc, "flush", flush)
    async with announced(connection, "test", description="A test", metadata={}, report=list):
        monkeypatch.undo()
        reply = await connection.request("$SRV.PING.test")
    assert b'"name":"test"' in reply.data.replace(b" ", b"")
