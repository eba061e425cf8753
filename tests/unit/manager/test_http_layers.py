"""What browsers are told, and which pages may call."""

import re
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gnatwork_manager.http.cors import Cors, OriginError, parse_origins
from gnatwork_manager.http.refusal import refusal
from gnatwork_manager.http.security import SecurityHeaders
from gnatwork_manager.http.upgrade import without_offer
from gnatwork_manager.problems import ProblemError

HERE = "https://app.example.org"


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Content-Security-Policy": "script-src *"} if scope["path"].endswith("own") else {}
    await PlainTextResponse(scope["method"], headers=headers)(scope, receive, send)


def client(app: ASGIApp, base: str = "http://test", **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, **more), base_url=base)


async def test_data_loads_nothing_whatever_a_workflow_says() -> None:
    async with client(SecurityHeaders(page)) as http:
        for path in ("/api/v1/runs", "/api/v1/own", "/hooks/own"):
            headers = (await http.get(path)).headers
            assert headers.get_list("content-security-policy") == [
                "default-src 'none'; frame-ancestors 'none'; sandbox"
            ]
            assert headers["cache-control"] == "no-store"
        assert (await http.get("/")).headers["content-security-policy"] == "default-src 'self'; frame-ancestors 'none'"
        assert (await http.get("/own")).headers["content-security-policy"] == "script-src *"


async def test_https_is_for_ever_only_where_it_is_spoken() -> None:
    told = "strict-transport-security"
    forwarded = {"X-Forwarded-Proto": "https"}
    trusting = SecurityHeaders(page, trusted=[ip_network("10.0.0.0/8")])
    async with client(SecurityHeaders(page)) as plain, client(SecurityHeaders(page), "https://test") as tls:
        assert told not in (await plain.get("/", headers=forwarded)).headers
        assert told in (await tls.get("/")).headers
    async with client(trusting, client=("10.1.2.3", 1)) as proxy, client(trusting, client=("11.1.2.3", 1)) as other:
        assert told in (await proxy.get("/", headers=forwarded)).headers
        assert told not in (await proxy.get("/")).headers
        assert told not in (await other.get("/", headers=forwarded)).headers


async def test_no_origin_may_call_unless_it_is_named() -> None:
    async with client(Cors(page, origins=())) as http:
        asked = {"Origin": HERE, "Access-Control-Request-Method": "POST"}
        reply = await http.options("/", headers=asked)
        assert reply.text == "OPTIONS"
        assert not any(name.startswith("access-control") for name in reply.headers)


async def test_named_origins_may_call() -> None:
    async with client(Cors(page, origins=parse_origins(f"{HERE}, http://localhost:3000/"))) as http:
        asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
        for origin in (HERE, "http://localhost:3000"):
            preflight = await http.options("/", headers={"Origin": origin, **asked})
            assert (preflight.status_code, preflight.content) == (204, b"")
            assert preflight.headers["access-control-allow-origin"] == origin
            assert "PUT" in preflight.headers["access-control-allow-methods"]
            assert "Authorization" in preflight.headers["access-control-allow-headers"]
            assert preflight.headers["vary"] == "Origin"
            reply = await http.get("/", headers={"Origin": origin})
            assert (reply.text, reply.headers["access-control-allow-origin"]) == ("GET", origin)
            assert "ETag" in reply.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in reply.headers
        for stranger in ("https://app.example.org.evil", "https://evil", "null", "http://app.example.org"):
            assert "access-control-allow-origin" not in (await http.get("/", headers={"Origin": stranger})).headers
        assert "vary" not in (await http.get("/")).headers


async def test_all_origins() -> None:
    async with client(Cors(page, origins=parse_origins("*"))) as http:
        assert (await http.get("/", headers={"Origin": "null"})).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "text", ["app.example.org", "https://a/b", "ftp://a", "https://", "https://*.example.org", "https://a,b"]
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(OriginError, match="no origin"):
        parse_origins(text)


def test_no_origins() -> None:
    assert parse_origins("") == parse_origins(" , ") == ()


def test_a_refusal_on_the_wire() -> None:
    error = ProblemError("request.too_many_connections", headers={"Connection": "close"})
    head, _, body = refusal(error, [(b"date", b"now")]).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 503 Service Unavailable"
    assert lines.count(b"connection: close") == 1
    assert b"date: now" in lines
    assert b"content-length: %d" % len(body) in lines
    assert re.search(rb"x-request-id: [0-9a-f-]{36}", head)


def test_an_offer_is_left_out() -> None:
    headers = [(b"host", b"x"), (b"connection", b"Upgrade"), (b"upgrade", b"h2c"), (b"content-length", b"3")]
    assert without_offer(b"POST", b"/a", headers) == b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n"
