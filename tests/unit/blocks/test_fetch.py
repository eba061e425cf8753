import base64
import gzip
from typing import Any

import httpx
import pytest
from support.resources import resources
from support.site import Reply, Request, Site

from gnatwork_blocks.builtin.fetch import Fetch
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.shared import Shared
from gnatwork_blocks.testing import Recorder, run_block

JSON = ("content-type", "application/json")


async def sent(site: Site, ctx: BlockContext, **config: Any) -> Request:
    """The request that reaches the server."""
    await run_block(Fetch, {"url": site.on("/", Reply()), **config}, ctx)
    return site.requests[-1]


async def test_an_answer_is_the_output(site: Site, ctx: BlockContext) -> None:
    headers = (JSON, ("x-two", "a"), ("X-Two", "b"))
    url = site.on("/data", Reply(body=b'{"n": 1}', headers=headers))
    output = await run_block(Fetch, {"url": f" {url}?q=1 "}, ctx)
    assert output.pop("elapsed_ms") >= 0
    assert output == {
        "status": 200,
        "ok": True,
        "url": f"{url}?q=1",
        "headers": {"content-type": "application/json", "x-two": "a, b", "content-length": "8"},
        "body": {"n": 1},
    }


async def test_bytes_are_marked_as_base64(site: Site, ctx: BlockContext) -> None:
    url = site.on("/", Reply(body=b"\x89PNG", headers=(("content-type", "image/png"),)))
    output = await run_block(Fetch, {"url": url}, ctx)
    assert (output["body"], output["body_encoding"]) == ("iVBORw==", "base64")


