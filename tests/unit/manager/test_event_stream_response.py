"""Sending a stream to readers that leave, or do not read."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gnatwork_manager import event_stream
from gnatwork_manager.event_stream import EventStreamResponse

SCOPE: dict[str, Any] = {"type": "http"}


class Source:
    """Events without end, and whether someone still wants them."""

    def __init__(self) -> None:
        self.closed = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"data: 1\n\n"
        finally:
            self.closed = True


async def never() -> Any:
    await asyncio.Event().wait()


async def test_a_reader_that_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_SLOW", 0.01)
    source = Source()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await never()

    await EventStreamResponse(source.events())(SCOPE, never, send)
    assert source.closed


async def test_a_reader_that_leaves_ends_the_stream() -> None:
    source = Source()
    left = asyncio.Event()
    sent = 0

    async def receive() -> Any:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == 3:
            left.set()
            await never()

    await EventStreamResponse(source.events())(SCOPE, receive, send)
    assert source.closed


async def test_a_stream_that_ends_ends_the_answer() -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        yield b"data: 1\n\n"

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await EventStreamResponse(events())(SCOPE, never, send)
    assert [message.get("body") for message in sent] == [None, b"data: 1\n\n", b""]
    assert sent[-1]["more_body"] is False
    assert b"content-length" not in dict(sent[0]["headers"])


async def test_what_breaks_the_stream_is_raised() -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        yield b""
        raise RuntimeError("no")

    async def send(_: Any) -> None: ...

    with pytest.raises(RuntimeError):
        await EventStreamResponse(events())(SCOPE, never, send)
