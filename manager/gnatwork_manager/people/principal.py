"""Who a request comes from, and what they may do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.types import Scope

from gnatwork_manager.actors import Actor
from gnatwork_schemas.people import EVERYWHERE, Role, Roles

_STATE = "gnatwork.principal"
_ALLOWS = "gnatwork.allows"


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
    #: What began when the person logged in, and their `generation` then; empty for others.
    session: str = ""
    generation: int = 0

    def actor(self, address: str) -> Actor:
        """As it is written down."""
        return Actor(self.kind, self.id, self.name, address, self.person)


#: What whoever has the installation's own token may do.
TOKEN_ROLES: Roles = {EVERYWHERE: Role.ADMIN}


#: Whether requests of someone are answered still; asked again and again while an answer takes long.
Allows = Callable[[Principal], bool]


def set_principal(scope: Scope, principal: Principal) -> None:
    """Note who a request comes from."""
    scope[_STATE] = principal


def principal_of(scope: Scope) -> Principal:
    """Who a request comes from; not to be asked about one that needs no token."""
    principal: Principal = scope[_STATE]
    return principal


def set_allows(scope: Scope, allows: Allows) -> None:
    """Note how to find out whether the caller may go on."""
    scope[_ALLOWS] = allows


def may_go_on(scope: Scope) -> bool:
    """Whether the caller would be let in now: they may have lost their key or their role meanwhile."""
    allows: Allows | None = scope.get(_ALLOWS)
    return allows is None or allows(principal_of(scope))
