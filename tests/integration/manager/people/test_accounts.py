"""Registering, logging in, and passwords."""

import asyncio
from typing import Any

from support.managing import TOKEN
from support.peopling import PASSWORD, Clock, Visitor, code_of

WEEK = 7 * 86_400


async def test_the_first_becomes_the_admin_of_everything_and_all_later_ones_need_an_invitation(one: Visitor) -> None:
    reply = await one.register("Ada@Example.org", name="Ada")
    assert reply.status_code == 201
    assert "password" not in reply.json()
    token = await one.token_of("ada@example.ORG")
    me = (await one.ask("GET", "/auth/me", token)).json()
    assert (me["kind"], me["name"], me["roles"]) == ("person", "Ada@Example.org", {"*": "admin"})
    assert code_of(await one.register("bob@example.org")) == (403, "invitation.needed")


async def test_of_those_who_want_to_be_first_at_once_one_is(one: Visitor, other: Visitor) -> None:
    replies = await asyncio.gather(
        *(who.register(f"{number}@example.org") for number in range(4) for who in (one, other)), return_exceptions=False
    )
    assert sorted(reply.status_code for reply in replies) == [201, *[403] * 7]
    people = (await other.ask("GET", "/people", TOKEN)).json()["items"]
    assert [person["roles"] for person in people] == [{"*": "admin"}]


async def test_an_invitation_is_good_once_for_whom_it_is_for_and_for_a_week(
    one: Visitor, other: Visitor, clock: Clock
) -> None:
    admin = await one.founded()

    async def invite(**body: Any) -> str:
        reply = await one.ask("POST", "/people/invitations", admin, **body)
        assert reply.status_code == 201
        return str(reply.json()["token"])

    token = await invite(roles={"team": "editor"}, email="bob@example.org")
    listed = (await one.ask("GET", "/people/invitations", admin)).json()["items"]
    assert [(one["email"], one["created_by"]) for one in listed] == [("bob@example.org", "person:ada@example.org")]
    assert token not in str(listed)
    assert code_of(await other.register("eve@example.org", invitation=token)) == (403, "invitation.invalid")
    assert code_of(await other.register("bob@example.org", invitation=f"{token[:-1]}x")) == (403, "invitation.invalid")
    assert (await other.register("Bob@example.org", invitation=token)).json()["roles"] == {"team": "editor"}
    assert code_of(await one.register("bob2@example.org", invitation=token)) == (403, "invitation.invalid")
    again = await invite(roles={"team": "editor"})
    assert code_of(await one.register("BOB@example.org", invitation=again)) == (409, "person.exists")

    taken_back = await one.ask("POST", "/people/invitations", admin, roles={"*": "viewer"})
    path = f"/people/invitations/{taken_back.json()['id']}"
    assert code_of(await other.ask("DELETE", "/people/invitations/*", admin)) == (404, "invitation.not_found")
    assert (await other.ask("DELETE", path, admin)).status_code == 204
    assert code_of(await other.ask("DELETE", path, admin)) == (404, "invitation.not_found")
    reply = await one.register("cy@example.org", invitation=taken_back.json()["token"])
    assert code_of(reply) == (403, "invitation.invalid")

    clock.now += WEEK
    assert code_of(await one.register("cy@example.org", invitation=again)) == (403, "invitation.invalid")


async def test_whoever_has_lost_their_roles_does_not_come_back_by_an_invitation_of_theirs(one: Visitor) -> None:
    admin = await one.founded()
    eve = await one.invited(admin, "eve@example.org", {"*": "admin"})
    tokens = [
        (await one.ask("POST", "/people/invitations", eve, roles={"team": role})).json()["token"]
        for role in ("admin", "viewer")
    ]
    person = (await one.ask("GET", "/auth/me", eve)).json()["id"]
    assert (await one.ask("PATCH", f"/people/{person}", admin, roles={"team": "viewer"})).status_code == 200
    assert code_of(await one.register("eve2@example.org", invitation=tokens[0])) == (403, "invitation.invalid")
    assert (await one.ask("DELETE", f"/people/{person}", admin)).status_code == 204
    assert code_of(await one.register("eve2@example.org", invitation=tokens[1])) == (403, "invitation.invalid")


