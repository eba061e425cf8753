import asyncio

import httpcore
import httpx
import pytest
from support.resources import resources
from support.site import Reply, Site

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.shared import Shared
from gnatwork_net.allow_list import Address, AllowList, parse_address
from gnatwork_net.egress import GuardedBackend
from gnatwork_net.guard import Resolver

TRICKS = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "127.1",
    "0.0.0.0",  # noqa: S104 - as a target
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "100.64.0.1",
    "10.0.0.1",
    "224.0.0.1",
]


def resolving_to(*addresses: str) -> Resolver:
    async def resolver(host: str, port: int) -> list[Address]:
        return [parse_address(address) for address in addresses]

    return resolver


@pytest.mark.parametrize("host", TRICKS)
async def test_no_spelling_of_an_address_gets_past_the_guard(site: Site, host: str) -> None:
    async with resources().http as http:
        with pytest.raises(BlockError) as caught:
            await http().get(f"http://{host}:{site.port}/")
    assert (caught.value.code, caught.value.retryable) == ("http.blocked_address", False)
    assert "GNATWORK_EGRESS_ALLOW" in caught.value.message
    assert site.connections == 0


async def test_a_redirect_is_guarded_like_a_request(site: Site) -> None:
    url = site.redirect("/", f"http://127.0.0.2:{site.port}/inside")
    async with resources("127.0.0.1").http as http:
        with pytest.raises(BlockError) as caught:
            await http().get(url, follow_redirects=True)
    assert caught.value.code == "http.blocked_address"
    assert [request.target for request in site.requests] == ["/"]


async def test_one_bad_address_of_a_name_is_enough(site: Site) -> None:
    backend = GuardedBackend(AllowList.parse("127.0.0.1"), BlockError, resolving_to("127.0.0.1", "10.0.0.1"))
    with pytest.raises(BlockError) as caught:
        await backend.connect_tcp("rebind.example", site.port)
    assert "10.0.0.1" not in caught.value.message
    assert site.connections == 0


async def test_a_listed_name_may_resolve_to_anything(site: Site) -> None:
    backend = GuardedBackend(AllowList.parse("intranet.example"), BlockError, resolving_to("127.0.0.1"))
    stream = await backend.connect_tcp("Intranet.Example", site.port)
    await stream.aclose()
    with pytest.raises(BlockError):
        await backend.connect_tcp("other.example", site.port)


async def test_the_next_address_is_tried_when_one_does_not_answer(site: Site) -> None:
    # Nobody listens at the second loopback address.
    backend = GuardedBackend(AllowList.parse("127.0.0.0/8"), BlockError, resolving_to("127.0.0.2", "127.0.0.1"))
    stream = await backend.connect_tcp("two.example", site.port)
    await stream.aclose()
    backend = GuardedBackend(AllowList.parse("127.0.0.0/8"), BlockError, resolving_to("127.0.0.2", "127.0.0.3"))
    with pytest.raises(httpcore.ConnectError):
        await backend.connect_tcp("two.example", site.port)


async def test_a_name_without_an_address_is_a_failed_connection() -> None:
    with pytest.raises(httpcore.ConnectError, match="no address"):
        await GuardedBackend(AllowList(), BlockError, resolving_to()).connect_tcp("none.example", 80)


async def test_a_resolver_that_fails_or_is_silent() -> None:
    async def failing(host: str, port: int) -> list[Address]:
        raise OSError("no such host")

    async def silent(host: str, port: int) -> list[Address]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore.ConnectError, match="resolved"):
        await GuardedBackend(AllowList(), BlockError, failing).connect_tcp("none.example", 80)
    with pytest.raises(httpcore.ConnectTimeout, match="in time"):
        await GuardedBackend(AllowList(), BlockError, silent).connect_tcp("slow.example", 80, timeout=0.01)


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
async def test_a_name_that_can_be_none(host: str) -> None:
    async with resources().http as http:
        with pytest.raises(BlockError) as caught:
            await http().get(f"http://{host}/")
    assert caught.value.code == "http.invalid_url"


async def test_no_cookie_travels_to_another_request(site: Site, http: Shared[httpx.AsyncClient]) -> None:
    url = site.on("/", Reply(headers=(("set-cookie", "session=secret; Path=/"),)))
    await http().get(url)
    await http().get(url)
    assert not http().cookies
    assert all("cookie" not in request.headers for request in site.requests)


async def test_connections_are_kept_and_the_environment_is_ignored(
    site: Site, http: Shared[httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    url = site.on("/", Reply(body=b"hello"))
    assert http() is http()
    for _ in range(3):
        assert (await http().get(url)).text == "hello"
    assert site.connections == 1
    assert site.requests[0].headers["user-agent"].startswith("gnatwork/")


async def test_a_closed_client_is_made_anew_when_asked_for() -> None:
    http = resources().http
    await http.aclose()
    first = http()
    await http.aclose()
    assert first.is_closed
    assert isinstance(http(), httpx.AsyncClient)
    await http.aclose()