async def test_a_charset_and_a_compression_are_undone(site: Site, ctx: BlockContext) -> None:
    headers = (("content-type", "text/plain; charset=koi8-r"), ("content-encoding", "gzip"))
    url = site.on("/", Reply(body=gzip.compress("привет".encode("koi8-r")), headers=headers))
    assert (await run_block(Fetch, {"url": url}, ctx))["body"] == "привет"
    assert site.requests[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_every_method(site: Site, ctx: BlockContext, method: str) -> None:
    request = await sent(site, ctx, method=method)
    assert request.method == method
    key = ctx.idempotency_key if method in {"POST", "PATCH"} else None
    assert request.headers.get("idempotency-key") == key


async def test_no_content_has_no_body(site: Site, ctx: BlockContext) -> None:
    assert (await run_block(Fetch, {"url": site.on("/", Reply(status=204))}, ctx))["body"] is None
    url = site.on("/gz", Reply(headers=(JSON, ("content-encoding", "gzip"), ("content-length", "99"))))
    assert (await run_block(Fetch, {"url": url, "method": "HEAD"}, ctx))["body"] is None


async def test_headers_and_query(site: Site, ctx: BlockContext) -> None:
    request = await sent(
        site,
        ctx,
        url=site.on("/", Reply()) + "?a=1",
        headers={"X-Number": 5, "x-name": " Zoë ", "User-Agent": "mine"},
        query={"b": "x y&z", "c": [1, True, 2.5], "d": None, "e": []},
    )
    assert request.target == "/?a=1&b=x+y%26z&c=1&c=true&c=2.5"
    assert request.headers["x-number"] == "5"
    assert request.headers["x-name"].encode("latin-1").decode() == "Zoë"
    assert request.headers["user-agent"] == "mine"


@pytest.mark.parametrize(
    ("config", "body", "content_type"),
    [
        ({"json": {"a": ["é", None]}}, '{"a":["é",null]}'.encode(), "application/json"),
        ({"json": None}, b"null", "application/json"),
        ({"json": None, "form": {"a": 1}}, b"a=1", "application/x-www-form-urlencoded"),
        ({"form": {"a": [1, "x y"], "b": True, "c": None}}, b"a=1&a=x+y&b=true", "application/x-www-form-urlencoded"),
        ({"form": {"é": "&"}}, b"%C3%A9=%26", "application/x-www-form-urlencoded"),
        ({"body": "é"}, "é".encode(), "text/plain; charset=utf-8"),
        ({"body": "<a/>", "headers": {"content-type": "text/xml"}}, b"<a/>", "text/xml"),
        ({"body": ""}, b"", "text/plain; charset=utf-8"),
        ({}, b"", None),
    ],
)
async def test_ways_to_give_a_body(
    site: Site, ctx: BlockContext, config: dict[str, Any], body: bytes, content_type: str | None
) -> None:
    request = await sent(site, ctx, method="PUT", **config)
    assert (request.body, request.headers.get("content-type")) == (body, content_type)


async def test_ways_to_prove_who_one_is(site: Site, ctx: BlockContext) -> None:
    basic = base64.b64encode("zoë:p:w".encode()).decode()
    for auth, header in (
        ({"username": "zoë", "password": "p:w"}, f"Basic {basic}"),
        ({"token": "t0ken"}, "Bearer t0ken"),
        (None, None),
    ):
        assert (await sent(site, ctx, auth=auth)).headers.get("authorization") == header


async def test_a_user_in_the_url_is_sent_and_not_shown(site: Site, ctx: BlockContext) -> None:
    url = site.on("/", Reply()).replace("http://", "http://ada:secret@")
    output = await run_block(Fetch, {"url": url}, ctx)
    assert site.requests[0].headers["authorization"].startswith("Basic ")
    assert "secret" not in output["url"]


async def test_what_the_run_sends_on(site: Site, http: Shared[httpx.AsyncClient]) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ctx = Recorder(resources=resources(http=http)).context(traceparent=trace, idempotency_key="run:task")
    request = await sent(site, ctx, method="POST")
    assert (request.headers["traceparent"], request.headers["idempotency-key"]) == (trace, "run:task")
    request = await sent(site, ctx, method="POST", headers={"Idempotency-Key": "mine", "TraceParent": "mine"})
    assert (request.headers["traceparent"], request.headers["idempotency-key"]) == ("mine", "mine")


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_redirects_are_followed(site: Site, ctx: BlockContext, status: int, method: str) -> None:
    site.on("/there", Reply(body=b"arrived", headers=(("content-type", "text/plain"),)))
    url = site.redirect("/", "/there?x=1", status)
    output = await run_block(Fetch, {"url": url, "method": "POST", "json": [1], "headers": {"Cookie": "a=b"}}, ctx)
    assert (output["body"], output["url"]) == ("arrived", f"{site.url}/there?x=1")
    last = site.requests[-1]
    assert (last.method, last.body) == (method, b"[1]" if method == "POST" else b"")
    assert last.headers["cookie"] == "a=b"


async def test_a_redirect_elsewhere_takes_no_secret_along(site: Site, ctx: BlockContext) -> None:
    async with resources("127.0.0.1,localhost").http as both:
        ctx.resources = resources(http=both)
        site.on("/there", Reply())
        url = site.redirect("/", f"http://localhost:{site.port}/there")
        await run_block(Fetch, {"url": url, "auth": {"token": "t"}, "headers": {"Cookie": "a=b"}}, ctx)
    first, second = site.requests
    assert first.headers["authorization"] == "Bearer t"
    assert not {"authorization", "cookie"} & set(second.headers)


async def test_cookies_do_not_travel(site: Site, ctx: BlockContext) -> None:
    reply = Reply(status=302, headers=(("location", "/there"), ("set-cookie", "session=secret")))
    site.on("/there", Reply())
    for _ in range(2):
        await run_block(Fetch, {"url": site.on("/", reply)}, ctx)
    assert len(site.requests) == 4
    assert all("cookie" not in request.headers for request in site.requests)


async def test_a_redirect_is_an_answer_when_not_followed(site: Site, ctx: BlockContext) -> None:
    output = await run_block(Fetch, {"url": site.redirect("/", "/there"), "follow_redirects": False}, ctx)
    assert (output["status"], output["ok"], output["headers"]["location"]) == (302, False, "/there")


async def test_the_body_of_a_redirect_is_not_read(site: Site, ctx: BlockContext) -> None:
    site.on("/there", Reply())
    head = b"HTTP/1.1 302 Found\r\nlocation: /there\r\ncontent-length: 9999999999\r\n\r\nendless"
    output = await run_block(Fetch, {"url": site.on("/", Reply(raw=head, hang=True))}, ctx)
    assert output["status"] == 200


async def test_an_error_status_as_output(site: Site, ctx: BlockContext) -> None:
    url = site.on("/", Reply(status=503, body=b'{"why": "busy"}', headers=(JSON,)))
    output = await run_block(Fetch, {"url": url, "fail_on_status": False}, ctx)
    assert (output["status"], output["ok"], output["body"]) == (503, False, {"why": "busy"})


async def test_the_size_cap_is_exact(site: Site, ctx: BlockContext) -> None:
    url = site.on("/", Reply(body=b"x" * 100, headers=(("content-type", "text/plain"),)))
    assert len((await run_block(Fetch, {"url": url, "max_bytes": 100}, ctx))["body"]) == 100
    with pytest.raises(BlockError) as caught:
        await run_block(Fetch, {"url": url, "max_bytes": 99}, ctx)
    assert (caught.value.code, caught.value.retryable) == ("http.too_large", False)
    assert "99 bytes" in caught.value.message


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({}, "/url"),
        ({"url": " "}, "/url"),
        ({"url": 5}, "/url"),
        ({"url": "http://a", "method": "CONNECT"}, "/method"),
        ({"url": "http://a", "method": "get"}, "/method"),
        ({"url": "http://a", "json": 1, "body": "x"}, ""),
        ({"url": "http://a", "form": {}, "body": "x"}, ""),
        ({"url": "http://a", "json_": 1}, "/json_"),
        ({"url": "http://a", "form": {"a": {}}}, "/form"),
        ({"url": "http://a", "query": {"a": [[1]]}}, "/query"),
        ({"url": "http://a", "headers": {"a": "b\nc"}}, "/headers"),
        ({"url": "http://a", "headers": {"Content-Length": "3"}}, "/headers"),
        ({"url": "http://a", "auth": {"username": "a"}}, "/auth"),
        ({"url": "http://a", "auth": {"token": "a\nb"}}, "/auth"),
        ({"url": "http://a", "auth": {"token": "a"}, "headers": {"authorization": "b"}}, ""),
        ({"url": "http://a", "timeout": 0}, "/timeout"),
        ({"url": "http://a", "max_bytes": 0}, "/max_bytes"),
        ({"url": "http://a", "max_bytes": 100_000_001}, "/max_bytes"),
        ({"url": "http://a", "retries": 3}, "/retries"),
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Fetch, config, ctx)
    assert caught.value.code == "block.config_invalid"
    assert caught.value.details is not None
    assert any(fault["pointer"].startswith(pointer) for fault in caught.value.details["errors"])
