"""Who a request comes from, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.types import Scope

from gnatwork_manager.actors import Actor
from gnatwork_schemas.people import EVERYWHERE, Role, Roles

_STATE = "gnatwork.principal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Whoever has sent credentials that are good."""

    kind: Literal["person", "key", "token"]
    #: Of the person or key; empty for the installation's own token.
    id: str = ""
    #: The e-mail address of a person, the name of a key.
    name: str = ""
    roles: Mapping[str, Role]
    #: The id of the person: themselves, or the owner of the key; empty where there is none.
    person: str = ""
    #: What began when the person logged in; empty for others.
    session: str = ""

    def actor(self, address: str) -> Actor:
        """As it is written down."""
        return Actor(self.kind, self.id, self.name, address, self.person)


#: What whoever has the installation's own token may do.
TOKEN_ROLES: Roles = {EVERYWHERE: Role.ADMIN}


def set_principal(scope: Scope, principal: Principal) -> None:
    """Note who a request comes from."""
    scope[_STATE] = principal


def principal_of(scope: Scope) -> Principal:
    """Who a request comes from; not to be asked about one that needs no token."""
    principal: Principal = scope[_STATE]
    return principal
