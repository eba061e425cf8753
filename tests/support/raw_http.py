"""HTTP as no client library would send it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

#: Seconds that an answer may take on a busy machine.
PATIENCE = 30.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Of the problem that it is."""
        assert self.headers["content-type"] == "application/problem+json", self
        return str(orjson.loads(self.body)["code"])


class RawConnection:
    """A connection on which a test decides about every byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send as it is."""
        self._writer.write(data)
        await self._writer.drain()

    async def pause(self, seconds: float) -> None:
        """Say nothing for a while: what a slow client does."""
        await asyncio.sleep(seconds)

    async def drip(self, piece: bytes, pause: float) -> None:
        """Send one piece after the other until the other side has had enough."""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                while not self._reader.at_eof() and not self._reader_has_answer():
                    await self.send(piece)
                    await self.pause(pause)

    def _reader_has_answer(self) -> bool:
        return bool(self._reader._buffer)  # type: ignore[attr-defined]  # there is no other way to look without reading

    async def answer(self) -> Answer:
        """Read one answer."""
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), headers, body)

    async def closed(self) -> bytes:
        """What still comes until the other side closes."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""


@contextlib.asynccontextmanager
async def raw_connection(url: str, **options: Any) -> AsyncIterator[RawConnection]:
    """Connect to where a URL leads."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, **options)
    try:
        yield RawConnection(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
