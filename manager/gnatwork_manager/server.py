"""uvicorn inside our own event loop: it binds first, tells where it listens, and stops when told to."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.http.protocol import BoundedProtocol
from gnatwork_manager.http.security import ALWAYS
from gnatwork_schemas.errors import GnatworkError


class ListenError(GnatworkError):
    """The address can't be listened on; stop what listens there, or give another `--host` or `--port`."""


class HttpServer(uvicorn.Server):
    """A server that leaves signals to whoever runs it and holds its connections to their bounds."""

    def __init__(self, app: ASGIApp, listener: socket.socket, bounds: HttpBounds) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(BoundedProtocol, bounds=bounds),  # type: ignore[arg-type]  # it is only called
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                headers=[*ALWAYS],
                # Whom to believe about where a request comes from is a setting of ours.
                proxy_headers=False,
                timeout_keep_alive=bounds.keep_alive,  # type: ignore[arg-type]  # handed to a timer as it is
                timeout_graceful_shutdown=bounds.grace,  # type: ignore[arg-type]  # the same
            )
        )
        self._tick = bounds.tick
        self._listener = listener
        self._stop = asyncio.Event()
        self._up = asyncio.Event()

    async def run_until_stopped(self) -> None:
        """Serve until `stop`, then let requests under way finish."""
        await self.serve(sockets=[self._listener])

    async def wait_until_up(self) -> None:
        """Return once connections are taken."""
        await self._up.wait()

    def stop(self) -> None:
        """Take no more connections."""
        self.should_exit = True
        self._stop.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Not here: the process decides what its signals mean."""
        yield

    async def main_loop(self) -> None:
        """Renew the `Date` header and look after connections once a second, where uvicorn would wake up ten times."""
        self._up.set()
        clock = asyncio.get_running_loop().time
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._tick):
                    await self._stop.wait()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.check(clock())


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the first address of `host`; port 0 picks a free one. ListenError if it can't be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as opened:
            listener = opened.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.setblocking(False)
            opened.pop_all()
            return listener
    except OSError as error:
        raise ListenError(f"{host}:{port}, {error.strerror}") from error
