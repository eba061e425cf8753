import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.descriptors import StreamDescriptor
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.follow import follow
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.reconcile import ensure_stream

STREAM = StreamDescriptor(name="LOG", subjects=("log.>",))


@pytest.fixture
async def log(connection: Connection) -> Connection:
    await ensure_stream(connection, STREAM)
    return connection


async def publish(connection: Connection, first: int, count: int, subject: str = "log.a") -> None:
    """Messages whose bodies are the numbers from `first` on."""
    await asyncio.gather(
        *(connection.publisher.publish(subject, str(number).encode()) for number in range(first, first + count))
    )


async def take(messages: AsyncGenerator[StoredMessage, None], count: int) -> list[StoredMessage]:
    async with asyncio.timeout(30):
        return [await anext(messages) for _ in range(count)]


def numbers(messages: list[StoredMessage]) -> list[int]:
    return [int(message.data) for message in messages]


async def consumers(connection: Connection) -> list[str]:
    return (await connection.api("CONSUMER.NAMES.LOG"))["consumers"] or []


async def test_replays_and_then_follows(log: Connection) -> None:
    await publish(log, 0, 3)
    async with contextlib.aclosing(follow(log, "LOG", "log.>")) as messages:
        assert numbers(await take(messages, 3)) == [0, 1, 2]
        await publish(log, 3, 2)
        assert numbers(await take(messages, 2)) == [3, 4]


async def test_a_message_is_told_as_it_is_stored(log: Connection) -> None:
    sequence = await log.publisher.publish("log.a", b"body", {"colour": "green"})
    stored = (await log.api("STREAM.MSG.GET.LOG", {"seq": sequence}))["message"]
    async with contextlib.aclosing(follow(log, "LOG", "log.a")) as messages:
        [message] = await take(messages, 1)
    assert message[:2] == (stored["subject"], stored["seq"])
    assert message.data == b"body"
    assert dict(message.headers or {}) == {"colour": "green"}


async def test_begins_after_a_sequence(log: Connection) -> None:
    await publish(log, 0, 5)
    async with contextlib.aclosing(follow(log, "LOG", "log.>", after=3)) as messages:
        assert numbers(await take(messages, 2)) == [3, 4]


async def test_begins_at_the_end_and_waits(log: Connection) -> None:
    await publish(log, 0, 3)
    async with contextlib.aclosing(follow(log, "LOG", "log.>", after=3)) as messages:
        coming = asyncio.ensure_future(take(messages, 1))
        await publish(log, 3, 1)
        assert numbers(await coming) == [3]


async def test_takes_only_what_matches(log: Connection) -> None:
    await publish(log, 0, 1, "log.a.x")
    await publish(log, 1, 1, "log.b.x")
    await publish(log, 2, 1, "log.a.y")
    async with contextlib.aclosing(follow(log, "LOG", "log.a.*")) as messages:
        assert numbers(await take(messages, 2)) == [0, 2]


async def test_leaves_out_what_was_replaced(log: Connection) -> None:
    await publish(log, 0, 3, "log.a")
    await publish(log, 3, 2, "log.b")
    async with contextlib.aclosing(follow(log, "LOG", "log.>", last_per_subject=True)) as messages:
        assert numbers(await take(messages, 2)) == [2, 4]
        await publish(log, 5, 1, "log.a")
        assert numbers(await take(messages, 1)) == [5]


async def test_reads_more_than_one_pull_gives(log: Connection) -> None:
    await publish(log, 0, 2000)
    async with contextlib.aclosing(follow(log, "LOG", "log.>")) as messages:
        assert numbers(await take(messages, 2000)) == list(range(2000))


async def test_reads_more_bytes_than_one_pull_gives(log: Connection) -> None:
    for _ in range(25):
        await log.publisher.publish("log.a", bytes(700_000))
    async with contextlib.aclosing(follow(log, "LOG", "log.>")) as messages:
        assert [message.sequence for message in await take(messages, 25)] == list(range(1, 26))


