"""What each endpoint declares: who may call it, and what the call is named. Everything that guards it reads this."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi.routing import APIRoute

from gnatwork_schemas.people import Reach, Role

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])

_ATTRIBUTE = "gnatwork_access"
#: Methods that change nothing.
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Who may call an endpoint."""

    #: The same as that of the twin over NATS, where there is one, e.g. `workflow.put`.
    action: str
    #: None where everyone may.
    role: Role | None
    reach: Reach
    #: Whether calls are written to the audit log; None: those that may change something.
    audited: bool | None = None


def needs(
    role: Role, action: str, *, reach: Reach = Reach.NAMESPACE, audited: bool | None = None
) -> Callable[[_Endpoint], _Endpoint]:
    """Declare the least role for an endpoint; stands below the router's decorator.

    Args:
        role: the least one.
        action: what a call is named in the audit log: the verb of its twin over NATS.
        reach: where the role must be held.
        audited: False for what has a history of its own, such as the start of a run.
    """
    return _declare(Access(action=action, role=role, reach=reach, audited=audited))


def anyone(action: str, *, audited: bool | None = None) -> Callable[[_Endpoint], _Endpoint]:
    """Declare that an endpoint is about the caller: whoever has good credentials may call it."""
    return _declare(Access(action=action, role=None, reach=Reach.CALLER, audited=audited))


def public(action: str, *, audited: bool | None = None) -> Callable[[_Endpoint], _Endpoint]:
    """Declare that an endpoint needs no token."""
    return _declare(Access(action=action, role=None, reach=Reach.PUBLIC, audited=audited))


def access_of(route: APIRoute) -> Access:
    """What the endpoint of a route declares; TypeError when it declares nothing, which is a mistake of ours."""
    access: Access | None = getattr(route.endpoint, _ATTRIBUTE, None)
    if access is None:
        methods = ", ".join(sorted(methods_of(route)))
        raise TypeError(
            f"{methods} {route.path} says not who may call it: put `@needs(…)` below the router's decorator"
        )
    return access


def methods_of(route: APIRoute) -> frozenset[str]:
    """The methods that a route takes."""
    return frozenset(route.methods or ())


def is_audited(route: APIRoute, access: Access) -> bool:
    """Whether calls of a route are written to the audit log; TypeError for an action that can't be."""
    audited = not methods_of(route) <= _READING if access.audited is None else access.audited
    if audited and "." not in access.action:
        raise TypeError(f"{route.path}: `{access.action}` is written to the audit log, so write `noun.verb`")
    return audited


def _declare(access: Access) -> Callable[[_Endpoint], _Endpoint]:
    def declare(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _ATTRIBUTE, access)
        return endpoint

    return declare
