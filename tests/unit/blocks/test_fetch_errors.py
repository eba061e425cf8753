import asyncio
import gzip
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import trustme
from support.site import Reply, Site, running_site

from gnatwork_blocks.builtin.fetch import Fetch
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block

ZEROS = gzip.compress(b"\0" * 20_000_000)


async def failure(ctx: BlockContext, url: str, **config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Fetch, {"url": url, **config}, ctx)
    return caught.value


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (404, False), (418, False), (429, True), (500, True), (503, True), (599, True)],
)
async def test_an_error_status(site: Site, ctx: BlockContext, status: int, retryable: bool) -> None:
    error = await failure(ctx, site.on("/secret-path", Reply(status=status, body=b"because")) + "?key=hidden")
    assert (error.code, error.retryable, error.retry_after) == ("http.status", retryable, None)
    assert error.details == {"status": status, "body": "because"}
    assert f"GET {site.url} was answered with {status}" in error.message
    assert "secret" not in error.message


async def test_a_server_may_say_when_to_come_back(site: Site, ctx: BlockContext) -> None:
    url = site.on("/", Reply(status=429, headers=(("retry-after", "7"),)))
    assert (await failure(ctx, url)).retry_after == 7
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    url = site.on("/", Reply(status=503, headers=(("Retry-After", later),)))
    assert 590 < ((await failure(ctx, url)).retry_after or 0) <= 600
    url = site.on("/", Reply(status=404, headers=(("retry-after", "7"),)))
    assert (await failure(ctx, url)).retry_after is None


@pytest.mark.parametrize(
    ("reply", "excerpt"),
    [
        (Reply(status=500, body=b"x" * 100_000), "x" * 500),
        (
            Reply(status=500, body=gzip.compress(b"\0" * 10_000_000), headers=(("content-encoding", "gzip"),)),
            "\0" * 500,
        ),
        (Reply(status=500, body=b"?", headers=(("content-encoding", "br"),)), ""),
        (Reply(raw=b"HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\npart", close=True), "part"),
        (Reply(raw=b"HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\npart", hang=True), "part"),
    ],
)
async def test_an_excerpt_is_as_much_as_can_be_had(
    site: Site, ctx: BlockContext, reply: Reply, excerpt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnatwork_blocks.exchange._EXCERPT_SECONDS", 0.05)
    error = await failure(ctx, site.on("/", reply))
    assert (error.code, error.details) == ("http.status", {"status": 500, "body": excerpt})


@pytest.mark.parametrize(
    "reply", [Reply(raw=b"", hang=True), Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart", hang=True)]
)
async def test_a_server_that_takes_too_long(site: Site, ctx: BlockContext, reply: Reply) -> None:
    error = await failure(ctx, site.on("/", reply), timeout="50ms")
    assert (error.code, error.retryable) == ("http.timeout", True)


async def test_a_cancel_is_not_an_error_of_the_server(site: Site, ctx: BlockContext) -> None:
    arrived = asyncio.Event()

    def reply(_: object) -> Reply:
        arrived.set()
        return Reply(raw=b"", hang=True)

    task = asyncio.create_task(run_block(Fetch, {"url": site.on("/", reply), "timeout": "60s"}, ctx))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"", close=True),
        Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart", close=True),
        Reply(raw=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n", close=True),
    ],
)
async def test_a_connection_that_breaks(site: Site, ctx: BlockContext, reply: Reply) -> None:
    error = await failure(ctx, site.on("/", reply))
    assert (error.code, error.retryable) == ("http.connection", True)


async def test_nobody_listens_or_nobody_is_known(site: Site, ctx: BlockContext) -> None:
    async with running_site() as gone:
        url = gone.url
    for address in (url, "http://no-such-host.invalid/"):
        error = await failure(ctx, address)
        assert (error.code, error.retryable) == ("http.connection", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://0177.0.0.1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain",
    ],
)
async def test_a_server_that_does_not_speak_http(site: Site, ctx: BlockContext, raw: bytes) -> None:
    error = await failure(ctx, site.on("/", Reply(raw=raw, close=True)))
    assert (error.code, error.retryable) == ("http.protocol", False)


@pytest.mark.parametrize("encoded", [False, True])
async def test_a_body_without_end_is_cut_off(site: Site, ctx: BlockContext, encoded: bool) -> None:
    body = ZEROS if encoded else b"\0" * 20_000
    coding = b"content-encoding: gzip\r\n" if encoded else b""
    raw = b"HTTP/1.1 200 OK\r\n" + coding + b"content-length: 9999999999\r\n\r\n" + body
    error = await failure(ctx, site.on("/", Reply(raw=raw, hang=True)), max_bytes=10_000)
    assert (error.code, error.retryable) == ("http.too_large", False)


async def test_a_redirect_in_a_circle(site: Site, ctx: BlockContext) -> None:
    error = await failure(ctx, site.redirect("/", "/"))
    assert (error.code, error.retryable) == ("http.too_many_redirects", False)
    assert len(site.requests) == 11


@pytest.mark.parametrize(
    "location", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "//0x7f.2/"]
)
async def test_a_redirect_to_where_none_may_go(site: Site, ctx: BlockContext, location: str) -> None:
    error = await failure(ctx, site.redirect("/", location))
    assert (error.code, error.retryable) == ("http.blocked_address", False)


async def test_a_redirect_out_of_http(site: Site, ctx: BlockContext) -> None:
    assert (await failure(ctx, site.redirect("/", "file:///etc/passwd"))).code == "http.invalid_url"


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "/path",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://[::1",
        "http://a:99999/",
        "http://a<b/",
        "http://0177.0.0.1/",
        "http://a..b/",
        "http://exa mple.com/",
        "http://example.com/\x00",
        "{{ input.url }}",
        "http://" + "a" * 70_000,
    ],
)
async def test_a_url_that_can_not_be_requested(ctx: BlockContext, url: str) -> None:
    error = await failure(ctx, url)
    assert (error.code, error.retryable) == ("http.invalid_url", False)


async def test_a_certificate_that_nobody_vouches_for(ctx: BlockContext) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # Signed by an authority that nobody else has heard of.
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with running_site(context) as site:
        error = await failure(ctx, site.on("/", Reply()))
    assert (error.code, error.retryable) == ("http.connection", False)
    assert "certificate" in error.message
