"""API keys."""

import asyncio

from support.managing import TOKEN
from support.peopling import Clock, Visitor, code_of


async def test_a_key_is_good_at_all_managers_until_it_is_deleted(one: Visitor, other: Visitor) -> None:
    admin = await one.founded()
    made = await one.ask("POST", "/auth/keys", admin, name="ci", roles={"team": "editor"})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith(f"gnat_{made.json()['id']}_")
    me = (await other.ask("GET", "/auth/me", key)).json()
    assert me == {"kind": "key", "id": made.json()["id"], "name": "ci", "roles": {"team": "editor"}}
    listed = (await other.ask("GET", "/auth/keys", admin)).json()["items"]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    assert key.rpartition("_")[2] not in str(listed)
    assert code_of(await other.ask("GET", "/auth/me", f"{key[:-1]}_")) == (401, "auth.invalid")

    assert (await one.ask("DELETE", f"/auth/keys/{made.json()['id']}", admin)).status_code == 204
    assert code_of(await one.ask("GET", "/auth/me", key)) == (401, "auth.invalid")
    async with asyncio.timeout(20):
        while (await other.ask("GET", "/auth/me", key)).status_code != 401:
            pass


async def test_a_key_may_do_no_more_than_whoever_made_it_now_and_later(one: Visitor) -> None:
    admin = await one.founded()
    bob = await one.invited(admin, "bob@example.org", {"team": "editor"})
    for roles in ({"team": "admin"}, {"*": "viewer"}, {"team": "viewer", "other": "viewer"}):
        assert code_of(await one.ask("POST", "/auth/keys", bob, name="more", roles=roles)) == (403, "auth.forbidden")
    key = (await one.ask("POST", "/auth/keys", bob, name="same")).json()["key"]
    assert (await one.ask("GET", "/auth/me", key)).json()["roles"] == {"team": "editor"}
    person = (await one.ask("GET", "/auth/me", bob)).json()["id"]
    await one.ask("PATCH", f"/people/{person}", admin, roles={"team": "viewer", "other": "admin"})
    assert (await one.ask("GET", "/auth/me", key)).json()["roles"] == {"team": "viewer"}


async def test_people_see_their_own_keys_and_admins_all(one: Visitor) -> None:
    admin = await one.founded()
    bob = await one.invited(admin, "bob@example.org", {"team": "editor"})
    eve = await one.invited(admin, "eve@example.org", {"team": "admin"})
    ids = {
        name: (await one.ask("POST", "/auth/keys", token, name=name)).json()["id"]
        for name, token in (("admin", admin), ("bob", bob), ("eve", eve), ("nobody", TOKEN))
    }

    async def seen(token: str) -> list[str]:
        return [key["name"] for key in (await one.ask("GET", "/auth/keys", token)).json()["items"]]

    assert sorted(await seen(admin)) == sorted(await seen(TOKEN)) == ["admin", "bob", "eve", "nobody"]
    assert await seen(bob) == ["bob"]
    assert code_of(await one.ask("DELETE", f"/auth/keys/{ids['bob']}", eve)) == (404, "key.not_found")
    assert (await one.ask("DELETE", f"/auth/keys/{ids['bob']}", bob)).status_code == 204
    assert (await one.ask("DELETE", f"/auth/keys/{ids['eve']}", admin)).status_code == 204


async def test_a_key_does_not_make_keys_that_outlive_it(one: Visitor) -> None:
    admin = await one.founded()
    bob = await one.invited(admin, "bob@example.org", {"team": "editor"})
    key = (await one.ask("POST", "/auth/keys", bob, name="ci")).json()
    assert code_of(await one.ask("POST", "/auth/keys", key["key"], name="more")) == (403, "auth.forbidden")
    assert code_of(await one.ask("DELETE", f"/auth/keys/{key['id']}", key["key"])) == (403, "auth.forbidden")


async def test_a_key_ends_when_it_was_said_to(one: Visitor, clock: Clock) -> None:
    admin = await one.founded()
    reply = await one.ask("POST", "/auth/keys", admin, name="late", expires_at=clock.now - 1)
    assert code_of(reply) == (422, "request.invalid")
    key = (await one.ask("POST", "/auth/keys", admin, name="short", expires_at=clock.now + 60)).json()["key"]
    assert (await one.ask("GET", "/auth/me", key)).status_code == 200
    clock.now += 60
    assert code_of(await one.ask("GET", "/auth/me", key)) == (401, "auth.invalid")


async def test_the_use_of_a_key_is_noted_once_a_minute(one: Visitor, other: Visitor, clock: Clock) -> None:
    key = (await one.ask("POST", "/auth/keys", TOKEN, name="ci", roles={"*": "viewer"})).json()

    async def noted() -> float | None:
        (found,) = (await one.ask("GET", "/auth/keys", TOKEN)).json()["items"]
        at: float | None = found["last_used_at"]
        return at

    assert await noted() is None
    first = clock.now
    for who in (one, other, one):
        assert (await who.ask("GET", "/runs", key["key"])).status_code == 200
    async with asyncio.timeout(20):
        while await noted() != first:
            pass
    clock.now += 59
    await one.ask("GET", "/runs", key["key"])
    clock.now += 2
    await other.ask("GET", "/runs", key["key"])
    async with asyncio.timeout(20):
        while await noted() != clock.now:
            pass
