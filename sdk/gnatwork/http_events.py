"""Event streams over HTTP: taken up where they broke."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import httpx

from gnatwork.errors import ClientError, UnreachableError

#: Seconds that the manager lets pass between two signs of life on a stream, and some.
_SILENCE = 40.0
#: Event streams at once; one manager serves a thousand, for all its clients. Further ones wait, and miss nothing.
_STREAMS = 256
#: Seconds to wait before a broken event stream is taken up again; after the last one it is given up.
_RESUMPTIONS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0)
#: The event after which nothing follows, in streams that have no other last one.
_END = "end"


class Sent(NamedTuple):
    """An event as it came."""

    event: str
    data: str


class HttpEvents:
    """The event streams of one client."""

    def __init__(self, client: httpx.AsyncClient, check: Callable[[httpx.Response], None], api: str) -> None:
        self._client = client
        self._check = check
        self._api = api
        self._room = asyncio.Semaphore(_STREAMS)

    async def follow(
        self,
        path: str,
        query: Mapping[str, Any],
        after: int | None,
        is_over: Callable[[int], Awaitable[bool]] | None = None,
    ) -> AsyncGenerator[Sent, None]:
        """Events after a sequence, until `end` or, when the manager hangs up, until `is_over` of the last sequence.

        Raises RequestError, and UnreachableError once the manager has not answered for a while.
        """
        waits = iter(_RESUMPTIONS)
        while True:
            try:
                async with self._room, contextlib.aclosing(self._stream(path, query, after)) as events:
                    async for sequence, event in events:
                        after, waits = after if sequence is None else sequence, iter(_RESUMPTIONS)
                        if event is None:
                            continue
                        if event.event == _END:
                            return
                        yield event
                if is_over is not None and await is_over(after or 0):
                    return
                broken: ClientError = UnreachableError(f"{self._api} broke off the event stream")
            except httpx.TransportError as error:
                broken = UnreachableError(f"{self._api}, {str(error) or type(error).__name__}")
            except UnreachableError as error:
                broken = error
            if (wait := next(waits, None)) is None:
                raise broken
            await asyncio.sleep(wait)

    async def _stream(
        self, path: str, query: Mapping[str, Any], after: int | None
    ) -> AsyncGenerator[tuple[int | None, Sent | None], None]:
        """Sequences, where they are told, and events, where there are any."""
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
        params = {name: value for name, value in query.items() if value is not None}
        async with self._client.stream("GET", path, params=params, headers=headers, timeout=_SILENCE) as response:
            if response.is_error:
                await response.aread()
                self._check(response)
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                name, _, value = line.partition(":")
                if name:
                    fields[name] = value.removeprefix(" ")
                elif not line and fields:
                    sequence = int(fields["id"]) if fields.get("id") else None
                    yield sequence, Sent(fields.get("event", ""), fields["data"]) if "data" in fields else None
                    fields = {}
