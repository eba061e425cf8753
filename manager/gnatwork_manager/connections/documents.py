"""The documents of connections in their bucket, and what is sealed of them."""

from typing import Any, Literal

from gnatwork_schemas.model import Model
from gnatwork_schemas.names import BlockTypeName, Name


class StoredConnection(Model):
    """The document of a connection in its bucket. What counts is sealed; the rest is for lists."""

    v: Literal[1] = 1
    type: Name
    description: str = ""
    blocks: tuple[BlockTypeName, ...] | None = None
    values: tuple[str, ...]
    created_by: str
    updated_by: str
    created_at: float
    updated_at: float
    #: `SealedConnection` as JSON, sealed for `<namespace>/<name>`.
    sealed: str


class SealedConnection(Model):
    """What is sealed of a connection: also what it may be used for, which no one is to change from outside."""

    type: Name
    blocks: tuple[BlockTypeName, ...] | None = None
    #: Changes with the values: tokens that were had with others are of no use.
    generation: str
    values: dict[str, Any]
    #: Of a type that an integration brings, which may be gone by now: which of the values are secrets.
    secret: tuple[str, ...] | None = None


class StoredToken(Model):
    """The document of what an `oauth2` connection has got, beside it."""

    v: Literal[1] = 1
    #: That of the connection it was had with.
    generation: str
    #: Unix seconds; None where the service does not say.
    expires_at: float | None = None
    #: When it was had, Unix seconds.
    issued_at: float = 0.0
    #: Unix seconds until which some manager is getting another one; 0 when none is.
    busy_until: float = 0.0
    #: Why there is no token, or no newer one.
    error: str | None = None
    #: When that was, Unix seconds.
    failed_at: float = 0.0
    #: `SealedToken` as JSON, sealed for `<namespace>/<name>/token`; None when there is none.
    sealed: str | None = None


class SealedToken(Model):
    """What is sealed of a token."""

    access_token: str
    #: As the service calls it.
    token_type: str = "Bearer"  # noqa: S105 - a kind of tokens
    refresh_token: str | None = None


class StoredRequest(Model):
    """What is remembered while someone is asked to agree."""

    v: Literal[1] = 1
    namespace: Name
    name: Name
    generation: str
    #: Where the service sends them back to.
    redirect_uri: str
    #: The PKCE verifier, sealed for `<namespace>/<name>/request`.
    sealed: str
