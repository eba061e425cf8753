"""The ASGI layers around the routes."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gnatwork_manager.auth import Authenticate, bad_token
from gnatwork_manager.limits import LimitBody
from gnatwork_manager.metrics import Metrics
from gnatwork_manager.observe import Observe
from gnatwork_manager.people.principal import TOKEN_ROLES, Principal
from gnatwork_manager.problems import ProblemError, error_response


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells how much came."""
    try:
        body = await Request(scope, receive).body()
    except ProblemError as error:
        await error_response(error)(scope, receive, send)
    else:
        await PlainTextResponse(str(len(body)))(scope, receive, send)


async def identify(token: bytes) -> Principal:
    if token != b"secret":
        raise bad_token()
    return Principal(kind="token", roles=TOKEN_ROLES)


def authenticated() -> ASGIApp:
    return Authenticate(echo, identify=identify, public="/healthz".__eq__)


def client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        (b"", 401),
        (b"Basic abc", 401),
        (b"Bearer", 401),
        (b"Bearer ", 401),
        (b"Bearer secre", 401),
        (b"Bearer secret2", 401),
        (b"Bearer \xff", 401),
        (b"Bearer secret", 200),
        (b"bearer  secret ", 200),
    ],
)
async def test_a_token_is_sent_as_bearer(header: bytes | None, status: int) -> None:
    headers = [] if header is None else [(b"authorization", header)]
    async with client(authenticated()) as http:
        reply = await http.get("/anything", headers=headers)
    assert reply.status_code == status
    if status == 401:
        assert reply.json()["code"] == ("auth.invalid" if header and header.startswith(b"Bearer ") else "auth.missing")
        assert reply.headers["www-authenticate"].startswith('Bearer realm="gnatwork"')


async def test_only_what_is_public_passes_without_a_token() -> None:
    async with client(authenticated()) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/healthz", headers={"Authorization": "Bearer wrong"})).status_code == 200
        assert (await http.get("/healthz/../metrics")).status_code == 401
        assert (await http.get("/healthz/more")).status_code == 401
        assert (await http.get("/anything")).status_code == 401


async def test_bodies_up_to_the_bound_pass() -> None:
    async with client(LimitBody(echo, max_body=10)) as http:
        assert (await http.post("/", content=b"x" * 10)).text == "10"
        assert (await http.post("/")).text == "0"


async def test_larger_bodies_are_refused_however_they_come() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 4

    async with client(LimitBody(echo, max_body=10)) as http:
        for content in (b"x" * 11, chunks()):
            reply = await http.post("/", content=content)
            assert (reply.status_code, reply.json()["code"]) == (413, "request.too_large")


async def test_a_declared_size_is_refused_unread() -> None:
    async def unread(_: Scope, __: Receive, ___: Send) -> None:
        pytest.fail("nobody is to see this request")

    async def receive() -> Any:
        pytest.fail("nothing is to be read")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"content-length", b"99999999999999999999999")]}
    await LimitBody(unread, max_body=10)(scope, receive, send)
    assert sent[0]["status"] == 413


async def test_whatever_goes_wrong_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_: Scope, __: Receive, ___: Send) -> None:
        raise RuntimeError("secret")

    async with client(Observe(broken, metrics=Metrics())) as http:
        reply = await http.get("/", headers={"X-Request-Id": "id-1"})
    assert (reply.status_code, reply.json()["code"]) == (500, "internal.error")
    assert reply.headers["x-request-id"] == "id-1"
    assert "secret" not in reply.text
    assert "id-1" in caplog.text
    assert "secret" in caplog.text
