"""A connection with bounds of time, and among how many others: uvicorn's would wait for ever."""

from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.http.strict import StrictProtocol
from gnatwork_manager.problems import ProblemError, error_response

#: Connections beyond the bound that are still heard, so that probes tell a busy manager from a dead one.
_RESERVE = 64
_PROBES = frozenset({"/healthz", "/readyz"})


class BoundedProtocol(StrictProtocol):
    """Reads requests within bounds; `check`, called now and then, holds it to those of time."""

    def __init__(self, config: Config, *, bounds: HttpBounds, **more: Any) -> None:
        super().__init__(config, bounds=bounds, **more)
        self._crowded = False
        #: Since when a head, or the next request, is awaited.
        self._head_since = 0.0
        #: Since when a body comes in.
        self._body_since = 0.0
        #: When the request was answered whose body still comes in.
        self._answered_at: float | None = None
        #: Since when an answer waits for its reader, and how much there was to read.
        self._unread: tuple[float, int] | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection, or refuse it when there are too many."""
        super().connection_made(transport)
        self._head_since = self.loop.time()
        beyond = len(self.connections) - self.bounds.connections
        self._crowded = beyond > 0
        if beyond > _RESERVE:
            self.break_off(_busy())
            self.transport.close()

    def on_message_begin(self) -> None:
        """Expect a head within its time."""
        super().on_message_begin()
        self._head_since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Expect a body within its time."""
        super().on_headers_complete()
        self._body_since = self.loop.time()

    def on_message_complete(self) -> None:
        """Expect nothing but the next request, if this one is answered already."""
        super().on_message_complete()
        self._answered_at = None
        self._head_since = self.loop.time()

    def on_response_complete(self) -> None:
        """Go on reading the rest of a body for a while."""
        super().on_response_complete()
        self._head_since = self.loop.time()
        if self.in_body and not self.unanswered():
            self._answered_at = self.loop.time()
            self._unset_keepalive_if_required()

    def check(self, now: float) -> None:
        """Break off what took too long; `now` is the loop's time."""
        self._check_reader(now)
        if self.transport.is_closing() or self.refused:
            return
        bounds = self.bounds
        late = now > self._head_since + bounds.head_timeout
        if self._answered_at is not None:
            if now > self._answered_at + bounds.linger:
                self.transport.close()
        elif self.in_body:
            taken = now - self._body_since
            if taken > bounds.body_timeout + self.body_size / bounds.rate and not self.flow.read_paused:
                detail = f"{self.body_size} bytes of its body came within {taken:.1f} s"
                self.break_off(ProblemError("request.timeout", detail))
        elif self.in_head:
            if late:
                self.break_off(ProblemError("request.timeout", f"its head took longer than {bounds.head_timeout:g} s"))
        elif late and not self.unanswered() and not self.timeout_keep_alive_task:
            # Nothing came, or line breaks between requests, which the parser skips; so nothing is answered.
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        crowded = self._crowded and cycle.scope["path"] not in _PROBES
        super()._start_asgi_task(cycle, _refuse if crowded else app)  # type: ignore[arg-type]  # uvicorn's own types

    def _check_reader(self, now: float) -> None:
        left = self.transport.get_write_buffer_size()
        if not left or not (self.flow.write_paused or self.transport.is_closing()):
            # Only where nothing more is written meanwhile does what is left tell how fast it is read.
            self._unread = None
        elif self._unread is None:
            self._unread = now, left
        elif (waited := now - self._unread[0]) > self.bounds.write_timeout:
            if self._unread[1] - left < self.bounds.rate * waited:
                self.transport.abort()
            self._unread = now, left


def _busy() -> ProblemError:
    return ProblemError("request.too_many_connections", headers={"Connection": "close"})


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await error_response(_busy())(scope, receive, send)