async def test_one_invitation_makes_one_account_however_many_use_it_at_once(one: Visitor, other: Visitor) -> None:
    admin = await one.founded()
    token = (await one.ask("POST", "/people/invitations", admin, roles={"*": "viewer"})).json()["token"]
    replies = await asyncio.gather(
        *(
            who.register(f"{number}@{name}.org", invitation=token)
            for number in range(3)
            for name, who in (("one", one), ("other", other))
        )
    )
    assert sorted(reply.status_code for reply in replies) == [201, *[403] * 5]


async def test_a_wrong_password_and_an_unknown_address_are_told_apart_by_nothing(one: Visitor) -> None:
    token = await one.founded()
    wrong = await one.login("ada@example.org", "not the password")
    unknown = await one.login("nobody@example.org", "not the password")
    assert code_of(wrong) == code_of(unknown) == (401, "auth.refused")
    assert wrong.json() == unknown.json()
    figures = await one.http.get("../../metrics", headers={"Authorization": f"Bearer {token}"})
    assert 'gnatwork_logins_refused_total{code="auth.refused"} 2.0' in figures.text


async def test_tries_are_counted_for_all_managers_together(one: Visitor, other: Visitor, clock: Clock) -> None:
    await one.founded()
    # The login of the founder was a good one, and does not count.
    replies = await asyncio.gather(*(who.login("ada@example.org", "wrong") for _ in range(8) for who in (one, other)))
    counted = [reply for reply in replies if reply.status_code == 401]
    assert len(counted) <= 10
    late = [reply for reply in replies if reply.status_code == 429]
    assert len(late) == 16 - len(counted)
    for _ in range(10 - len(counted)):
        await one.login("ada@example.org", "wrong")
    reply = await other.login("ada@example.org")
    assert code_of(reply) == (429, "auth.throttled")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert code_of(await other.login("eve@example.org", "wrong")) == (401, "auth.refused")
    clock.now += 61
    assert (await other.login("ada@example.org")).status_code == 200


async def test_what_makes_no_account(one: Visitor) -> None:
    good = {"email": "ada@example.org", "password": PASSWORD}
    mistakes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"password": "short"}, "/password"),
        ({"password": "x" * 257}, "/password"),
        ({"password": " ADA@example.org"}, "/password"),
        ({"email": "no address"}, "/email"),
        ({"email": "a@b\n.org"}, "/email"),
        ({"roles": {"*": "admin"}}, "/roles"),
    )
    for changes, pointer in mistakes:
        reply = await one.ask("POST", "/auth/register", **{**good, **changes})
        assert code_of(reply) == (422, "request.invalid")
        assert reply.json()["errors"][0]["pointer"] == pointer
        assert all(str(value) not in reply.text for value in changes.values())
    assert (await one.ask("GET", "/people", TOKEN)).json()["items"] == []


async def test_a_new_password_ends_all_sessions_but_the_one_it_begins(one: Visitor, other: Visitor) -> None:
    await one.founded()
    before = (await other.login("ada@example.org")).json()
    mine = await one.token_of("ada@example.org")
    assert code_of(await one.ask("PUT", "/auth/password", mine, current="wrong", new="another password")) == (
        401,
        "auth.refused",
    )
    reply = await one.ask("PUT", "/auth/password", mine, current=PASSWORD, new="another password")
    assert reply.status_code == 200
    fresh = reply.json()["access_token"]
    for who in (one, other):
        assert (await who.ask("GET", "/auth/me", fresh)).status_code == 200
        assert code_of(await who.ask("GET", "/auth/me", mine)) == (401, "auth.invalid")
        assert code_of(await who.ask("GET", "/auth/me", before["access_token"])) == (401, "auth.invalid")
    assert code_of(await one.ask("POST", "/auth/refresh", refresh_token=before["refresh_token"])) == (
        401,
        "auth.invalid",
    )
    assert code_of(await one.login("ada@example.org")) == (401, "auth.refused")
    assert (await other.login("ada@example.org", "another password")).status_code == 200


async def test_whoever_has_the_installations_token_can_help_who_lost_their_password(one: Visitor) -> None:
    mine = await one.founded()
    (person,) = (await one.ask("GET", "/people", TOKEN)).json()["items"]
    path = f"/people/{person['id']}/password"
    assert (await one.ask("PUT", path, TOKEN, password="a new password")).status_code == 204
    assert code_of(await one.ask("GET", "/auth/me", mine)) == (401, "auth.invalid")
    assert (await one.login("ada@example.org", "a new password")).status_code == 200
    assert code_of(await one.ask("PUT", "/auth/password", TOKEN, current="x", new="a new password")) == (
        409,
        "auth.not_logged_in",
    )
