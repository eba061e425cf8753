"""Who may call: whoever has the manager's token."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from gnatwork_manager.problems import ProblemError, error_response

#: What answers without a token, because probes have none: nothing here tells anything but health.
PUBLIC_PATHS = frozenset({"/healthz", "/readyz"})

_SCHEME = b"bearer "


def check_token(authorization: bytes | None, token: bytes) -> ProblemError | None:
    """What is wrong with an `Authorization` header, or None. Takes the same time however wrong a token is."""
    if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
        return ProblemError("auth.missing", headers={"WWW-Authenticate": 'Bearer realm="gnatwork"'})
    if not hmac.compare_digest(authorization[len(_SCHEME) :].strip(), token):
        return ProblemError(
            "auth.invalid", headers={"WWW-Authenticate": 'Bearer realm="gnatwork", error="invalid_token"'}
        )
    return None


class RequireToken:
    """ASGI middleware: nothing but `PUBLIC_PATHS` is reached without the token, known page or not."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] == "http" and scope["path"] not in PUBLIC_PATHS:
            authorization = next((value for name, value in scope["headers"] if name == b"authorization"), None)
            if error := check_token(authorization, self._token):
                await error_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)
