"""Every endpoint there is, those to come included: who is refused, and how."""

from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from gnatwork_manager.app import build_api
from gnatwork_manager.auth import Authenticate, bad_token
from gnatwork_manager.people.guard import GuardedRoute, public_paths
from gnatwork_manager.people.principal import Principal
from gnatwork_manager.verbs import VERBS
from gnatwork_schemas.audit import AuditEntry
from gnatwork_schemas.people import EVERYWHERE, Reach, Role

#: What anyone may call who can reach the manager. A new one belongs here only after a good look at it.
PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    # Where browsers come back from an authorization server: the `state` that they bring is known to nobody else.
    ("GET", "/oauth/callback"),
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    *((method, "/api/v1/hooks/{place}") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
}
#: Second addresses of what is public and described under its first.
SHORT = {"/hooks/{place:path}"}
#: What anyone with good credentials may call, whatever their role.
ABOUT_THE_CALLER = {
    ("GET", "/api/v1/auth/me"),
    ("POST", "/api/v1/auth/logout"),
    ("PUT", "/api/v1/auth/password"),
    ("GET", "/api/v1/auth/keys"),
    ("POST", "/api/v1/auth/keys"),
    ("DELETE", "/api/v1/auth/keys/{id}"),
}
#: What takes a body and changes nothing.
LOOKING = {"workflow.validate", "workflow.diff"}
#: What is not written to the audit log though it changes something: it has a history of its own.
UNAUDITED = {
    "events.publish",
    "submit",
    "workflow.start",
    "run.rerun",
    "run.retry",
    "hook.call",
    "auth.refresh",
}

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SMALLER = {Role.EDITOR: Role.VIEWER, Role.ADMIN: Role.EDITOR}


class Operation(NamedTuple):
    method: str
    path: str
    reach: Reach
    role: Role | None

    @property
    def url(self) -> str:
        """The page with something in the place of each parameter."""
        return self.path.replace("{", "x").replace("}", "x").replace(":path", "")


API = build_api()
WRITTEN: list[AuditEntry] = []


async def write_down(entry: AuditEntry) -> None:
    WRITTEN.append(entry)


API.state.audit = write_down


def operations() -> list[Operation]:
    """All that the OpenAPI document describes."""
    document = API.openapi()
    return [
        Operation(
            method.upper(),
            path,
            Reach(item[method]["x-gnatwork-reach"]),
            Role(item[method]["x-gnatwork-role"]) if "x-gnatwork-role" in item[method] else None,
        )
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]


OPERATIONS = operations()
GUARDED = [one for one in OPERATIONS if one.role is not None]


async def ask(operation: Operation, roles: dict[str, Role] | None, namespace: str = "default") -> tuple[int, str]:
    """What is answered to someone with these roles, or without a token."""

    async def identify(token: bytes) -> Principal:
        if token != b"good" or roles is None:
            raise bad_token()
        return Principal(kind="key", id="caller", roles=roles)

    app = Authenticate(API, identify=identify, public=public_paths(API))
    headers = {"X-Gnatwork-Namespace": namespace}
    if roles is not None:
        headers["Authorization"] = "Bearer good"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        reply = await http.request(operation.method, operation.url, headers=headers)
    return reply.status_code, reply.json()["code"]


def test_what_is_open_is_open_on_purpose() -> None:
    assert {one[:2] for one in OPERATIONS if one.reach is Reach.PUBLIC} == PUBLIC
    assert {one[:2] for one in OPERATIONS if one.reach is Reach.CALLER} == ABOUT_THE_CALLER


def test_every_route_is_in_the_document() -> None:
    """So that what is said here of the document holds for all there is."""
    guarded = [one for one in API.routes if isinstance(one, GuardedRoute)]
    assert {one.path for one in guarded if not one.route.include_in_schema} == SHORT
    routes = {(method, one.path) for one in guarded if one.path not in SHORT for method in one.methods}
    assert {(one.method, one.path.replace(":path", "")) for one in OPERATIONS} == {
        (method, path.replace(":path", "")) for method, path in routes
    }
    others = [one for one in API.routes if not isinstance(one, GuardedRoute)]
    assert [getattr(one, "path", one) for one in others] == ["/openapi.json"]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one[:2] not in PUBLIC], ids=lambda one: one.path)
async def test_no_token(operation: Operation) -> None:
    assert await ask(operation, None) == (401, "auth.missing")


@pytest.mark.parametrize("operation", GUARDED, ids=lambda one: one.path)
async def test_no_role_in_the_namespace(operation: Operation) -> None:
    for roles in ({}, {"other": Role.ADMIN}):
        assert await ask(operation, roles) == (404, "namespace.not_found")
    assert await ask(operation, {"default": Role.ADMIN}, "other") == (404, "namespace.not_found")


@pytest.mark.parametrize("operation", GUARDED, ids=lambda one: one.path)
async def test_too_small_a_role(operation: Operation) -> None:
    assert operation.role is not None
    if operation.reach is Reach.INSTALLATION:
        assert await ask(operation, {"default": Role.ADMIN}) == (403, "auth.forbidden")
    if smaller := _SMALLER.get(operation.role):
        for roles in ({"default": smaller}, {EVERYWHERE: smaller}, {"default": smaller, "other": Role.ADMIN}):
            assert await ask(operation, roles) == (403, "auth.forbidden")


@pytest.mark.parametrize("operation", [one for one in GUARDED if one.role is Role.ADMIN], ids=lambda one: one.path)
async def test_a_refused_change_is_written_down(operation: Operation) -> None:
    WRITTEN.clear()
    await ask(operation, {EVERYWHERE: Role.EDITOR})
    if operation.method == "GET":
        assert not WRITTEN
    else:
        (entry,) = WRITTEN
        assert (entry.outcome, entry.who_id, entry.address) == ("refused", "caller", "127.0.0.1")
        assert entry.what == API.openapi()["paths"][operation.path][operation.method.lower()]["x-gnatwork-action"]


def test_all_changes_are_written_down_but_for_those_with_a_history_of_their_own() -> None:
    guarded = [one for one in API.routes if isinstance(one, GuardedRoute)]
    silent = {one.access.action for one in guarded if not one.audited and one.methods != {"GET"}}
    assert silent == UNAUDITED | LOOKING


def test_every_verb_over_nats_has_a_twin_that_says_whether_it_is_written_down() -> None:
    guarded = [one for one in API.routes if isinstance(one, GuardedRoute)]
    # Executors ask for connections, which is no change.
    assert set(VERBS) - {one.access.action for one in guarded} == {"connection.resolve"}


def test_whatever_is_not_read_needs_more_than_a_viewer() -> None:
    guarded = [one for one in API.routes if isinstance(one, GuardedRoute)]
    changing = {one.access.action for one in guarded if one.access.role is Role.VIEWER and one.methods != {"GET"}}
    assert changing == LOOKING


def test_a_route_that_does_not_say_who_may_call_it_is_none() -> None:
    router = APIRouter()

    @router.get("/open")
    async def forgotten() -> Any:
        """Anyone could."""

    (route,) = router.routes
    assert isinstance(route, APIRoute)
    with pytest.raises(TypeError, match="GET /open says not who may call it"):
        GuardedRoute(route)
