"""`HEAD`: what `GET` would answer, without the body, which the server leaves out (RFC 9110, 9.3.2)."""

from starlette.types import ASGIApp, Receive, Scope, Send

#: Where `GET` begins something, or its answer has no end.
_NOT_UNDER = ("/hooks/", "/api/v1/hooks/", "/oauth/")
_NOT_ENDING = ("/events", "/follow")


class HeadAsGet:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            path: str = scope["path"]
            if not path.startswith(_NOT_UNDER) and not path.endswith(_NOT_ENDING):
                scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
