"""HTTP for code: a script asks for requests, and the executor makes them with the credentials of a connection."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import httpx
from pydantic import TypeAdapter, ValidationError

from gnatwork_blocks.calls import limits
from gnatwork_blocks.calls.web_connection import WebConnection
from gnatwork_blocks.content import read_text
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.exchange import Answer, Call, exchange
from gnatwork_blocks.headers import Headers, has

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_UNREAD = re.compile(r";.*|[\x00-\x20\x7f]", re.DOTALL)
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
#: What code must not say in the place of the connection; some servers go by the last ones rather than by the URL.
_OURS = frozenset({
    "authorization", "cookie", "host", "proxy-authorization", "x-forwarded-host", "x-original-url", "x-rewrite-url",
})  # fmt: skip
_HEADERS: TypeAdapter[dict[str, str]] = TypeAdapter(Headers)


class _RefusedError(Exception):
    """A request is not made."""


class Web:
    """The requests of one call."""

    def __init__(self, ctx: BlockContext, connection: WebConnection) -> None:
        self._ctx = ctx
        self._base = httpx.URL(connection.base_url.rstrip("/"))
        self._credentials = connection.credentials
        self._places = asyncio.Semaphore(limits.REQUESTS_AT_ONCE)
        self._made = 0
        #: Whether a request failed in a way that another attempt may get over.
        self.retryable = False

    async def fetch(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What is to be told of each request; what goes wrong is told as well."""
        room = max(limits.REQUESTS - self._made, 0)
        self._made += len(requests)
        told = await asyncio.gather(*(self._told(request) for request in requests[:room]))
        refused = f"A call may make {limits.REQUESTS} requests."
        return told + [{"id": request.get("id"), "failure": refused} for request in requests[room:]]

    async def _told(self, request: Mapping[str, Any]) -> dict[str, Any]:
        number = request.get("id")
        try:
            async with self._places:
                answer = await exchange(self._ctx, self._call(request))
        except _RefusedError as error:
            return {"id": number, "failure": str(error)}
        except BlockError as error:
            self.retryable = self.retryable or error.retryable
            return {"id": number, "failure": self._ctx.redact(error.message)}
        return {"id": number, "answer": _answer(answer, self._ctx.redact)}

    def _call(self, request: Mapping[str, Any]) -> Call:
        method, body = str(request.get("method") or "GET").upper(), request.get("body")
        if method not in _METHODS:
            raise _RefusedError(f"There is no method {method[:20]!r}.")
        if body is not None and not isinstance(body, str):
            raise _RefusedError("The body of a request is a text.")
        try:
            headers = _HEADERS.validate_python(request.get("headers") or {})
        except ValidationError as error:
            raise _RefusedError(f"The headers can't be sent: {error.errors()[0]['msg']}.") from error
        for name in (*_OURS, *self._credentials):
            if has(headers, name.lower()):
                raise _RefusedError(f"The header {name!r} is not for code to set.")
        return Call(
            method=method,
            url=str(self._below_base(str(request.get("url") or ""))),
            headers=headers | self._credentials,
            content=None if body is None else body.encode(errors="replace"),
            timeout=limits.REQUEST_SECONDS,
            max_bytes=limits.ANSWER,
            fails=lambda _: False,
        )

    def _below_base(self, given: str) -> httpx.URL:
        """The URL of a request: below that of the connection, whose end it may be given as."""
        try:
            url = httpx.URL(given if _ABSOLUTE.match(given) else f"{self._base}/{given.lstrip('/')}")
        except httpx.InvalidURL as error:
            raise _RefusedError(f"The URL can't be requested: {error}") from error
        base = self._base
        same = (url.scheme, url.host, url.port, url.userinfo) == (base.scheme, base.host, base.port, b"")
        path, below = url.raw_path.partition(b"?")[0].decode("ascii"), base.raw_path.decode("ascii").rstrip("/")
        # Servers read `%2e` as a dot, many a backslash as a slash; some leave out parameters and what can't be seen.
        steps = [_UNREAD.sub("", step) for step in re.split(r"[/\\]", unquote(unquote(path)))]
        if not same or not (path == below or path.startswith(f"{below}/")) or {".", ".."} & set(steps):
            raise _RefusedError("The URL does not lie below the `base_url` of the connection.")
        return url


def _answer(answer: Answer, redact: Callable[[str], str]) -> dict[str, Any]:
    charset = httpx.Response(answer.status, headers=answer.headers).charset_encoding
    return {
        "status": answer.status,
        "url": redact(answer.url),
        "headers": {name.lower(): redact(value) for name, value in answer.headers.items()},
        "text": redact(read_text(answer.content, charset)),
    }
