"""What browsers are told about every answer."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gnatwork_manager.people.addresses import Network, is_trusted

#: The same whatever is answered: types are not guessed, and addresses, which may hold ids, are not told to others.
ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))

#: Data: it loads nothing, is framed by nobody, and runs as if it came from nowhere. It also holds for what a workflow
#: answers, which must not act in the name of those who look at it.
_DATA = b"default-src 'none'; frame-ancestors 'none'; sandbox"
#: Pages of our own that say nothing themselves.
_PAGE = b"default-src 'self'; frame-ancestors 'none'"
_DATA_PATHS = ("/api/", "/hooks/", "/oauth/")
_POLICY = b"content-security-policy"
_CACHE = b"cache-control"
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """ASGI middleware: content policies, no caches, and HTTPS for ever where the request came by it."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network] = ()) -> None:
        """Put it around an application; `trusted` proxies are believed when they say that a request came by HTTPS."""
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
                if path.startswith(_DATA_PATHS):
                    headers = [(name, value) for name, value in headers if name.lower() != _POLICY]
                    headers.append((_POLICY, _DATA))
                elif not _has(headers, _POLICY):
                    headers.append((_POLICY, _PAGE))
                if not _has(headers, _CACHE):
                    headers.append((_CACHE, b"no-store"))
                if _came_by_https(scope, self._trusted):
                    headers.append(_STRICT_TRANSPORT)
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, told)


def _has(headers: list[tuple[bytes, bytes]], wanted: bytes) -> bool:
    return any(name.lower() == wanted for name, _ in headers)


def _came_by_https(scope: Scope, trusted: Sequence[Network]) -> bool:
    if scope["scheme"] == "https":
        return True
    if not trusted or not is_trusted(str((scope.get("client") or ("",))[0]), trusted):
        return False
    return any(name == b"x-forwarded-proto" and value.lower() == b"https" for name, value in scope["headers"])
