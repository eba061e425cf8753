"""A connection of HTTP/1.1 with bounds: uvicorn's, which would wait for ever and keep whatever it is sent."""

from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.http.refusal import refusal
from gnatwork_manager.problems import ProblemError, error_response

#: Connections beyond the bound that are still heard, so that probes tell a busy manager from a dead one.
_RESERVE = 64
_PROBES = frozenset({"/healthz", "/readyz"})
#: Bytes around a body, of its chunks and trailers, by its own; and what they may be beside that.
_FRAMING = 16
_MOST_FRAMING = 512 * 1024


class _RefusedError(Exception):
    """Breaks off the parser; the reason is kept beside it."""


class BoundedProtocol(HttpToolsProtocol):
    """Reads requests within bounds of size; `check`, called now and then, holds it to those of time.

    What is no request, or comes too slowly, is answered with a problem, unless another answer of this connection is
    still under way: then that one is the last, since a second one could be taken for it.
    """

    def __init__(self, config: Config, *, bounds: HttpBounds, **more: Any) -> None:
        super().__init__(config, **more)
        self._bounds = bounds
        self._crowded = False
        #: Since when a head is awaited; None while there is none to wait for.
        self._head_since: float | None = None
        #: Bytes of a head that is not complete.
        self._head_size = 0
        #: Since when a body comes in; None while there is none.
        self._body_since: float | None = None
        self._body_size = 0
        #: All that came since the body began.
        self._raw_size = 0
        #: When the request was answered whose body still comes in.
        self._answered_at: float | None = None
        #: Since when an answer waits for its reader, and how much there was to read.
        self._unread: tuple[float, int] | None = None
        #: Why nothing more is read.
        self._refused: ProblemError | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection, or refuse it when there are too many."""
        super().connection_made(transport)
        self._head_since = self.loop.time()
        beyond = len(self.connections) - self._bounds.connections
        self._crowded = beyond > 0
        if beyond > _RESERVE:
            self._break_off(_busy())

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it would keep of an unfinished head, or around a body, is counted here."""
        if self._refused:
            return
        before = self._head_since
        super().data_received(data)
        if self._refused:
            return
        if self._head_since is not None:
            self._head_size = self._head_size + len(data) if self._head_since == before else 1
            if self._head_size > self._bounds.url + self._bounds.head:
                self._break_off(ProblemError("request.head_too_large", f"more than {self._bounds.head} bytes"))
        elif self._body_since is not None:
            self._raw_size += len(data)
            if self._raw_size > _MOST_FRAMING + _FRAMING * self._body_size:
                self._break_off(ProblemError("request.malformed", "there is more around the body than in it"))
        elif not self._unanswered():
            # Line breaks between two requests, which the parser skips.
            self._head_since, self._head_size = self.loop.time(), 0

    def on_message_begin(self) -> None:
        """Expect a head."""
        super().on_message_begin()
        self._head_since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers, which come after a body, have no meaning here."""
        if self._head_since is not None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request whose head is within bounds."""
        if self._refused or (error := self._head_error()):
            self._refused = self._refused or error
            raise _RefusedError
        self._head_since, self._head_size = None, 0
        self._body_since, self._body_size, self._raw_size = self.loop.time(), 0, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what comes."""
        self._body_size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here as a whole."""
        self._body_since = self._answered_at = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; what was refused meanwhile ends with the last answer."""
        last = not self.pipeline
        super().on_response_complete()
        if last and self._refused:
            self.transport.close()
        elif last and self._body_since is not None:
            self._answered_at = self.loop.time()
            self._unset_keepalive_if_required()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's words are not for callers
        """Answer what is no request, or broke a bound."""
        self._break_off(self._refused or ProblemError("request.malformed"))

    def check(self, now: float) -> None:
        """Break off what took too long; `now` is the loop's time."""
        self._check_reader(now)
        if self.transport.is_closing() or self._refused:
            return
        bounds = self._bounds
        if self._head_since is not None and now > self._head_since + bounds.head_timeout:
            if self._head_size:
                self._break_off(ProblemError("request.timeout", f"its head took longer than {bounds.head_timeout:g} s"))
            else:
                # Nothing was asked, so nothing is answered.
                self.transport.close()
        elif self._answered_at is not None and now > self._answered_at + bounds.linger:
            self.transport.close()
        elif self._body_since is not None and not self.flow.read_paused:
            taken = now - self._body_since
            if taken > bounds.body_timeout + self._body_size / bounds.rate:
                detail = f"{self._body_size} bytes of its body came within {taken:.1f} s"
                self._break_off(ProblemError("request.timeout", detail))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        crowded = self._crowded and cycle.scope["path"] not in _PROBES
        super()._start_asgi_task(cycle, _refuse if crowded else app)  # type: ignore[arg-type]  # uvicorn's own types of ASGI

    def _head_error(self) -> ProblemError | None:
        bounds = self._bounds
        size = sum(len(name) + len(value) for name, value in self.headers)
        if len(self.url) > bounds.url:
            return ProblemError("request.url_too_long", f"{len(self.url)} bytes, at most {bounds.url} are taken")
        if len(self.headers) > bounds.headers:
            return ProblemError("request.head_too_large", f"{len(self.headers)}, at most {bounds.headers} are taken")
        if size > bounds.head:
            return ProblemError("request.head_too_large", f"{size} bytes, at most {bounds.head} are taken")
        if len(self.pipeline) >= bounds.pipeline:
            return ProblemError("request.malformed", "too many requests were sent ahead of their answers")
        return None

    def _check_reader(self, now: float) -> None:
        left = self.transport.get_write_buffer_size()
        if not left or not (self.flow.write_paused or self.transport.is_closing()):
            # Only where nothing more is written meanwhile does what is left tell how fast it is read.
            self._unread = None
        elif self._unread is None:
            self._unread = now, left
        elif (waited := now - self._unread[0]) > self._bounds.write_timeout:
            if self._unread[1] - left < self._bounds.rate * waited:
                self.transport.abort()
            self._unread = now, left

    def _break_off(self, error: ProblemError) -> None:
        """Read no more, and answer with a problem where an answer is due."""
        self._refused = error
        self._unset_keepalive_if_required()
        cycle = self._unanswered()
        if cycle:
            if cycle.more_body and not self.pipeline:
                cycle.disconnected = True
                cycle.message_event.set()
            else:
                # Others are to be answered first, and are the last. Of what waits, only the newest can be incomplete.
                if cycle.more_body:
                    self.pipeline.popleft()
                cycle.keep_alive = False
                return
        if not cycle.response_started if cycle else self._answered_at is None:
            self.transport.write(refusal(error, self.server_state.default_headers))
        self.transport.close()

    def _unanswered(self) -> RequestResponseCycle | None:
        """The newest request, if it waits for its answer."""
        newest: Any = self.cycle  # None before the first, which its type does not say
        return None if newest is None or newest.response_complete else newest


def _busy() -> ProblemError:
    return ProblemError("request.too_many_connections", headers={"Connection": "close"})


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await error_response(_busy())(scope, receive, send)
