"""Who may do what, and that changes of it are known everywhere."""

import asyncio
from typing import Any

from support.managing import TOKEN
from support.peopling import Visitor, code_of

WORKFLOW: dict[str, Any] = {"blocks": [{"id": "wait", "type": "delay", "config": {"for": "1s"}}]}


async def until_refused(who: Visitor, token: str) -> None:
    """Wait for the second in which all managers know."""
    async with asyncio.timeout(20):
        while (await who.ask("GET", "/auth/me", token)).status_code != 401:
            pass


async def test_a_role_holds_in_its_namespace_and_nowhere_else(one: Visitor, other: Visitor) -> None:
    admin = await one.founded()
    token = await one.invited(admin, "bob@example.org", {"team": "editor", "public": "viewer"})
    assert (await other.ask("GET", "/runs", token, "team")).status_code == 200
    assert (await other.ask("POST", "/workflows/validate", token, "public", **WORKFLOW)).status_code == 200
    assert code_of(await other.ask("PUT", "/workflows/w", token, "public", **WORKFLOW)) == (403, "auth.forbidden")
    assert (await other.ask("PUT", "/workflows/w", token, "team", **WORKFLOW)).status_code == 201
    assert code_of(await other.ask("GET", "/runs", token)) == (404, "namespace.not_found")
    assert code_of(await other.ask("GET", "/people", token, "team")) == (403, "auth.forbidden")
    assert code_of(await other.ask("GET", "/people", token, "other")) == (404, "namespace.not_found")
    assert (await other.ask("GET", "/auth/me", token)).json()["roles"] == {"team": "editor", "public": "viewer"}


async def test_of_two_namespaces_in_one_request_the_endpoint_reads_the_one_that_was_checked(one: Visitor) -> None:
    admin = await one.founded()
    token = await one.invited(admin, "bob@example.org", {"team": "viewer"})
    for namespace in ("team", "secret"):
        await one.ask("PUT", f"/workflows/of-{namespace}", admin, namespace, **WORKFLOW)
    for first, second, status in (("team", "secret", 200), ("secret", "team", 404)):
        headers = [("Authorization", f"Bearer {token}")]
        headers += [("X-Gnatwork-Namespace", first), ("X-Gnatwork-Namespace", second)]
        reply = await one.http.get("/workflows", headers=headers)
        assert reply.status_code == status
        assert "of-secret" not in reply.text


async def test_other_roles_hold_at_once_also_for_tokens_that_are_out(one: Visitor) -> None:
    admin = await one.founded()
    token = await one.invited(admin, "bob@example.org", {"team": "viewer"})
    bob = (await one.ask("GET", "/auth/me", token)).json()["id"]
    reply = await one.ask("PATCH", f"/people/{bob}", admin, roles={"team": "editor"}, name="Bob")
    assert (reply.status_code, reply.json()["roles"], reply.json()["name"]) == (200, {"team": "editor"}, "Bob")
    assert (await one.ask("PUT", "/workflows/w", token, "team", **WORKFLOW)).status_code == 201


async def test_whoever_is_disabled_is_refused_everywhere_with_all_their_keys(one: Visitor, other: Visitor) -> None:
    admin = await one.founded()
    token = await one.invited(admin, "bob@example.org", {"team": "editor"})
    key = (await one.ask("POST", "/auth/keys", token, name="ci")).json()["key"]
    assert (await other.ask("GET", "/runs", key, "team")).status_code == 200
    bob = (await one.ask("GET", "/auth/me", token)).json()["id"]
    assert (await one.ask("PATCH", f"/people/{bob}", admin, disabled=True)).status_code == 200
    for credential in (token, key):
        assert code_of(await one.ask("GET", "/auth/me", credential)) == (401, "auth.invalid")
        await until_refused(other, credential)
    assert code_of(await other.login("bob@example.org")) == (401, "auth.refused")
    assert (await one.ask("PATCH", f"/people/{bob}", admin, disabled=False)).status_code == 200
    assert code_of(await one.ask("GET", "/auth/me", token)) == (401, "auth.invalid")
    assert (await one.ask("GET", "/auth/me", key)).status_code == 200
    assert (await other.login("bob@example.org")).status_code == 200


async def test_somebody_is_always_admin_of_everything(one: Visitor, other: Visitor) -> None:
    ada = await one.founded()
    bob = await one.invited(ada, "bob@example.org", {"*": "admin"})
    ids = [(await one.ask("GET", "/auth/me", token)).json()["id"] for token in (ada, bob)]
    replies = await asyncio.gather(
        one.ask("PATCH", f"/people/{ids[1]}", ada, roles={"*": "viewer"}),
        other.ask("DELETE", f"/people/{ids[0]}", bob),
    )
    refused = [code_of(reply) for reply in replies if reply.status_code >= 400]
    assert len(refused) >= 1
    assert set(refused) <= {(409, "person.last_admin"), (403, "auth.forbidden"), (401, "auth.invalid")}
    left = (await one.ask("GET", "/people", TOKEN)).json()["items"]
    (admin,) = [person["id"] for person in left if person["roles"] == {"*": "admin"}]
    losing: tuple[dict[str, Any], ...] = ({"roles": {"*": "editor"}}, {"roles": {}}, {"disabled": True})
    for body in losing:
        assert code_of(await one.ask("PATCH", f"/people/{admin}", TOKEN, **body)) == (409, "person.last_admin")
    assert code_of(await one.ask("DELETE", f"/people/{admin}", TOKEN)) == (409, "person.last_admin")


async def test_whoever_is_deleted_is_gone_with_their_keys_and_can_come_anew(one: Visitor, other: Visitor) -> None:
    admin = await one.founded()
    token = await one.invited(admin, "bob@example.org", {"team": "admin"})
    key = (await one.ask("POST", "/auth/keys", token, name="ci")).json()
    bob = (await one.ask("GET", "/auth/me", token)).json()["id"]
    assert (await one.ask("DELETE", f"/people/{bob}", admin)).status_code == 204
    assert code_of(await one.ask("GET", f"/people/{bob}", admin)) == (404, "person.not_found")
    assert (await one.ask("GET", "/auth/keys", admin)).json()["items"] == []
    anew = await other.invited(admin, "bob@example.org", {"team": "viewer"})
    assert (await one.ask("GET", "/auth/me", anew)).status_code == 200
    for credential in (token, key["key"]):
        await until_refused(other, credential)
        assert code_of(await one.ask("GET", "/auth/me", credential)) == (401, "auth.invalid")
