"""Messages of core NATS that several share."""

import asyncio
from pathlib import Path

import pytest

from gnatwork_bus import live
from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.live import Heard, sharing


async def test_what_has_come_is_handed_over_at_the_end(bus: Connection) -> None:
    heard: list[bytes] = []

    async def slowly(message: Heard) -> None:
        await asyncio.sleep(0.01)
        heard.append(message.data)

    async with sharing(bus, "orders.>", "group", slowly):
        for number in range(20):
            bus.send("orders.x", str(number).encode())
        await bus.flush()
    assert len(heard) == 20


async def test_whoever_never_comes_to_an_end_is_left(bus: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_PATIENCE", 0.5)
    begun = asyncio.Event()

    async def stuck(_: Heard) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(20):
        async with sharing(bus, "orders.>", "group", stuck):
            for _ in range(3):
                bus.send("orders.x", b"lost")
            await begun.wait()


async def test_whoever_leaves_while_the_server_is_away_does_not_come_back(tmp_path: Path) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    lost: list[bytes] = []

    async def left(message: Heard) -> None:
        lost.append(message.data)

    async def found(message: Heard) -> None:
        heard.put_nowait(message.data)

    server = EmbeddedServer(tmp_path)
    await server.start()
    async with Connection.open(server.url, name="test") as bus, asyncio.timeout(60):
        gone, back = asyncio.Event(), asyncio.Event()
        bus.on_disconnect(gone.set)
        bus.on_reconnect(back.set)
        try:
            async with sharing(bus, "orders.>", "group", left):
                await server.stop()
                await gone.wait()
            await server.start()
            await back.wait()
            async with sharing(bus, "orders.>", "group", found):
                for _ in range(20):
                    bus.send("orders.x", b"1")
                for _ in range(20):
                    await heard.get()
        finally:
            await server.stop()
    assert not lost
