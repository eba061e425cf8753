"""One connection to NATS: reconnects for ever, says so, and writes without waiting."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import OutboundBufferLimitError

from gnatwork_bus.client import TolerantClient
from gnatwork_bus.publisher import Publisher
from gnatwork_schemas.errors import GnatworkError, UnavailableError

log = logging.getLogger(__name__)

#: Bytes that may wait for the socket before a writer has to.
_PENDING_SIZE = 64 * 1024 * 1024
#: Seconds between attempts to reconnect.
_RECONNECT_WAIT = 0.25
#: Seconds without a first connection after which the log says so, and why.
_SILENCE = 3.0


class ApiError(GnatworkError):
    """JetStream refused a request."""

    def __init__(self, code: int, err_code: int, description: str) -> None:
        super().__init__(f"{description} ({err_code})")
        self.status = code
        self.err_code = err_code
        self.description = description


class Connection:
    """A NATS connection with a pipelined publisher and an outbox for fire-and-forget messages."""

    def __init__(self, nc: Client) -> None:
        self.nc = nc
        self.publisher = Publisher(nc, self.send)
        self._outbox: deque[tuple[str, bytes, str, dict[str, str] | None]] = deque()
        self._wake = asyncio.Event()
        self._reconnected: list[Callable[[], None]] = []
        self._disconnected: list[Callable[[], None]] = []
        #: Why there is no connection yet.
        self._reason = ""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str, *, name: str, patience: float | None = None) -> AsyncIterator["Connection"]:
        """Connect; `name` shows in the server's monitoring.

        Args:
            url: where the server is, with all that it takes to connect.
            name: who connects.
            patience: seconds to wait for the server; as long as it takes when None.

        Raises:
            UnavailableError: there is no server that takes us within `patience`.
        """
        nc = TolerantClient()
        connection = cls(nc)
        warning = asyncio.get_running_loop().call_later(_SILENCE, connection._say_that_it_waits)
        try:
            async with asyncio.timeout(patience):
                await nc.connect(
                    url,
                    name=f"gnatwork-{name}",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RECONNECT_WAIT,  # type: ignore[arg-type]  # fractions work
                    ping_interval=10,
                    max_outstanding_pings=2,
                    pending_size=_PENDING_SIZE,
                    error_cb=connection._on_error,
                    disconnected_cb=connection._on_disconnected,
                    reconnected_cb=connection._on_reconnected,
                )
        except TimeoutError:
            raise UnavailableError(f"no NATS server within {patience:g} s{connection._because}") from None
        finally:
            warning.cancel()
        writer = asyncio.create_task(connection._write(), name="nats-outbox")
        try:
            await connection.publisher.start()
            yield connection
            await connection.flush()
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            connection.publisher.stop()
            # Without a server the client fails to write what is left (with a TypeError on Python 3.13's own event
            # loop, with a RuntimeError on uvloop); it is lost either way.
            with contextlib.suppress(OSError, TypeError, RuntimeError):
                await nc.close()

    @property
    def is_connected(self) -> bool:
        """Whether the server is there right now."""
        return bool(self.nc.is_connected)

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Call `callback` each time that the connection has come back."""
        self._reconnected.append(callback)

    def on_disconnect(self, callback: Callable[[], None]) -> None:
        """Call `callback` each time that the connection is lost."""
        self._disconnected.append(callback)

    def forget(self, callback: Callable[[], None]) -> None:
        """Call `callback` no more."""
        for callbacks in (self._reconnected, self._disconnected):
            if callback in callbacks:
                callbacks.remove(callback)

    def send(self, subject: str, data: bytes, reply: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Queue a core NATS message, in order; callers bound what they have in flight."""
        self._outbox.append((subject, data, reply, dict(headers) if headers else None))
        self._wake.set()

    async def listen(self, subject: str, callback: Callable[[str, bytes], None]) -> None:
        """Call `callback` with subject and body of each core NATS message, for as long as the connection lasts."""

        async def received(message: Msg) -> None:
            callback(message.subject, message.data)

        await self.nc.subscribe(subject, cb=received)

    async def request(self, subject: str, data: bytes = b"", timeout: float = 5.0) -> Msg:
        """One request, one reply; `UnavailableError` when none comes within `timeout` seconds."""
        try:
            return await self.nc.request(subject, data, timeout=timeout)
        except (NatsError, TimeoutError) as error:
            raise UnavailableError(f"no reply from {subject}: {type(error).__name__}") from error

    async def api(self, subject: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A request to JetStream's API, `subject` without `$JS.API.`; `ApiError` when it refuses."""
        message = await self.request(f"$JS.API.{subject}", orjson.dumps(body) if body is not None else b"")
        reply: dict[str, Any] = orjson.loads(message.data)
        if error := reply.get("error"):
            raise ApiError(error.get("code", 0), error.get("err_code", 0), error.get("description", ""))
        return reply

    async def flush(self, timeout: float = 5.0) -> None:
        """Wait until the server has all that was sent; gives up silently when there is no server."""
        deadline = asyncio.get_running_loop().time() + timeout
        while self._outbox and self.is_connected and asyncio.get_running_loop().time() < deadline:
            self._wake.set()
            await asyncio.sleep(0)
        if self.is_connected:
            with contextlib.suppress(NatsError, OSError):
                await self.nc.flush(timeout=int(timeout) or 1)

    async def _write(self) -> None:
        outbox = self._outbox
        while True:
            await self._wake.wait()
            self._wake.clear()
            while outbox:
                subject, data, reply, headers = outbox[0]
                try:
                    await self.nc.publish(subject, data, reply=reply, headers=headers)
                except OutboundBufferLimitError:
                    # No server and no room: the message stays first in line until there is a server again.
                    break
                except NatsError:
                    log.exception("a message to %s could not be sent", subject)
                outbox.popleft()

    @property
    def _because(self) -> str:
        return f" ({self._reason})" if self._reason else ""

    def _say_that_it_waits(self) -> None:
        log.warning("NATS does not take us yet%s; trying until it does", self._because)

    async def _on_error(self, error: Exception) -> None:
        self._reason = str(error) or type(error).__name__
        if self.nc.is_connected:
            log.warning("NATS: %s", error)
        else:
            log.debug("NATS: %s", error)

    async def _on_disconnected(self) -> None:
        if self.nc.is_closed:
            return
        log.warning("NATS is gone; trying to reconnect until it is back")
        self.publisher.fail_all()
        for callback in tuple(self._disconnected):
            callback()

    async def _on_reconnected(self) -> None:
        # Not the whole address: it may hold the token.
        log.warning("NATS is back at port %s", self.nc.connected_url.port if self.nc.connected_url else "?")
        self._wake.set()
        for callback in tuple(self._reconnected):
            callback()
