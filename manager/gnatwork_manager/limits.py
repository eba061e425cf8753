"""How large a request may be."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gnatwork_manager.problems import ProblemError, error_response


class LimitBody:
    """ASGI middleware: a body is counted while it streams in, so that none larger than allowed is ever held."""

    def __init__(self, app: ASGIApp, *, max_body: int) -> None:
        self._app = app
        self._max = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if declared.isdigit() and int(declared) > self._max:
            await error_response(self._too_large(f"{int(declared)} bytes"))(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > self._max:
                    raise self._too_large(f"more than {self._max} bytes")
            return message

        await self._app(scope, counted, send)

    def _too_large(self, size: str) -> ProblemError:
        return ProblemError("request.too_large", f"the body has {size}, at most {self._max} are taken")