async def test_a_slow_reader_leaves_messages_in_the_server(log: Connection) -> None:
    await publish(log, 0, 3000)
    async with contextlib.aclosing(follow(log, "LOG", "log.>")) as messages:
        await take(messages, 1)
        # What was asked for has been sent by the time that the server answers this.
        [name] = await consumers(log)
        info = await log.api(f"CONSUMER.INFO.LOG.{name}")
        assert info["delivered"]["consumer_seq"] <= 512
        assert info["num_pending"] >= 3000 - 512


@pytest.mark.parametrize("way", ["close", "cancel"])
async def test_leaves_no_consumer_behind(log: Connection, way: str) -> None:
    await publish(log, 0, 1)
    deleted = await log.nc.subscribe("$JS.EVENT.ADVISORY.CONSUMER.DELETED.LOG.*")
    subscriptions = len(log.nc._subs)
    messages = follow(log, "LOG", "log.>")
    await take(messages, 1)
    assert len(await consumers(log)) == 1
    if way == "close":
        await messages.aclose()
    else:
        waiting = asyncio.create_task(anext(messages))
        await log.nc.flush()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await deleted.next_msg(timeout=30)
    assert await consumers(log) == []
    assert len(log.nc._subs) == subscriptions


async def test_goes_on_when_its_consumer_is_removed(log: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnatwork_bus.follow._HEARTBEAT", 0.2)
    monkeypatch.setattr("gnatwork_bus.follow._PATIENCE", 0.6)
    await publish(log, 0, 2)
    async with contextlib.aclosing(follow(log, "LOG", "log.>")) as messages:
        assert numbers(await take(messages, 2)) == [0, 1]
        [name] = await consumers(log)
        await log.api(f"CONSUMER.DELETE.LOG.{name}")
        await publish(log, 2, 1)
        assert numbers(await take(messages, 1)) == [2]


async def test_reads_again_what_was_lost_on_the_way(log: Connection) -> None:
    await publish(log, 0, 2)
    async with contextlib.aclosing(follow(log, "LOG", "log.>")) as messages:
        assert numbers(await take(messages, 2)) == [0, 1]
        # Someone else pulls a message out of its consumer.
        [name] = await consumers(log)
        thief = log.nc.new_inbox()
        stolen = await log.nc.subscribe(thief)
        coming = asyncio.ensure_future(take(messages, 4))
        await log.nc.publish(f"$JS.API.CONSUMER.MSG.NEXT.LOG.{name}", b"2", reply=thief)
        while (await log.api(f"CONSUMER.INFO.LOG.{name}"))["num_waiting"] < 2:
            continue
        await publish(log, 2, 4)
        assert numbers(await coming) == [2, 3, 4, 5]
        assert (await stolen.next_msg()).reply.startswith("$JS.ACK.LOG.")


async def test_a_stream_made_anew_is_read_from_its_start(log: Connection) -> None:
    await publish(log, 0, 2)
    async with contextlib.aclosing(follow(log, "LOG", "log.>", after=7000)) as messages:
        assert numbers(await take(messages, 2)) == [0, 1]


async def test_a_stream_that_is_not_there_is_an_error(connection: Connection) -> None:
    with pytest.raises(ApiError, match="stream not found"):
        await anext(follow(connection, "NOWHERE", "x.>"))


@pytest.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(tmp_path) as server:
        yield server


async def test_survives_a_killed_server(own_server: EmbeddedServer) -> None:
    async with (
        Connection.open(own_server.url, name="reader") as reader,
        Connection.open(own_server.url, name="writer") as writer,
    ):
        await ensure_stream(writer, STREAM)
        await publish(writer, 0, 1000)
        async with contextlib.aclosing(follow(reader, "LOG", "log.>")) as messages:
            found = await take(messages, 300)
            for crash in range(2):
                back = [asyncio.Event(), asyncio.Event()]
                reader.on_reconnect(back[0].set)
                writer.on_reconnect(back[1].set)
                assert own_server.pid
                os.kill(own_server.pid, signal.SIGKILL)
                await own_server.stop()
                await own_server.start()
                async with asyncio.timeout(20):
                    await asyncio.gather(*(event.wait() for event in back))
                await publish(writer, 1000 + 100 * crash, 100)
                found += await take(messages, 800 if crash == 0 else 100)
    assert numbers(found) == list(range(1200))
