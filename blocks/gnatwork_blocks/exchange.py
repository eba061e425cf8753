"""One HTTP request and its answer, as `fetch` and `hook` make them."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

import httpx

from gnatwork_blocks.body_buffer import BodyBuffer, BodyTooLargeError, ContentEncodingError
from gnatwork_blocks.content import read_text
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.headers import has
from gnatwork_blocks.http_errors import TRANSPORT_ERRORS, invalid_url, origin_of, status_error, transport_error

#: Bytes that a body may have unless the config says otherwise.
DEFAULT_MAX_BYTES = 10_000_000
MAX_REDIRECTS = 10

#: How much of an error's body is read, for how long (bytes, seconds), and how much of it is shown (characters).
_EXCERPT_BYTES = 4096
_EXCERPT_SECONDS = 2.0
_EXCERPT_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What to request."""

    method: str
    url: str
    headers: dict[str, str]
    #: Added to the query of the URL, encoded.
    query: bytes = b""
    content: bytes | None = None
    #: Seconds for everything together; None: as long as the attempt may last.
    timeout: float | None = None
    follow_redirects: bool = False
    #: Names of headers that are taken out when a redirect leads to another origin.
    private: Collection[str] = ()
    max_bytes: int = DEFAULT_MAX_BYTES
    #: Which statuses are the error `http.status`.
    fails: Callable[[int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered."""

    status: int
    #: Where the answer came from at last, without user name and password.
    url: str
    headers: dict[str, str]
    #: Decompressed.
    content: bytes


async def exchange(ctx: BlockContext, call: Call) -> Answer:
    """Send a request, follow its redirects and read the answer.

    Redirects are followed here rather than by httpx, which would read their bodies whole.

    Raises:
        BlockError: Any code `http.…`.
    """
    request = _request(ctx, call)
    try:
        async with asyncio.timeout(call.timeout):
            for _ in range(MAX_REDIRECTS + 1):
                response = await ctx.http.send(request, stream=True, follow_redirects=False)
                try:
                    following = _following(request, response, call) if call.follow_redirects else None
                    if following is None:
                        return await _answer(request, response, call)
                finally:
                    await response.aclose()
                request = following
    except TRANSPORT_ERRORS as error:
        raise transport_error(error, origin_of(request.url), call.max_bytes) from error
    raise BlockError("http.too_many_redirects", f"{origin_of(request.url)} redirects more than {MAX_REDIRECTS} times.")


def _request(ctx: BlockContext, call: Call) -> httpx.Request:
    try:
        url = httpx.URL(call.url)
    except httpx.InvalidURL as error:
        raise invalid_url(str(error)) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise invalid_url("it must be absolute, and begin with http:// or https://.")
    headers = dict(call.headers)
    if ctx.traceparent and not has(headers, "traceparent"):
        headers["traceparent"] = ctx.traceparent
    # Bytes, since httpx takes text for ASCII.
    encoded = [(name.encode("ascii"), value.encode()) for name, value in headers.items()]
    if call.query:  # httpx would put it in the place of the URL's own
        url = url.copy_with(query=b"&".join(filter(None, (url.query, call.query))))
    return ctx.http.build_request(call.method, url, headers=encoded, content=call.content)


def _following(request: httpx.Request, response: httpx.Response, call: Call) -> httpx.Request | None:
    """The request that a redirect asks for. httpx takes `Authorization` out when it leads to another origin."""
    following = response.next_request
    if following is None:
        return None
    if origin_of(following.url) != origin_of(request.url):
        for name in call.private:
            following.headers.pop(name, None)
    elif "cookie" in request.headers:
        following.headers["cookie"] = request.headers["cookie"]  # which httpx always takes out
    return following


async def _answer(request: httpx.Request, response: httpx.Response, call: Call) -> Answer:
    if call.fails(response.status_code):
        raise status_error(request.method, request.url, response, await _excerpt(response))
    buffer = BodyBuffer(call.max_bytes, response.headers.get("content-encoding", ""))
    async for chunk in response.aiter_raw():
        buffer.feed(chunk)
    return Answer(
        status=response.status_code,
        url=str(request.url.copy_with(userinfo=b"")),
        headers=dict(response.headers),
        content=buffer.finish(),
    )


async def _excerpt(response: httpx.Response) -> str:
    """The beginning of an error's body, as far as it can be had."""
    try:
        buffer = BodyBuffer(_EXCERPT_BYTES, response.headers.get("content-encoding", ""))
    except ContentEncodingError:
        return ""
    try:
        async with asyncio.timeout(_EXCERPT_SECONDS):
            async for chunk in response.aiter_raw():
                buffer.feed(chunk)
    except (httpx.HTTPError, TimeoutError, ContentEncodingError, BodyTooLargeError):
        pass  # the status says what matters
    return read_text(buffer.so_far(), response.charset_encoding)[:_EXCERPT_CHARACTERS]
