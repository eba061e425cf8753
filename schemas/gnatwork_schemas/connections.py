"""Connections: what they may hold, by type, and what the API shows of them, which is never a value."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from gnatwork_schemas.model import Model, StrictModel
from gnatwork_schemas.names import BlockTypeName, Name, RunId

#: A secret that is shorter can't be told from ordinary text, so it could not be kept out of outputs and logs.
MIN_SECRET = 4
#: Characters of the longest value.
MAX_VALUE = 64 * 1024

#: The types that the engine itself has; integrations bring others.
ConnectionType = Literal["header", "basic", "bearer", "oauth2", "smtp", "custom"]
#: What a value of a custom connection may be called.
VALUE_NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$"

Secret = Annotated[str, StringConstraints(min_length=MIN_SECRET, max_length=MAX_VALUE)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_VALUE)]
_Header = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~A-Za-z0-9-]{1,200}$")]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s#]+$", max_length=2000)]
#: Where the service is; `code` reaches nothing else with the connection.
_BaseUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#@]+$", max_length=2000)] | None
_ValueName = Annotated[str, StringConstraints(pattern=VALUE_NAME_PATTERN)]


#: Block types that get a connection only where it names them: they run whatever someone has written.
NAMED_TYPES = frozenset({"code", "python-full"})


#: What a secret may begin with that many other texts end with.
_SCHEMES = frozenset({"basic", "bearer", "token"})


def secret_part(value: str) -> str:
    """What is secret of a value: of `Basic dXNlcjpwYXNz` what follows the word, for that is no secret by itself."""
    scheme, _, rest = value.partition(" ")
    return rest if scheme.lower() in _SCHEMES and len(rest) >= MIN_SECRET else value


class HeaderValues(StrictModel):
    """A header that a service wants to see, such as `X-Api-Key`."""

    base_url: _BaseUrl = None
    name: _Header
    value: Secret


class BasicValues(StrictModel):
    """A user name and a password. Without a password the user name is the secret."""

    base_url: _BaseUrl = None
    username: _Text
    password: Annotated[str, StringConstraints(max_length=MAX_VALUE)] = ""

    @model_validator(mode="after")
    def _secret(self) -> "BasicValues":
        if len(self.password or self.username) < MIN_SECRET:
            raise ValueError(f"`password` has at least {MIN_SECRET} characters; without one, `username` has")
        return self


class BearerValues(StrictModel):
    """A token that does not change."""

    base_url: _BaseUrl = None
    token: Secret


class OAuth2Values(StrictModel):
    """How tokens are had (RFC 6749), by the program itself or in the name of someone who agreed once."""

    grant: Literal["client_credentials", "authorization_code"]
    token_url: _Url
    #: Where someone agrees; only of `authorization_code`.
    authorize_url: _Url | None = None
    client_id: _Text
    #: None is a public client, which proves itself by PKCE alone.
    client_secret: Secret | None = None
    scope: _Text | None = None
    #: Sent on with each request, as some services ask for it.
    audience: _Text | None = None
    base_url: _BaseUrl = None
    #: How the client says who it is: a `basic` header, or in the `body`.
    client_auth: Literal["basic", "body"] = "basic"

    @model_validator(mode="after")
    def _complete(self) -> "OAuth2Values":
        if (self.grant == "authorization_code") != (self.authorize_url is not None):
            raise ValueError("`authorize_url` belongs to the grant `authorization_code`, which needs it")
        if self.grant == "client_credentials" and self.client_secret is None:
            raise ValueError("`client_credentials` needs a `client_secret`")
        return self


class SmtpValues(StrictModel):
    """A mail server."""

    host: _Text
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    username: _Text | None = None
    password: Secret | None = None
    #: `starttls` begins in the open and changes over, `tls` is encrypted from the start.
    tls: Literal["starttls", "tls", "none"] = "starttls"


#: By type, what its values have to be; those of `custom` are any texts under any names.
VALUES: Mapping[str, type[StrictModel] | None] = {
    "header": HeaderValues,
    "basic": BasicValues,
    "bearer": BearerValues,
    "oauth2": OAuth2Values,
    "smtp": SmtpValues,
    "custom": None,
}

#: By type, those of the values that are secrets; all of `custom` are.
SECRET_VALUES: Mapping[str, tuple[str, ...]] = {
    "header": ("value",),
    "basic": ("password",),
    "bearer": ("token",),
    "oauth2": ("client_secret",),
    "smtp": ("password",),
}

CustomValues = Annotated[dict[_ValueName, Secret], Field(min_length=1, max_length=100)]


class ConnectionBody(StrictModel):
    """What is sent to store a connection."""

    #: One of the engine's own, or of those that integrations bring.
    type: Name
    #: None keeps those that are stored, where the type stays the same.
    values: dict[str, Any] | None = None
    #: The block types that may use it; None for all.
    blocks: Annotated[tuple[BlockTypeName, ...], Field(max_length=100)] | None = None
    description: Annotated[str, StringConstraints(max_length=1000)] = ""


class Authorization(Model):
    """How an `oauth2` connection stands."""

    #: `missing`: nobody has agreed yet, or no token was asked for so far.
    status: Literal["missing", "authorized", "failed"]
    #: Unix seconds; None where the service does not say.
    expires_at: float | None = None
    #: What the service answered when it gave no token.
    error: str | None = None


class ConnectionView(Model):
    """A connection as the API shows it."""

    name: Name
    #: Changes with each write; the ETag.
    revision: int
    type: Name
    description: str = ""
    #: The block types that may use it; None for all.
    blocks: tuple[BlockTypeName, ...] | None = None
    #: What was stored, by name alone.
    values: tuple[str, ...]
    #: What templates can mention.
    offers: tuple[str, ...]
    #: Who stored it first, and last.
    created_by: str
    updated_by: str
    #: Unix seconds.
    created_at: float
    updated_at: float
    #: Only of `oauth2`.
    authorization: Authorization | None = None


class AuthorizeBody(StrictModel):
    """What is sent to have someone agree."""

    #: Where the service sends them back to, `/oauth/callback` of a manager; None is the manager that is asked.
    callback: _Url | None = None


class AuthorizeAddress(Model):
    """Where someone agrees."""

    #: To be opened in a browser.
    url: str
    #: Unix seconds after which it leads nowhere.
    expires_at: float


class Rotated(Model):
    """What a rotation has come to."""

    #: The id of the key that everything is sealed with now.
    key: str
    #: Values that were sealed anew, and those that had been already.
    sealed: int
    current: int


class ResolveBody(StrictModel):
    """What an executor asks: `connection.resolve`."""

    names: Annotated[tuple[Name, ...], Field(min_length=1, max_length=100)]
    #: The type of the block that is to have the values.
    type: BlockTypeName
    #: The run that it is for, for the log.
    run_id: RunId


class ResolvedConnection(Model):
    """The values of a connection, for an executor."""

    values: dict[str, str | int]
    #: Which of them must never be seen.
    secret: tuple[str, ...]


class Resolved(Model):
    """The answer of `connection.resolve`."""

    connections: dict[Name, ResolvedConnection]
    #: Seconds for which it may be kept in memory.
    keep: float
