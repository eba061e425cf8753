"""What a token's document says: pure, from the document and the time."""

import math
from typing import NamedTuple

from gnatwork_bus.kv import Entry
from gnatwork_manager.connections.documents import SealedConnection, SealedToken, StoredToken
from gnatwork_manager.connections.oauth2 import Grant
from gnatwork_manager.connections.sealing import SecretKeys
from gnatwork_schemas import subjects

#: A token is renewed when so much of its life is left, in seconds and as a part of it, whichever is less; it is handed
#: out no more when but a quarter of that is left.
_AHEAD, _AHEAD_PART = 300.0, 0.25
#: Seconds for which a token of the client is used where the service does not say how long it is good.
_UNKNOWN_LIFE = 900.0
#: Seconds for which a refusal stands, so that many attempts at once do not ask many times.
_REFUSED_FOR = 5.0


class Held(NamedTuple):
    """A token, and when it ends, in Unix seconds."""

    token: SealedToken
    expires_at: float | None


class Client(NamedTuple):
    """An OAuth2 connection, opened."""

    keys: SecretKeys
    namespace: str
    name: str
    connection: SealedConnection

    @property
    def place(self) -> tuple[str, ...]:
        """What tells it from others, and from itself with other values."""
        return self.namespace, self.name, self.connection.generation

    @property
    def key(self) -> str:
        """Where its token is stored."""
        return subjects.connection_token_key(self.namespace, self.name)

    def stored(self, entry: Entry | None) -> StoredToken | None:
        """What is stored of a token, if it was had with the values that the connection has now."""
        stored = StoredToken.model_validate_json(entry.value) if entry else None
        return stored if stored and stored.generation == self.connection.generation else None

    def held(self, stored: StoredToken | None) -> Held | None:
        """The token that a document holds; SealError."""
        if stored is None or stored.sealed is None:
            return None
        opened = self.keys.open(stored.sealed.encode(), token_place(self.namespace, self.name))
        return Held(SealedToken.model_validate_json(opened), stored.expires_at)

    def granted(self, grant: Grant, before: SealedToken | None, now: float) -> StoredToken:
        """The document of a new token. A refresh token that was not replaced stays good."""
        token = grant.token
        if token.refresh_token is None and before is not None:
            token = token.model_copy(update={"refresh_token": before.refresh_token})
        expires_in = grant.expires_in
        if expires_in is None and self.connection.values["grant"] == "client_credentials":
            expires_in = _UNKNOWN_LIFE
        return StoredToken(
            generation=self.connection.generation,
            issued_at=now,
            expires_at=None if expires_in is None else now + expires_in,
            sealed=self.keys.seal(token.model_dump_json().encode(), token_place(self.namespace, self.name)).decode(),
        )


def token_place(namespace: str, name: str) -> bytes:
    """What a token is sealed for."""
    return f"{namespace}/{name}/token".encode()


def left(stored: StoredToken | None, now: float) -> float:
    """Seconds for which a token is good still."""
    if stored is None or stored.sealed is None:
        return 0.0
    return math.inf if stored.expires_at is None else stored.expires_at - now


def is_ageing(stored: StoredToken | None, now: float, *, handed_out: bool = True) -> bool:
    """Whether it is time for another token; or, unless it is to be handed out, whether that can't wait."""
    if stored is None or stored.sealed is None:
        return True
    if stored.expires_at is None:
        return False
    ahead = min(_AHEAD, (stored.expires_at - stored.issued_at) * _AHEAD_PART)
    return left(stored, now) < (ahead if handed_out else ahead / 4)


def is_refused(stored: StoredToken | None, now: float) -> bool:
    """Whether another one was asked for a moment ago, and refused."""
    return stored is not None and now < stored.failed_at + _REFUSED_FOR
