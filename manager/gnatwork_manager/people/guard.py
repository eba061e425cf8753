"""The guard before each route: it lets in who has the role that the endpoint declares."""

from collections.abc import Callable
from functools import partial

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from gnatwork_manager.audit.asgi import audited
from gnatwork_manager.audit.entries import Outcome, entry_of
from gnatwork_manager.audit.notes import Notes
from gnatwork_manager.people.access import access_of, is_audited, methods_of
from gnatwork_manager.people.principal import Principal, principal_of, set_allows
from gnatwork_manager.problems import ProblemError, error_response
from gnatwork_schemas.audit import AuditEntry
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import EVERYWHERE, Reach, Role, role_in

#: Someone with the roles of now; None once they would be refused.
Renew = Callable[[Principal], Principal | None]

_NAMESPACE_HEADER = b"x-gnatwork-namespace"


class GuardedRoute(BaseRoute):
    """A route and who may call it. Making one of a route that does not say so fails."""

    def __init__(self, route: APIRoute) -> None:
        self.route = route
        self.access = access_of(route)
        self.methods = methods_of(route)
        #: Whether calls are written to the audit log.
        self.audited = is_audited(route, self.access)
        #: For metrics, and for what else looks at routes.
        self.path = route.path

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the route."""
        return self.route.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on to the route, before anything of the request but its head is read."""
        if scope["method"] not in self.methods:
            await self.route.handle(scope, receive, send)
        elif self.audited:
            await audited(self._guarded, partial(self._entry, scope), scope, receive, send)
        else:
            await self._guarded(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.access.reach is not Reach.PUBLIC:
            if error := self._refusal(principal_of(scope), scope):
                await error_response(error)(scope, receive, send)
                return
            set_allows(scope, partial(self._allows, scope))
        await self.route.handle(scope, receive, send)

    def _refusal(self, principal: Principal, scope: Scope) -> ProblemError | None:
        role = self.access.role
        return None if role is None else refusal(principal, role, self.access.reach, scope)

    def _allows(self, scope: Scope, principal: Principal) -> bool:
        renew: Renew = scope["app"].state.renew
        renewed = renew(principal)
        return renewed is not None and self._refusal(renewed, scope) is None

    def _entry(self, scope: Scope, outcome: Outcome, noted: Notes) -> AuditEntry:
        named = "/".join(str(value) for value in scope["path_params"].values())
        namespace = namespace_of(scope) if self.access.reach is Reach.NAMESPACE else None
        return entry_of(self.access.action, outcome, noted, target=named, namespace=namespace)


def guarded_routes(app: FastAPI) -> list[GuardedRoute]:
    """All routes of an application that have a guard."""
    return [route for route in app.router.routes if isinstance(route, GuardedRoute)]


def public_paths(app: FastAPI) -> Callable[[str], bool]:
    """Tells which paths need no token, whatever the method."""
    routes = [one.route for one in guarded_routes(app) if one.access.reach is Reach.PUBLIC]
    plain = frozenset(route.path for route in routes if not route.param_convertors)
    patterns = tuple(dict.fromkeys(route.path_regex for route in routes if route.param_convertors))

    def is_public(path: str) -> bool:
        return path in plain or any(pattern.match(path) for pattern in patterns)

    return is_public


def refusal(principal: Principal, role: Role, reach: Reach, scope: Scope) -> ProblemError | None:
    """Why someone may not call what needs a role; None when they may."""
    everywhere = principal.roles.get(EVERYWHERE)
    if everywhere is not None and everywhere.includes(role):
        return None
    namespace = namespace_of(scope)
    here = role_in(principal.roles, namespace)
    if here is None:
        # Whoever has no business in a namespace learns nothing of it, not even whether it is used.
        return ProblemError("namespace.not_found", f"there is no namespace `{namespace}` for you")
    if reach is Reach.INSTALLATION:
        return ProblemError("auth.forbidden", f"this needs the role `{role}` in all namespaces (`{EVERYWHERE}`)")
    if not here.includes(role):
        return ProblemError("auth.forbidden", f"this needs the role `{role}` in `{namespace}`, yours is `{here}`")
    return None


def namespace_of(scope: Scope) -> str:
    """The namespace that a request is about, as endpoints read it."""
    for name, value in scope["headers"]:
        if name == _NAMESPACE_HEADER:
            return str(value, "latin-1")
    return DEFAULT_NAMESPACE
