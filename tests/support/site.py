"""A small HTTP server that does as it is told, also what no proper server would."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

#: Name and value, in order, repetitions allowed.
HeaderList = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What came."""

    method: str
    target: str
    #: Names in lower case.
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What goes back."""

    status: int = 200
    headers: HeaderList = ()
    body: bytes = b""
    #: Sent instead of all the above, word for word.
    raw: bytes | None = None
    #: Said only once this is set.
    after: asyncio.Event | None = None
    #: Say no more and wait until the client leaves.
    hang: bool = False
    #: Close the connection afterwards.
    close: bool = False


@dataclass(kw_only=True)
class Site:
    """The server, seen from a test."""

    scheme: str = "http"
    host: str = "127.0.0.1"
    port: int = 0
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    #: By path without query; `*` for the rest.
    replies: dict[str, Reply | Callable[[Request], Reply]] = field(default_factory=dict)
    #: Set once a client that was kept hanging has left.
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def on(self, path: str, reply: Reply | Callable[[Request], Reply]) -> str:
        """Answer requests for a path; yields its URL."""
        self.replies[path] = reply
        return self.url + path

    def redirect(self, path: str, location: str, status: int = 302) -> str:
        """Redirect requests for a path; yields its URL."""
        return self.on(path, Reply(status=status, headers=(("location", location),)))

    def asked(self, path: str) -> list[Request]:
        """The requests for a path so far, whatever the query."""
        return [request for request in self.requests if request.target.partition("?")[0] == path]

    async def until_asked(self, path: str) -> None:
        """Wait for a request for a path."""
        async with asyncio.timeout(60):
            while not self.asked(path):
                self._came.clear()
                await self._came.wait()

    def close(self) -> None:
        """Leave all clients."""
        for writer in self._open:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _read(reader)
        self.requests.append(request)
        self._came.set()
        missing = Reply(status=404, body=b"no such page")
        reply = self.replies.get(request.target.partition("?")[0], self.replies.get("*", missing))
        if callable(reply):
            reply = reply(request)
        if reply.after:
            await reply.after.wait()
        writer.write(_encoded(reply, request) if reply.raw is None else reply.raw)
        await writer.drain()
        if reply.hang:
            await reader.read()
            self.left.set()
        return not (reply.close or reply.hang)


@asynccontextmanager
async def running_site(tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """A site on a free port of the loopback address."""
    site = Site(scheme="https" if tls else "http")
    server = await asyncio.start_server(site.serve, site.host, 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        site.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, target=target, headers=headers, body=body)


def _encoded(reply: Reply, request: Request) -> bytes:
    headers = [*reply.headers]
    if reply.status != 204 and not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(("content-length", str(len(reply.body))))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    body = b"" if request.method == "HEAD" else reply.body
    return f"HTTP/1.1 {reply.status} Reason\r\n{head}\r\n".encode("latin-1") + body
