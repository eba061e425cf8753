"""Clients that are slow, greedy or speak no HTTP, on raw sockets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from support.managing import until
from support.raw_http import PATIENCE, raw_connection

from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.server import HttpServer, listen

#: As short as a busy machine allows for what is to be cut off; what is not has far less to do.
SHORT = HttpBounds(
    head_timeout=0.5, body_timeout=0.5, write_timeout=0.5, linger=0.5, keep_alive=0.5, tick=0.05, connections=4
)
#: For what must not be cut off, however slow the machine is.
LONG = HttpBounds(tick=0.05)

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = 64 * 1024 * 1024


class App:
    """Says how much came, in the end; remembers who left before."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/early":
                await PlainTextResponse("early", 413)(scope, receive, send)
            case "/large":
                await PlainTextResponse(b"x" * LARGE)(scope, receive, send)
            case path:
                try:
                    body = await Request(scope, receive).body()
                except ClientDisconnect:
                    self.left.set()
                    return
                if path == "/wait":
                    await self.go_on.wait()
                await PlainTextResponse(str(len(body)))(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(bounds: HttpBounds, app: App | None = None) -> AsyncIterator[str]:
    listener = listen("127.0.0.1", 0)
    server = HttpServer(app or App(), listener, bounds)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.run_until_stopped())
        await server.wait_until_up()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.stop()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"hello\r\n\r\n", 400, "request.malformed"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "request.malformed"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "request.malformed"),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request.malformed"),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", 400, "request.malformed"),
        (
            HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            400,
            "request.malformed",
        ),
        (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400, "request.malformed"),
        (HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, "request.malformed"),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400, "request.malformed"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "request.malformed"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "request.url_too_long"),
        (HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n", 431, "request.head_too_large"),
        (HEAD + b"X: y\r\n" * 200 + b"\r\n", 431, "request.head_too_large"),
        (b"GET /" + b"x" * 300_000, 431, "request.head_too_large"),
        (HEAD + b"X: " + b"y" * 300_000, 431, "request.head_too_large"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 3_000_000, 400, "request.malformed"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 3_000_000, 400, "request.malformed"),
    ],
)
async def test_what_is_no_request_gets_a_problem(sent: bytes, status: int, code: str) -> None:
    async with serving(LONG) as url, raw_connection(url) as client:
        with contextlib.suppress(ConnectionError):
            await client.send(sent)
        answer = await client.answer()
        assert (answer.status, answer.code, answer.headers["connection"]) == (status, code, "close")
        assert answer.headers["x-request-id"]
        assert not await client.closed()


@pytest.mark.parametrize("begin", [b"", b"GET /", b"GET /echo HTTP/1.1\r\nX-A: "])
async def test_a_head_that_never_ends_is_cut_off(begin: bytes) -> None:
    async with serving(SHORT) as url, raw_connection(url) as client:
        await client.send(begin)
        if begin:
            await client.drip(b"x", 0.02)
            answer = await client.answer()
            assert (answer.status, answer.code) == (408, "request.timeout")
        assert not await client.closed()


async def test_line_breaks_keep_no_connection_open() -> None:
    async with serving(SHORT) as url, raw_connection(url) as client:
        await client.send(GET)
        assert (await client.answer()).status == 200
        await client.drip(b"\r\n", 0.02)
        await client.closed()


