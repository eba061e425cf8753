"""`docs/reference/roles.md`: who may do what, from what the endpoints declare."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from docs.generator.markdown import code, page, table
from gnatwork_manager.app import build_api
from gnatwork_manager.people.guard import GuardedRoute, guarded_routes
from gnatwork_schemas.people import EVERYWHERE, Reach, Role


class _Row(NamedTuple):
    """An endpoint in a table."""

    endpoint: str
    what: str
    action: str
    audited: str


def pages() -> dict[str, str]:
    """The one page."""
    parts: list[str] = []
    routes = [one for one in guarded_routes(build_api()) if one.route.include_in_schema]
    for title, text, wanted in _sections():
        rows = [row for one in routes if wanted(one) for row in _rows(one)]
        if rows:
            head = ("Endpoint", "What", "Action", "Audited")
            parts += [f"## {title}", text, table(head, rows)]
    return {"roles.md": page("Roles", _INTRODUCTION, *parts)}


def _sections() -> Iterator[tuple[str, str, Any]]:
    yield "No token", "For whoever can reach the manager.", lambda one: one.access.reach is Reach.PUBLIC
    yield "Any token", "About the caller, whoever that is.", lambda one: one.access.reach is Reach.CALLER
    for role in Role:
        yield (
            f"{role.capitalize()} of the namespace",
            f"The role `{role}`, or one that includes it, in the namespace of the request.",
            lambda one, role=role: (one.access.reach, one.access.role) == (Reach.NAMESPACE, role),
        )
    for role in Role:
        yield (
            f"{role.capitalize()} of all namespaces",
            f"The role `{role}`, or one that includes it, in `{EVERYWHERE}`.",
            lambda one, role=role: (one.access.reach, one.access.role) == (Reach.INSTALLATION, role),
        )


def _rows(one: GuardedRoute) -> Iterator[_Row]:
    for method in sorted(one.methods):
        endpoint = code(f"{method} {one.route.path_format}")
        yield _Row(endpoint, str(one.route.summary), code(one.access.action), "yes" if one.audited else "")


_INTRODUCTION = """\
Each endpoint declares the least role that it takes, and what a call of it is named in the audit log; this page is
written from those declarations, and the manager enforces nothing else. What a verb over NATS changes is written to the
audit log if the endpoint of the same action is. [People, keys and roles](../people.md) says what all of it means."""
