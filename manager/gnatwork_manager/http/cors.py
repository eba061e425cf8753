"""Which pages of other origins may call: none, unless a setting names them (WHATWG Fetch, 3.2)."""

import re
from collections.abc import Collection

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gnatwork_schemas.errors import GnatworkError

#: Every origin, also that of a page on a disk.
ANY = "*"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_TAKEN = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Traceparent, "
    "X-Gnatwork-Namespace, X-Request-Id"
)
_SHOWN = "Content-Disposition, ETag, Location, Retry-After, X-Gnatwork-Run, X-Request-Id"
#: Seconds for which a browser need not ask again.
_MAX_AGE = 600


class OriginError(GnatworkError):
    """This is no origin of pages; write `https://app.example.org`, without a path, or `*` for all."""


def parse_origins(text: str) -> tuple[str, ...]:
    """Origins such as `https://app.example.org`, separated by commas, or `*`; OriginError for anything else."""
    origins = tuple(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip())
    for origin in origins:
        if origin != ANY and not _ORIGIN.fullmatch(origin):
            raise OriginError(origin)
    return origins


class Cors:
    """ASGI middleware. No cookie is ever taken for credentials, so there is none to allow."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        origin = next((value for name, value in scope.get("headers", ()) if name == b"origin"), None)
        if scope["type"] != "http" or origin is None or not (allowed := self._allowed(origin.decode("latin-1"))):
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = allowed
                headers["Access-Control-Expose-Headers"] = _SHOWN
                headers.add_vary_header("Origin")
            await send(message)

        asks = scope["method"] == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        )
        await (_preflight() if asks else self._app)(scope, receive, told)

    def _allowed(self, origin: str) -> str | None:
        if ANY in self._origins:
            return ANY
        return origin if origin.lower() in self._origins else None


def _preflight() -> Response:
    """What may be sent; it comes without a token, so it is answered before one is asked for."""
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _TAKEN,
        "Access-Control-Max-Age": str(_MAX_AGE),
    }
    return Response(status_code=204, headers=headers)
