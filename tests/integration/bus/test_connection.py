"""A first connection that does not come about says so."""

import asyncio
import logging

import pytest
from support.raw import send_raw

from gnatwork_bus import connection as connections
from gnatwork_bus.connection import Connection
from gnatwork_schemas.errors import UnavailableError


async def test_patience_ends_with_the_reason() -> None:
    with pytest.raises(UnavailableError, match=r"no NATS server within 0.5 s \(.*Connect"):
        async with Connection.open("nats://127.0.0.1:1", name="test", patience=0.5):
            pass


async def test_a_log_tells_who_waits_why(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(connections, "_SILENCE", 0.3)
    with caplog.at_level(logging.WARNING, "gnatwork_bus"), pytest.raises(UnavailableError):
        async with Connection.open("nats://127.0.0.1:1", name="test", patience=0.5):
            pass
    (record,) = caplog.records
    assert "NATS does not take us yet (" in record.getMessage()


async def test_a_subject_that_is_no_text_does_not_end_the_reading(connection: Connection, nats_url: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    await connection.listen("odd.>", lambda subject, _: heard.put_nowait(subject))
    await connection.flush()
    await send_raw(nats_url, b"PUB odd.\xff 0\r\n\r\n", b"PUB odd.good 0\r\n\r\n")
    async with asyncio.timeout(30):
        assert [await heard.get(), await heard.get()] == [r"odd.\xff", "odd.good"]
