"""Access tokens, and what they are exchanged for."""

import asyncio

import jwt
import pytest
from support.peopling import Clock, Visitor, code_of


async def refresh(who: Visitor, token: str) -> tuple[int, dict[str, str]]:
    reply = await who.ask("POST", "/auth/refresh", refresh_token=token)
    return reply.status_code, reply.json()


async def test_an_access_token_is_good_for_a_quarter_of_an_hour_at_all_managers(
    one: Visitor, other: Visitor, clock: Clock
) -> None:
    await one.founded()
    tokens = (await one.login("ada@example.org")).json()
    assert tokens["expires_in"] == 900
    clock.now += 898
    assert (await other.ask("GET", "/auth/me", tokens["access_token"])).status_code == 200
    clock.now += 3
    for who in (one, other):
        reply = await who.ask("GET", "/auth/me", tokens["access_token"])
        assert code_of(reply) == (401, "auth.expired")
        assert 'error="invalid_token"' in reply.headers["www-authenticate"]
    status, following = await refresh(other, tokens["refresh_token"])
    assert status == 200
    assert (await one.ask("GET", "/auth/me", following["access_token"])).status_code == 200


async def test_a_refresh_token_that_is_used_again_ends_the_session(one: Visitor, other: Visitor) -> None:
    await one.founded()
    stolen = (await one.login("ada@example.org")).json()["refresh_token"]
    _, mine = await refresh(one, stolen)
    assert (await refresh(other, stolen))[0] == 401
    assert (await refresh(one, mine["refresh_token"]))[0] == 401
    for who in (one, other):
        assert code_of(await who.ask("GET", "/auth/me", mine["access_token"])) == (401, "auth.invalid")


async def test_a_refresh_token_that_is_used_twice_at_once_is_exchanged_once_at_most(
    one: Visitor, other: Visitor
) -> None:
    await one.founded()
    token = (await one.login("ada@example.org")).json()["refresh_token"]
    replies = await asyncio.gather(refresh(one, token), refresh(other, token))
    assert [status for status, _ in replies].count(200) <= 1


async def test_a_session_that_is_not_used_for_a_month_is_over(one: Visitor, clock: Clock) -> None:
    await one.founded()
    token = (await one.login("ada@example.org")).json()["refresh_token"]
    clock.now += 30 * 86_400
    status, problem = await refresh(one, token)
    assert (status, problem["code"]) == (401, "auth.expired")


async def test_logging_out_ends_the_session_everywhere_and_no_other(one: Visitor, other: Visitor) -> None:
    await one.founded()
    mine, elsewhere = [(await one.login("ada@example.org")).json() for _ in range(2)]
    assert (await one.ask("POST", "/auth/logout", mine["access_token"])).status_code == 204
    assert code_of(await one.ask("GET", "/auth/me", mine["access_token"])) == (401, "auth.invalid")
    assert (await refresh(other, mine["refresh_token"]))[0] == 401
    assert (await other.ask("GET", "/auth/me", elsewhere["access_token"])).status_code == 200

    async def is_refused() -> bool:
        return (await other.ask("GET", "/auth/me", mine["access_token"])).status_code == 401

    async with asyncio.timeout(20):
        while not await is_refused():
            pass


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_a_token_that_somebody_else_has_signed(one: Visitor, algorithm: str) -> None:
    token = await one.founded()
    claims = jwt.decode(token, options={"verify_signature": False})
    key = "" if algorithm == "none" else "guessed, and long enough for the algorithm"
    assert code_of(await one.ask("GET", "/auth/me", jwt.encode(claims, key, algorithm))) == (401, "auth.invalid")
