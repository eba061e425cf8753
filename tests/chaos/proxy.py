"""The way of one process to NATS, which can be cut: a small TCP proxy."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

_HOST = "127.0.0.1"
#: Bytes that are passed on at once.
_CHUNK = 256 * 1024
#: Linger for no time: closing the socket resets the connection.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Passes connections on to a port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self._open = asyncio.Event()
        self._open.set()
        self._links: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen on a free port for as long as the context lasts."""
        server = await asyncio.start_server(self._serve, _HOST, 0, limit=_CHUNK)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self.reset()
            await asyncio.gather(*self._links, return_exceptions=True)

    def cut(self) -> None:
        """Pass nothing on any more, in either direction; all sockets stay open, and new ones are taken."""
        self._open.clear()

    def resume(self) -> None:
        """Pass on what has been held up, and what comes."""
        self._open.set()

    def reset(self) -> None:
        """Break all connections, what they held up is lost; let new ones through."""
        for link in self._links:
            link.cancel()
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        ends = [writer]
        try:
            await self._open.wait()
            there_reader, there_writer = await asyncio.open_connection(_HOST, self._target, limit=_CHUNK)
            ends.append(there_writer)
            ways = [
                asyncio.ensure_future(self._pass(reader, there_writer)),
                asyncio.ensure_future(self._pass(there_reader, writer)),
            ]
            try:
                # One that leaves takes the connection with it.
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in ends:
                _break(end)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
            await self._open.wait()


def _break(writer: asyncio.StreamWriter) -> None:
    end = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
