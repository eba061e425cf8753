"""Having someone agree: the authorization code of OAuth2, with PKCE (RFC 7636)."""

import base64
import hashlib
import secrets
from collections.abc import Callable

import httpx

from gnatwork_manager.connections.documents import SealedConnection, StoredRequest
from gnatwork_manager.connections.oauth2 import ask, authorize_url, code_grant
from gnatwork_manager.connections.store import ConnectionStore
from gnatwork_manager.connections.token_state import Client
from gnatwork_manager.connections.tokens import Tokens
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_schemas import subjects
from gnatwork_schemas.connections import AuthorizeAddress, OAuth2Values
from gnatwork_schemas.errors import ConflictError

#: Seconds that someone has to agree.
_PATIENCE = 600.0


class Authorizing:
    """Sends people to agree, and takes what they come back with."""

    def __init__(
        self,
        store: ConnectionStore,
        tokens: Tokens,
        http: Callable[[], httpx.AsyncClient],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._http = http
        self._clock = clock

    async def begin(self, namespace: str, name: str, redirect_uri: str) -> AuthorizeAddress:
        """Where someone agrees, to be sent back to `redirect_uri`; ProblemError, SealError."""
        connection = await self._opened(namespace, name)
        values = OAuth2Values.model_validate(connection.values)
        if values.grant != "authorization_code":
            raise invalid("", "nobody has to agree to `client_credentials`; `gnatwork connection test` gets a token")
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        sealed = self._store.keys.seal(verifier.encode(), _place(namespace, name))
        request = StoredRequest(
            namespace=namespace,
            name=name,
            generation=connection.generation,
            redirect_uri=redirect_uri,
            sealed=sealed.decode(),
        )
        await self._store.bucket.create(_key(state), request.model_dump_json().encode(), ttl=_PATIENCE)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        url = authorize_url(values, redirect_uri=redirect_uri, state=state, challenge=challenge)
        return AuthorizeAddress(url=url, expires_at=self._clock() + _PATIENCE)

    async def finish(self, state: str, code: str) -> str:
        """Get the first token for someone who came back; the name of the connection.

        Raises:
            ProblemError: `connection.unknown_state`, `connection.not_found`.
            TokenRefusedError, TokenUnavailableError: The service gives no token.
        """
        request = await self._claimed(state)
        connection = await self._opened(request.namespace, request.name)
        if connection.generation != request.generation:
            raise ProblemError("connection.unknown_state", "the connection was stored anew meanwhile")
        verifier = self._store.keys.open(request.sealed.encode(), _place(request.namespace, request.name)).decode()
        values = OAuth2Values.model_validate(connection.values)
        grant = await ask(self._http(), values, code_grant(code, request.redirect_uri, verifier))
        await self._tokens.store(Client(self._store.keys, request.namespace, request.name, connection), grant)
        return request.name

    async def refused(self, state: str) -> None:
        """Someone did not agree: forget what they were asked; ProblemError `connection.unknown_state`."""
        await self._claimed(state)

    async def _claimed(self, state: str) -> StoredRequest:
        """What was remembered of a request, taken away so that nobody comes back twice."""
        _ = self._store.keys
        entry = await self._store.bucket.get(_key(state))
        if entry is None:
            raise ProblemError("connection.unknown_state")
        try:
            await self._store.bucket.delete(entry.key, revision=entry.revision)
        except ConflictError:
            raise ProblemError("connection.unknown_state") from None
        return StoredRequest.model_validate_json(entry.value)

    async def _opened(self, namespace: str, name: str) -> SealedConnection:
        found = await self._store.find(namespace, name)
        opened = self._store.open(namespace, found)
        if opened.type != "oauth2":
            raise invalid("", f"`{name}` is of type `{opened.type}`; only `oauth2` connections are authorized")
        return opened


def _key(state: str) -> str:
    # A digest, so that whoever can read the bucket can't come back in somebody's place.
    return subjects.authorization_key(hashlib.sha256(state.encode()).hexdigest())


def _place(namespace: str, name: str) -> bytes:
    return f"{namespace}/{name}/request".encode()
