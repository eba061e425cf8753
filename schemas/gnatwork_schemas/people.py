"""Who may do what: roles, and how much of them is needed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

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
