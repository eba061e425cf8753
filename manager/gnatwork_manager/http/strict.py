"""A connection of HTTP/1.1 with bounds of size: uvicorn's parser would keep whatever it is sent."""

from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.http.refusal import refusal
from gnatwork_manager.http.upgrade import without_offer
from gnatwork_manager.problems import ProblemError

#: Bytes around a body, of its chunks and trailers, by its own; and what they may be beside that.
_FRAMING = 16
_MOST_FRAMING = 512 * 1024


class _RefusedError(Exception):
    """Breaks off the parser; the reason is kept beside it."""


class StrictProtocol(HttpToolsProtocol):
    """Reads requests within bounds of size.

    What is none, or is too large, is answered with a problem, unless another answer of this connection is still under
    way: then that one is the last, since a second one could be taken for it.
    """

    def __init__(self, config: Config, *, bounds: HttpBounds, **more: Any) -> None:
        super().__init__(config, **more)
        self.bounds = bounds
        #: Why nothing more is read.
        self.refused: ProblemError | None = None
        self.in_head = False
        #: Bytes of a head that is not complete.
        self.head_size = 0
        self.in_body = False
        self.body_size = 0
        #: All that came since the body began.
        self._raw_size = 0
        #: Whether the request that is read offers another protocol.
        self._offered = False

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it would keep of an unfinished head, or around a body, is counted here."""
        if self.refused:
            return
        before, self.head_size = self.head_size, 0
        self._feed(data)
        if self.refused:
            return
        if self.in_head:
            # Nothing but the last head of the data can be unfinished; `on_message_begin` says that it is a new one.
            self.head_size = self.head_size or before + len(data)
            if self.head_size > self.bounds.url + self.bounds.head:
                self.break_off(ProblemError("request.head_too_large", f"more than {self.bounds.head} bytes"))
        elif self.in_body:
            self._raw_size += len(data)
            if self._raw_size > _MOST_FRAMING + _FRAMING * self.body_size:
                self.break_off(ProblemError("request.malformed", "there is more around the body than in it"))

    def on_message_begin(self) -> None:
        """Expect a head."""
        super().on_message_begin()
        self.in_head, self.head_size = True, 1

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers, which come after a body, have no meaning here."""
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request whose head is within bounds."""
        if self.refused or (error := self._head_error()):
            self.refused = self.refused or error
            raise _RefusedError
        self._offered = self.parser.should_upgrade()
        if self._offered:
            return
        self.in_head, self.in_body, self.body_size, self._raw_size = False, True, 0, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what comes."""
        self.body_size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here as a whole."""
        if not self._offered:
            self.in_body = False
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; after the last answer of a connection that was refused, close it."""
        last = not self.pipeline
        super().on_response_complete()
        if last and self.refused:
            self.transport.close()

    def shutdown(self) -> None:
        """Let the request under way be the last one."""
        if not self.unanswered():
            self.transport.close()
        else:
            super().shutdown()

    def break_off(self, error: ProblemError) -> None:
        """Read no more, and answer with a problem where an answer is due."""
        if self.transport.is_closing():
            return
        self.refused = error
        self._unset_keepalive_if_required()
        cycle = self.unanswered()
        if cycle:
            if not cycle.more_body or self.pipeline:
                # Others are to be answered first, and are the last. Of what waits, only the newest can be incomplete.
                if cycle.more_body:
                    self.pipeline.popleft()
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            cycle.message_event.set()
        if not cycle.response_started if cycle else not self.in_body:
            self.transport.write(refusal(error, self.server_state.default_headers))
        # To close at once could make the system throw away the answer together with what is still coming in.
        self.transport.write_eof()
        self.loop.call_later(self.bounds.linger, self.transport.close)

    def unanswered(self) -> RequestResponseCycle | None:
        """The newest request, if it waits for its answer."""
        newest: Any = self.cycle  # None before the first, which its type does not say
        return None if newest is None or newest.response_complete else newest

    def _feed(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._pass_over_offer(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.break_off(self.refused or ProblemError("request.malformed"))

    def _pass_over_offer(self, rest: bytes) -> None:
        """Read the request once more without the offer: with it, the parser would not read the body."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            self.break_off(ProblemError("request.malformed", "this is no proxy"))
            return
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._feed(without_offer(method, self.url, self.headers) + rest)

    def _head_error(self) -> ProblemError | None:
        bounds = self.bounds
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
