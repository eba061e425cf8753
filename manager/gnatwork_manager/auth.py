"""Who calls: nothing but what is public is reached without credentials that are good, known page or not."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from gnatwork_manager.actors import Actor, actor
from gnatwork_manager.people.addresses import Network, caller_address
from gnatwork_manager.people.principal import Principal, set_principal
from gnatwork_manager.problems import ProblemError, error_response

#: Who has sent a token; raises ProblemError `auth.invalid`, `auth.expired`.
Identify = Callable[[bytes], Awaitable[Principal]]

_SCHEME = b"bearer "
#: What is said to whoever has sent no credentials, or none that are good.
REALM = 'Bearer realm="gnatwork"'


def bearer_token(authorization: bytes | None) -> bytes:
    """The token in an `Authorization` header; raises ProblemError `auth.missing`."""
    if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
        raise ProblemError("auth.missing", headers={"WWW-Authenticate": REALM})
    return authorization[len(_SCHEME) :].strip()


def bad_token(detail: str = "", code: str = "auth.invalid") -> ProblemError:
    """The error for credentials that are not good, or no longer."""
    return ProblemError(code, detail, headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'})


class Authenticate:
    """ASGI middleware: finds out who a request comes from, for all that follows."""

    def __init__(
        self, app: ASGIApp, *, identify: Identify, public: Callable[[str], bool], trusted: Sequence[Network] = ()
    ) -> None:
        """Put it around an application.

        Args:
            app: the application.
            identify: finds out who has sent a token.
            public: tells which paths need none.
            trusted: the proxies that are believed when they say where a request comes from.
        """
        self._app = app
        self._identify = identify
        self._is_public = public
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] == "http":
            address = caller_address(scope, self._trusted)
            try:
                actor.set(await self._actor(scope, address))
            except ProblemError as error:
                await error_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _actor(self, scope: Scope, address: str) -> Actor:
        if self._is_public(scope["path"]):
            # A token that comes along is not for us to judge: it may be meant for whoever reads the body.
            return Actor("nobody", address=address)
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        principal = await self._identify(bearer_token(authorization))
        set_principal(scope, principal)
        return principal.actor(address)