@pytest.mark.parametrize("how", [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
async def test_a_body_that_comes_byte_by_byte_is_cut_off(how: bytes) -> None:
    app = App()
    async with serving(SHORT, app) as url, raw_connection(url) as client:
        await client.send(HEAD + how)
        await client.drip(b"1\r\nx\r\n" if b"chunked" in how else b"x", 0.02)
        answer = await client.answer()
        assert (answer.status, answer.code) == (408, "request.timeout")
        await client.closed()
        async with asyncio.timeout(PATIENCE):
            await app.left.wait()


async def test_a_body_that_keeps_the_pace_is_taken() -> None:
    bounds = HttpBounds(body_timeout=0.5, rate=10, tick=0.05)
    async with serving(bounds) as url, raw_connection(url) as client:
        await client.send(HEAD + b"Content-Length: 2000\r\n\r\n" + b"x" * 100)
        for _ in range(19):
            # Half of its bytes would be late if time alone counted.
            await client.pause(0.05)
            await client.send(b"x" * 100)
        assert (await client.answer()).body == b"2000"


async def test_a_long_answer_is_no_slow_request() -> None:
    app = App()
    async with serving(SHORT, app) as url, raw_connection(url) as client:
        await client.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await client.pause(1.5)
        app.go_on.set()
        assert (await client.answer()).body == b"0"


async def test_a_reader_who_does_not_read_is_dropped() -> None:
    async with serving(replace(SHORT, connections=1)) as url:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
            client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")

            async def there_is_room() -> bool:
                async with raw_connection(url) as other:
                    await other.send(GET)
                    return (await other.answer()).status == 200

            assert not await there_is_room()
            await until(there_is_room, PATIENCE)


async def test_what_nobody_wants_to_read_does_not_go_on() -> None:
    async with serving(SHORT) as url, raw_connection(url) as client:
        await client.send(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert (await client.answer()).body == b"early"
        await client.drip(b"x" * 10_000, 0.02)
        assert not await client.closed()


async def test_an_idle_connection_is_closed() -> None:
    async with serving(SHORT) as url, raw_connection(url) as client:
        await client.send(GET)
        assert (await client.answer()).status == 200
        assert not await client.closed()


async def test_too_many_connections() -> None:
    bounds = HttpBounds(connections=2)
    async with serving(bounds) as url, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(raw_connection(url)) for _ in range(3)]
        for client in clients[:2]:
            await client.send(GET)
            assert (await client.answer()).status == 200
        await clients[2].send(GET)
        answer = await clients[2].answer()
        assert (answer.status, answer.code) == (503, "request.too_many_connections")
        assert answer.headers["retry-after"]
        assert not await clients[2].closed()
        async with raw_connection(url) as probe:
            await probe.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await probe.answer()).status == 200
        crowd = [await stack.enter_async_context(raw_connection(url)) for _ in range(70)]
        refused = await crowd[-1].answer()
        assert (refused.status, refused.code) == (503, "request.too_many_connections")


async def test_requests_in_a_row_are_answered_in_a_row() -> None:
    async with serving(LONG) as url, raw_connection(url) as client:
        bodies = [b"x" * size for size in range(30)]
        await client.send(b"".join(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies))
        assert [(await client.answer()).body for _ in bodies] == [str(len(body)).encode() for body in bodies]


@pytest.mark.parametrize(
    "last",
    [
        b"nonsense\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Length: 5\r\n\r\nab",
        HEAD + b"X: ",
    ],
)
async def test_what_comes_after_a_request_is_never_taken_for_its_answer(last: bytes) -> None:
    app = App()
    async with serving(SHORT, app) as url, raw_connection(url) as client:
        await client.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n" + GET + last)
        await client.pause(1)
        app.go_on.set()
        assert [(await client.answer()).body for _ in range(2)] == [b"0", b"0"]
        rest = await client.closed()
        assert not rest or b" 408 " in rest.split(b"\r\n")[0]


async def test_a_flood_of_requests_in_a_row_ends() -> None:
    async with serving(LONG) as url, raw_connection(url) as client:
        with contextlib.suppress(ConnectionError):
            await client.send(GET * 5000)
        answers = (await client.closed()).count(b"HTTP/1.1 200")
        assert 0 < answers < 5000


async def test_an_offer_to_speak_another_protocol_is_passed_over() -> None:
    async with serving(LONG) as url, raw_connection(url) as client:
        offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        await client.send(HEAD + offer + b"Content-Length: 3\r\n\r\nabc")
        assert (await client.answer()).body == b"3"
