"""People, keys and invitations as the API shows them, and the roles that say who may do what."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gnatwork_schemas.model import Model

#: Stands for all namespaces, those to come included.
EVERYWHERE = "*"


class Role(StrEnum):
    """What someone may do in a namespace; each includes those before it."""

    #: Looks at everything.
    VIEWER = "viewer"
    #: Changes and runs things.
    EDITOR = "editor"
    #: Decides who else may.
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether whoever has this role may do what the other allows."""
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}


class Reach(StrEnum):
    """Where a role must be held for an endpoint to answer."""

    #: In the namespace that the request is about.
    NAMESPACE = "namespace"
    #: In all namespaces: the endpoint is about the whole installation.
    INSTALLATION = "installation"
    #: Nowhere: the endpoint is about the caller, whoever that is.
    CALLER = "caller"
    #: Nowhere: the endpoint needs no token.
    PUBLIC = "public"


#: A namespace, or `*`.
RoleKey = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9][a-z0-9_-]{0,62})$")]
#: By namespace, `*` being all of them.
Roles = Annotated[Mapping[RoleKey, Role], Field(max_length=1000)]


def role_in(roles: Mapping[str, Role], namespace: str) -> Role | None:
    """The role that someone has in a namespace: that given for it or that for all, whichever is more."""
    own, everywhere = roles.get(namespace), roles.get(EVERYWHERE)
    if own is None or (everywhere is not None and everywhere.includes(own)):
        return everywhere
    return own


def within(roles: Mapping[str, Role], bounds: Mapping[str, Role]) -> dict[str, Role]:
    """As much of some roles as lies within others."""
    found = {}
    for namespace in {*roles, *bounds}:
        wanted, most = role_in(roles, namespace), role_in(bounds, namespace)
        if wanted is not None and most is not None:
            found[namespace] = wanted if most.includes(wanted) else most
    return found


def covers(bounds: Mapping[str, Role], roles: Mapping[str, Role]) -> bool:
    """Whether some roles are no more than others."""
    return all((most := role_in(bounds, namespace)) and most.includes(role) for namespace, role in roles.items())


class Person(Model):
    """Someone who can log in."""

    id: str
    #: As it was given; two people's never differ in case alone.
    email: str
    name: str = ""
    roles: Roles = Field(default_factory=dict)
    #: Whoever is disabled, and the keys they made, are refused.
    disabled: bool = False
    #: Unix seconds.
    created_at: float
    #: Unix seconds; None before the first time.
    last_login: float | None = None


class Invitation(Model):
    """What someone may register with, once."""

    id: str
    #: Who alone may accept it; None for whoever has the token.
    email: str | None = None
    #: What whoever accepts it may do.
    roles: Roles = Field(default_factory=dict)
    #: Who made it.
    created_by: str
    #: Unix seconds.
    created_at: float
    #: Unix seconds.
    expires_at: float


class NewInvitation(Invitation):
    """An invitation that was just made."""

    #: What to register with; it is shown this once.
    token: str


class ApiKey(Model):
    """What a program calls with."""

    #: The part of the key that is no secret.
    id: str
    name: str
    #: The id of the person who made it; empty for one that was made with the installation's own token.
    owner: str
    #: What it may do, as long as its owner may.
    roles: Roles = Field(default_factory=dict)
    #: Unix seconds.
    created_at: float
    #: Unix seconds; None for never.
    expires_at: float | None = None
    #: Unix seconds, to the minute or so; None before the first time.
    last_used_at: float | None = None


class NewApiKey(ApiKey):
    """A key that was just made."""

    #: What to send as bearer token; it is shown this once.
    key: str


class Tokens(Model):
    """What a person calls with once they have logged in."""

    #: To send as bearer token.
    access_token: str
    #: What to get the next pair with, once.
    refresh_token: str
    #: Seconds for which the access token is good.
    expires_in: int


class Caller(Model):
    """Who has asked."""

    kind: Literal["person", "key", "token"]
    #: Of the person or key; empty for the installation's own token.
    id: str
    #: The e-mail address of a person, the name of a key.
    name: str
    roles: Roles
