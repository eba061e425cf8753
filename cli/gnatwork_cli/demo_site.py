"""A small web site for the demo and the examples: pages to read, an endpoint that fails, a hook that listens.

    python -m gnatwork_cli.demo_site [--port 7480]

Standard library only, one request per connection. Its pages:

    GET  /news                a page with headlines (`examples/site/news.html`)
    GET  /weather/<city>      JSON; so are /people/<city> and /sights/<city>
    GET  /insects?page=1      JSON, a page of a list, with the path of the next
    GET  /flaky/<key>?fail=2  503 for the first requests with that key, then JSON
    GET  /broken              always 500
    GET  /feed                the headlines as RSS
    POST /v1/chat/completions a language model, as far as it counts words
    POST /hook                keeps what arrives
    GET  /hook                what has arrived, newest last
"""

import argparse
import asyncio
import contextlib
import json
from collections import Counter, deque
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from gnatwork_cli.example_files import examples

#: Seconds that a client gets to send its request.
_PATIENCE = 10
#: Bytes of the largest request body.
_MAX_BODY = 1024 * 1024

_CITIES: dict[str, dict[str, Any]] = {
    "weather": {"lisbon": {"sky": "sunny", "celsius": 24}, "oslo": {"sky": "snow", "celsius": -3}},
    "people": {"lisbon": {"inhabitants": 575_739}, "oslo": {"inhabitants": 717_710}},
    "sights": {"lisbon": {"names": ["Belém Tower", "Alfama"]}, "oslo": {"names": ["Opera House", "Fram Museum"]}},
}

_INSECTS = (
    (("gnat", 6), ("ant", 6)),
    (("centipede", 30), ("spider", 8)),
    (("millipede", 750),),
)


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    #: The path's parts, without the query.
    path: tuple[str, ...]
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """What it gets."""

    status: int
    body: bytes
    media_type: str = "application/json"


def json_reply(value: Any, status: int = 200) -> Reply:
    """A JSON document."""
    return Reply(status, json.dumps(value, ensure_ascii=False).encode())


def _insects(query: dict[str, list[str]]) -> Reply:
    number = int(query.get("page", ["1"])[0])
    if not 1 <= number <= len(_INSECTS):
        return json_reply({"error": f"there is no page {number}"}, 404)
    items = [{"name": name, "legs": legs} for name, legs in _INSECTS[number - 1]]
    return json_reply({"items": items, "next": f"/insects?page={number + 1}" if number < len(_INSECTS) else None})


def _chat(asked: dict[str, Any]) -> Reply:
    """A model that finds every text good, in the form of OpenAI's chat API."""
    words = len(asked["messages"][-1]["content"].split())
    message = {"role": "assistant", "content": json.dumps({"mood": "good", "words": words}), "refusal": None}
    usage = {"prompt_tokens": words, "completion_tokens": 2, "total_tokens": words + 2}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json_reply({"object": "chat.completion", "model": asked["model"], "choices": [choice], "usage": usage})


class DemoSite:
    """The site and its memory."""

    def __init__(self) -> None:
        #: JSON bodies that the hook has received, the latest hundred.
        self.received: deque[Any] = deque(maxlen=100)
        self._asked: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[str]:
        """Serve on 127.0.0.1 and yield the site's URL; port 0 picks a free one."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", port)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def answer(self, request: Request) -> Reply:  # noqa: PLR0911 - a page per line
        """The reply to a request."""
        match request.method, *request.path:
            case "GET", "news":
                return Reply(200, (examples() / "site" / "news.html").read_bytes(), "text/html; charset=utf-8")
            case "GET", ("weather" | "people" | "sights") as kind, city:
                known = _CITIES[kind].get(city)
                return json_reply(known) if known else json_reply({"error": f"no {kind} of {city}"}, 404)
            case "GET", "insects":
                return _insects(request.query)
            case "GET", "flaky", key:
                return self._flaky(key, request.query)
            case "GET", "broken":
                return json_reply({"error": "this never works"}, 500)
            case "GET", "feed":
                return Reply(200, (examples() / "site" / "feed.xml").read_bytes(), "application/rss+xml")
            case "POST", "v1", "chat", "completions":
                return _chat(json.loads(request.body))
            case "POST", "hook":
                self.received.append(json.loads(request.body))
                return json_reply({"received": len(self.received)})
            case "GET", "hook":
                return json_reply(list(self.received))
            case _:
                return json_reply({"error": "there is no such page"}, 404)

    def _flaky(self, key: str, query: dict[str, list[str]]) -> Reply:
        self._asked[key] += 1
        if self._asked[key] <= int(query.get("fail", ["2"])[0]):
            return json_reply({"error": "not now"}, 503)
        return json_reply({"request": self._asked[key]})

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                reply = await self._reply(reader)
                writer.write(_encode(reply))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that goes away, or never says what it wants, gets no answer
        finally:
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader) -> Reply:
        try:
            return self.answer(await _read(reader))
        except ValueError as error:
            return json_reply({"error": f"bad request: {error}"}, 400)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    length = int(headers.get("content-length", "0"))
    if length > _MAX_BODY:
        raise ValueError(f"the body has {length} bytes, at most {_MAX_BODY} are taken")
    url = urlsplit(target)
    path = tuple(part for part in url.path.split("/") if part)
    return Request(method, path, parse_qs(url.query), headers, await reader.readexactly(length))


def _encode(reply: Reply) -> bytes:
    head = (
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\nContent-Type: {reply.media_type}\r\n"
        f"Content-Length: {len(reply.body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + reply.body


async def _serve_for_ever(port: int) -> None:
    async with DemoSite().serve(port) as url:
        print(f"The demo site is at {url}; Ctrl-C stops it.", flush=True)  # noqa: T201 - its only output
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The demo site: pages, an endpoint that fails, a hook that listens.")
    parser.add_argument("--port", type=int, default=7480)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_for_ever(parser.parse_args().port))
