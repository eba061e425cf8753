"""Where requests come from, with a proxy in between."""

from pathlib import Path

import pytest
from support.managing import TOKEN, running_manager
from support.peopling import Visitor, visitor

from gnatwork_bus.connection import Connection
from gnatwork_manager.people.addresses import parse_networks


async def refused_from(who: Visitor, address: str) -> str:
    """The address that the audit log has of a login that failed."""
    login = {"email": "nobody@example.org", "password": "not this one"}
    reply = await who.http.post("/auth/login", json=login, headers={"X-Forwarded-For": address})
    assert reply.status_code == 401
    (entry, *_) = (await who.ask("GET", "/audit", TOKEN)).json()["items"]
    return str(entry["address"])


@pytest.mark.parametrize(("trusted", "seen"), [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.7")])
async def test_a_proxy_is_believed_only_if_it_is_trusted(
    bus: Connection, nats_url: str, tmp_path: Path, trusted: str, seen: str
) -> None:
    async with running_manager(nats_url, tmp_path, trusted_proxies=parse_networks(trusted)) as address:
        who = visitor(address)
        async with who.http:
            assert await refused_from(who, "198.51.100.1, 203.0.113.7") == seen


async def test_a_password_in_the_wrong_place_is_not_written_down(one: Visitor) -> None:
    assert (await one.login("hunter2 is my password", "ada@example.org")).status_code == 401
    assert "hunter2" not in (await one.ask("GET", "/audit", TOKEN)).text


async def test_nobody_makes_a_manager_read_much_before_it_knows_them(one: Visitor) -> None:
    reply = await one.login("ada@example.org", "x" * 70_000)
    assert (reply.status_code, reply.json()["code"]) == (413, "request.too_large")
