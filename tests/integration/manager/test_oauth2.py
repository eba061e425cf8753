"""OAuth2 connections: tokens are had once, shared, and renewed ahead of their end by one manager at a time."""

import asyncio
import contextlib
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from support.managing import Bench, open_bench, running_manager, until
from support.oauth import SECRET, Service
from support.site import Reply, running_site

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.connections import oauth2
from gnatwork_manager.connections.documents import SealedConnection, StoredConnection, StoredToken
from gnatwork_manager.connections.oauth2 import TokenUnavailableError, ask, client_grant
from gnatwork_manager.connections.sealing import SecretKeys, generate_key
from gnatwork_manager.egress import ManagerHttp
from gnatwork_net.allow_list import AllowList
from gnatwork_schemas import subjects
from gnatwork_schemas.connections import OAuth2Values

RUN = "01890a5d-ac96-774b-bcce-000000000001"
KEYS = SecretKeys.parse(generate_key())


class Clock:
    """What time it is."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(clock: Clock) -> dict[str, Any]:
    """Those of managers that may reach the service."""
    return {"secret_keys": KEYS, "egress_allow": AllowList.parse("127.0.0.1"), "clock": clock}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with running_site() as site:
        yield Service(site=site)


@pytest.fixture
async def bench(bus: Connection, nats_url: str, tmp_path: Path, settings: dict[str, Any]) -> AsyncIterator[Bench]:
    async with open_bench(bus, nats_url, tmp_path / "index", **settings) as opened:
        yield opened


@pytest.fixture
async def second_manager(bench: Bench, nats_url: str, tmp_path: Path, settings: dict[str, Any]) -> AsyncIterator[None]:
    async with running_manager(nats_url, tmp_path / "second", **settings):
        yield


async def put(bench: Bench, values: dict[str, Any], name: str = "api") -> None:
    reply = await bench.http.put(f"/connections/{name}", json={"type": "oauth2", "values": values})
    assert reply.status_code in {200, 201}, reply.text


async def resolve(connection: Connection, name: str = "api") -> str:
    """The token, or the code of the problem."""
    body = orjson.dumps({"names": [name], "type": "fetch", "run_id": RUN})
    reply = await connection.request(subjects.api("default", "connection.resolve"), body, 30)
    answer = orjson.loads(reply.data)
    if problem := answer.get("problem"):
        assert SECRET not in str(problem)
        return str(problem["code"])
    values = answer["connections"][name]["values"]
    assert values["authorization"] == f"Bearer {values['token']}"
    return str(values["token"])


async def authorize(bench: Bench, service: Service, name: str = "api") -> httpx.Response:
    """Have someone agree, and come back without any token of ours."""
    begun = await bench.http.post(f"/connections/{name}/authorize")
    assert begun.status_code == 200, begun.text
    async with httpx.AsyncClient() as browser:
        return await browser.get(service.agree(begun.json()["url"]))


async def shown(bench: Bench, name: str = "api") -> dict[str, Any]:
    authorization: dict[str, Any] = (await bench.http.get(f"/connections/{name}")).json()["authorization"]
    return authorization


@pytest.mark.parametrize("client_auth", ["basic", "body"])
async def test_a_client_gets_a_token_of_its_own_and_keeps_it(bench: Bench, service: Service, client_auth: str) -> None:
    await put(bench, service.values("client_credentials", client_auth=client_auth, scope="read", audience="them"))
    assert await shown(bench) == {"status": "missing", "expires_at": None, "error": None}
    assert [await resolve(bench.connection) for _ in range(3)] == ["access-1"] * 3
    (asked,) = service.asked
    assert (asked["grant_type"], asked["scope"], asked["audience"]) == ("client_credentials", "read", "them")
    assert (await shown(bench))["status"] == "authorized"


async def test_many_who_ask_at_once_ask_once(bench: Bench, service: Service) -> None:
    await put(bench, service.values("client_credentials"))
    tokens = await asyncio.gather(*(resolve(bench.connection) for _ in range(50)))
    assert set(tokens) == {"access-1"}
    assert len(service.asked) == 1


async def test_it_is_renewed_ahead_of_its_end(bench: Bench, service: Service, clock: Clock) -> None:
    service.expires_in = 3600
    await put(bench, service.values("client_credentials"))
    await resolve(bench.connection)
    clock.now += 3200
    assert await resolve(bench.connection) == "access-1"
    assert len(service.asked) == 1
    # With less than five minutes left it is still good; and the next one is asked for meanwhile.
    clock.now += 150
    assert await resolve(bench.connection) == "access-1"
    await until(lambda: _is(bench, "access-2"))
    # A token that has ended is handed out no more.
    clock.now += 4000
    assert await resolve(bench.connection) == "access-3"


async def _is(bench: Bench, token: str) -> bool:
    return await resolve(bench.connection) == token


async def test_an_executor_keeps_a_token_for_less_time_than_it_is_good(bench: Bench, service: Service) -> None:
    service.expires_in = 40
    await put(bench, service.values("client_credentials"))
    body = orjson.dumps({"names": ["api"], "type": "fetch", "run_id": RUN})
    reply = await bench.connection.request(subjects.api("default", "connection.resolve"), body)
    assert orjson.loads(reply.data)["keep"] == 20


async def test_someone_agrees_and_the_token_is_refreshed_from_then_on(
    bench: Bench, service: Service, clock: Clock
) -> None:
    await put(bench, service.values("authorization_code", scope="read"))
    assert await resolve(bench.connection) == "connection.unauthorized"
    back = await authorize(bench, service)
    assert (back.status_code, back.text) == (200, "The connection api is authorized. This page can be closed.\n")
    assert await resolve(bench.connection) == "access-1"
    for number in (2, 3, 4):
        clock.now += 3700
        assert await resolve(bench.connection) == f"access-{number}"
    # Each refresh token was used once, and replaced by the next.
    assert [asked.get("refresh_token") for asked in service.asked] == [None, "refresh-1", "refresh-2", "refresh-3"]


async def test_a_callback_is_good_once_and_for_whoever_was_asked(bench: Bench, service: Service) -> None:
    await put(bench, service.values("authorization_code"))
    address = (await bench.http.post("/connections/api/authorize")).json()["url"]
    back = service.agree(address)
    assert back.startswith(f"{bench.address.url}/oauth/callback?")
    async with httpx.AsyncClient() as browser:
        assert (await browser.get(back)).status_code == 200
        for wrong in (back, f"{bench.address.url}/oauth/callback?state=made-up&code=x"):
            reply = await browser.get(wrong)
            assert (reply.status_code, reply.json()["code"]) == (400, "connection.unknown_state")


async def test_who_does_not_agree_is_told_so(bench: Bench, service: Service) -> None:
    await put(bench, service.values("authorization_code"))
    address = (await bench.http.post("/connections/api/authorize")).json()["url"]
    state = dict(urllib.parse.parse_qsl(address.partition("?")[2]))["state"]
    async with httpx.AsyncClient() as browser:
        reply = await browser.get(f"{bench.address.url}/oauth/callback?state={state}&error=access_denied")
        assert (reply.status_code, reply.json()["code"]) == (409, "connection.unauthorized")
        assert "access_denied" in reply.json()["detail"]
        again = await browser.get(f"{bench.address.url}/oauth/callback?state={state}&code=x")
    assert again.status_code == 400
    assert service.asked == []


async def test_the_callback_may_be_elsewhere_and_must_be_said_over_nats(bench: Bench, service: Service) -> None:
    await put(bench, service.values("authorization_code"))
    begun = await bench.http.post(
        "/connections/api/authorize", json={"callback": "https://flow.example/oauth/callback"}
    )
    assert service.agree(begun.json()["url"]).startswith("https://flow.example/oauth/callback?")
    subject = subjects.api("default", "connection.authorize")
    answer = orjson.loads((await bench.connection.request(subject, b'{"name": "api"}')).data)
    assert answer["problem"]["errors"][0]["pointer"] == "/callback"


async def test_other_values_mean_another_token(bench: Bench, service: Service) -> None:
    await put(bench, service.values("client_credentials"))
    assert await resolve(bench.connection) == "access-1"
    await put(bench, service.values("client_credentials", scope="more"))
    assert await resolve(bench.connection) == "access-2"
    # What they may be used for does not change them.
    await bench.http.put("/connections/api", json={"type": "oauth2", "blocks": ["fetch"]})
    assert await resolve(bench.connection) == "access-2"


@pytest.mark.usefixtures("second_manager")
async def test_two_managers_use_a_refresh_token_once(bench: Bench, service: Service, clock: Clock) -> None:
    await put(bench, service.values("authorization_code"))
    await authorize(bench, service)
    for number in range(2, 6):
        clock.now += 3700
        tokens = await asyncio.gather(*(resolve(bench.connection) for _ in range(20)))
        assert set(tokens) == {f"access-{number}"}
    assert len(service.asked) == 5


async def test_what_a_manager_asked_for_before_it_died_is_asked_for_again(bench: Bench, service: Service) -> None:
    await put(bench, service.values("client_credentials"))
    bucket = Bucket(bench.connection, subjects.CONNECTIONS_BUCKET)
    entry = await bucket.get(subjects.connection_key("default", "api"))
    assert entry
    sealed = KEYS.open(StoredConnection.model_validate_json(entry.value).sealed.encode(), b"default/api")
    generation = SealedConnection.model_validate_json(sealed).generation
    left = StoredToken(generation=generation, busy_until=1_800_000_000.5)
    await bucket.put(subjects.connection_token_key("default", "api"), left.model_dump_json().encode())
    asked = asyncio.create_task(resolve(bench.connection))
    done, _ = await asyncio.wait({asked}, timeout=0.2)
    assert not done
    assert service.asked == []
    # Its time is over by the clock of whoever waits.
    await bucket.put(
        subjects.connection_token_key("default", "api"),
        left.model_copy(update={"busy_until": 1.0}).model_dump_json().encode(),
    )
    assert await asked == "access-1"


async def test_what_the_service_answers_is_told_without_secrets(bench: Bench, service: Service) -> None:
    wrong = service.values("client_credentials", client_auth="body", client_secret=f"{SECRET}-wrong")
    await put(bench, wrong)
    assert await resolve(bench.connection) == "connection.unauthorized"
    told = await shown(bench)
    assert (told["status"], "`invalid_client`: not [redacted]" in told["error"]) == ("failed", True)
    reply = await bench.http.post("/connections/api/test")
    assert (reply.status_code, reply.json()["code"]) == (409, "connection.unauthorized")
    assert SECRET not in reply.text
    await put(bench, service.values("client_credentials"))
    assert (await bench.http.post("/connections/api/test")).json()["status"] == "authorized"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=503),
        Reply(status=429),
        Reply(raw=b"nonsense\r\n\r\n", close=True),
        Reply(body=b"x" * 300_000),
    ],
)
async def test_a_service_that_is_away_is_no_refusal(bench: Bench, service: Service, reply: Reply) -> None:
    service.instead = reply
    await put(bench, service.values("client_credentials"))
    assert await resolve(bench.connection) == "connection.token_unavailable"
    service.instead = None
    assert await resolve(bench.connection) == f"access-{len(service.asked)}"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=302, headers=(("location", "/elsewhere"),)),
        Reply(body=b"[]"),
        Reply(body=b'{"access_token": "x"}'),
        Reply(body=b'{"error": "slow_down"}'),
    ],
)
async def test_what_is_no_token_is_a_refusal(bench: Bench, service: Service, reply: Reply) -> None:
    service.instead = reply
    await put(bench, service.values("client_credentials"))
    assert await resolve(bench.connection) == "connection.unauthorized"
    # Attempts that come at once do not ask again.
    assert await resolve(bench.connection) == "connection.unauthorized"
    assert len(service.asked) == 1
    assert service.site.asked("/elsewhere") == []


async def test_while_a_token_is_good_a_failure_to_renew_it_does_not_matter(
    bench: Bench, service: Service, clock: Clock
) -> None:
    await put(bench, service.values("client_credentials"))
    await resolve(bench.connection)
    service.instead = Reply(status=500)
    clock.now += 3590
    assert await resolve(bench.connection) == "access-1"
    clock.now += 20
    assert await resolve(bench.connection) == "connection.token_unavailable"


async def test_private_addresses_are_not_reached(
    bus: Connection, nats_url: str, tmp_path: Path, service: Service
) -> None:
    async with open_bench(bus, nats_url, tmp_path / "index", secret_keys=KEYS) as bench:
        await put(bench, service.values("client_credentials"))
        assert await resolve(bus) == "connection.unauthorized"
        assert "GNATWORK_EGRESS_ALLOW" in (await shown(bench))["error"]
    assert service.site.connections == 0


async def test_tokens_are_sealed_and_go_with_their_connection(bench: Bench, service: Service) -> None:
    await put(bench, service.values("authorization_code"))
    await authorize(bench, service)
    bucket = Bucket(bench.connection, subjects.CONNECTIONS_BUCKET)
    key = subjects.connection_token_key("default", "api")
    entry = await bucket.get(key)
    assert entry
    assert b"access-1" not in entry.value
    assert b"refresh-1" not in entry.value
    assert (await bench.http.delete("/connections/api")).status_code == 204
    assert await bucket.get(key) is None


async def test_a_service_that_answers_drop_by_drop_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth2, "REQUEST_TIMEOUT", 1.0)

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    async with (
        await asyncio.start_server(drip, "127.0.0.1") as server,
        ManagerHttp(AllowList.parse("127.0.0.1")) as http,
    ):
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token"
        values = OAuth2Values(
            grant="client_credentials", client_id="the-client", client_secret=SECRET, token_url=address
        )
        async with asyncio.timeout(20):
            with pytest.raises(TokenUnavailableError, match="TimeoutError"):
                await ask(http(), values, client_grant(values))
