import asyncio
import random

import orjson
import pytest

from gnatwork_bus.archive import Archive
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import FoundRun, History, RunEnd
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas.errors import MessageError, UnknownVersionError
from gnatwork_schemas.header_names import ARCHIVE_INFO
from gnatwork_schemas.subjects import archive_chunk, history_base, shard_of

RUN = "01931d2e-0000-7000-8000-000000000001"
OTHER = "01931d2e-0000-7000-8000-000000000002"
BASE = history_base(shard_of(RUN, 8), "default", "w", RUN)
HEADERS = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


@pytest.fixture
def archive(bus: Connection) -> Archive:
    return Archive(bus)


def a_run(count: int, size: int = 0, base: str = BASE) -> list[StoredMessage]:
    """A start, so many outputs of so many random bytes, an end."""
    chance = random.Random(count)  # noqa: S311 - nothing secret about it
    names = ["start", *(f"block.each/{number}/x.output" for number in range(count)), "complete"]
    return [
        StoredMessage(
            f"{base}.{name}",
            100 + 3 * place,
            1_700_000_000 + place * 0.000_001,
            chance.randbytes(size) or b'{"v":1,"task":"%d"}' % place,
            HEADERS if place % 2 else None,
        )
        for place, name in enumerate(names)
    ]


async def chunks(bus: Connection) -> int:
    return int((await bus.api("STREAM.INFO.ARCHIVE"))["state"]["messages"])


@pytest.mark.parametrize(("count", "size"), [(0, 0), (20, 0), (3000, 0), (3, 900_000), (40, 20_000)])
async def test_comes_back_as_it_was(bus: Connection, archive: Archive, count: int, size: int) -> None:
    messages = a_run(count, size)
    await archive.write("default", "w", RUN, messages, 60)
    assert await archive.read("default", RUN) == messages
    assert await archive.start("default", RUN) == messages[0]
    assert await chunks(bus) >= count * size / 262_144


async def test_says_what_it_has(archive: Archive) -> None:
    assert await archive.find("default", RUN) is None
    assert await archive.start("default", RUN) is None
    assert await archive.read("default", RUN) == []
    await archive.write("default", "w", RUN, a_run(3), 60)
    found = await archive.find("default", RUN)
    assert found
    assert (found.base, found.events, found.chunks, found.last, found.end) == (BASE, 5, 1, 112, "complete")
    assert await archive.find("other", RUN) is None
    assert await archive.find("default", OTHER) is None


async def test_keeps_headers_that_are_not_the_servers(archive: Archive) -> None:
    start, end = a_run(0)
    start = start._replace(headers={**HEADERS, "Nats-Expected-Last-Subject-Sequence": "0"})
    end = end._replace(headers={"Nats-Expected-Last-Subject-Sequence": "100"})
    await archive.write("default", "w", RUN, [start, end], 60)
    assert [message.headers for message in await archive.read("default", RUN)] == [HEADERS, None]


async def test_replaces_itself(bus: Connection, archive: Archive) -> None:
    for _ in range(2):
        await archive.write("default", "w", RUN, a_run(3, 900_000), 60)
    assert await archive.read("default", RUN) == a_run(3, 900_000)
    before = await chunks(bus)
    await archive.write("default", "w", RUN, a_run(2), 60)
    assert await archive.read("default", RUN) == a_run(2)
    # What is left of the longer one goes in its time.
    assert await chunks(bus) == before


async def test_expires(archive: Archive) -> None:
    await archive.write("default", "w", RUN, a_run(3, 900_000), 0.1)
    assert await archive.find("default", RUN)
    async with asyncio.timeout(30):
        while await archive.find("default", RUN):
            pass
    assert await archive.read("default", RUN) == []


@pytest.mark.parametrize("chunk", [0, 1, 11])
async def test_a_part_is_as_good_as_nothing(bus: Connection, archive: Archive, chunk: int) -> None:
    await archive.write("default", "w", RUN, a_run(3, 900_000), 60)
    await bus.api("STREAM.PURGE.ARCHIVE", {"filter": archive_chunk("default", "w", RUN, chunk)})
    assert await archive.read("default", RUN) == []


async def test_chunks_of_two_archives_are_none(bus: Connection, archive: Archive) -> None:
    await archive.write("default", "w", RUN, a_run(3, 900_000), 60)
    await bus.publisher.publish(archive_chunk("default", "w", RUN, 1), b"x" * 262_144)
    assert await archive.read("default", RUN) == []


async def test_what_a_later_version_wrote_is_refused(bus: Connection, archive: Archive) -> None:
    await archive.write("default", "w", RUN, a_run(1), 60)
    found = await archive.find("default", RUN)
    assert found
    subject = archive_chunk("default", "w", RUN, 0)
    await bus.publisher.publish(subject, b"", {ARCHIVE_INFO: found.model_copy(update={"v": 2}).model_dump_json()})
    with pytest.raises(UnknownVersionError, match="v=2"):
        await archive.find("default", RUN)
    await bus.publisher.publish(subject, b"")
    with pytest.raises(MessageError, match="no part of an archive"):
        await archive.read("default", RUN)


async def test_is_deleted(bus: Connection, archive: Archive) -> None:
    base = history_base(shard_of(OTHER, 8), "default", "w", OTHER)
    await archive.write("default", "w", RUN, a_run(3, 900_000), 60)
    await archive.write("default", "w", OTHER, a_run(1, base=base), 60)
    await archive.delete("default", RUN)
    await archive.delete("default", RUN)
    assert await archive.read("default", RUN) == []
    assert await archive.read("default", OTHER) == a_run(1, base=base)
    assert await chunks(bus) == 1


async def test_a_long_history_holds_up_no_one(archive: Archive) -> None:
    messages = [
        message._replace(data=orjson.dumps({"v": 1, "task": message.subject, "output": {"n": message.sequence}}))
        for message in a_run(100_000)
    ]
    turns = 0

    async def watch() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    watching = asyncio.create_task(watch())
    await archive.write("default", "w", RUN, messages, 60)
    assert await archive.read("default", RUN) == messages
    watching.cancel()
    # It is done in pieces, or aside, and others have their turns in between.
    assert turns > 100


async def test_history_is_found_in_either_place(bus: Connection) -> None:
    history = History(bus, 8)
    assert await history.find_run("default", RUN) is None
    assert await history.end(BASE) is None
    await history.append(BASE, "start", b"{}")
    assert await history.find_run("default", RUN) == FoundRun(BASE, archived=False)
    assert await history.end(BASE) is None
    for number in range(5):
        await history.append(BASE, f"block.t{number}.output", b"{}", headers=HEADERS)
    last = await history.append(BASE, "complete", b"{}")
    messages = await history.load_run("default", RUN)
    assert await history.end(BASE) == RunEnd("complete", last, archived=False)
    start = await history.find_start("default", RUN)
    page = await history.page(BASE, after=messages[1].sequence, limit=3)
    sequences = [message.sequence for message in messages[2:4]]
    picked = await history.pick("default", RUN, sequences)
    assert [picked[sequence] for sequence in sequences] == messages[2:4]

    await history.archive.write("default", "w", RUN, messages, 60)
    await bus.api("STREAM.PURGE.HISTORY", {"filter": f"{BASE}.>"})
    # What comes later is no history.
    await history.append(BASE, "block.t1.output", b"{}")

    assert await history.load("default", RUN) == (messages, True)
    assert await history.load_run("default", RUN) == messages
    assert len(await history.load_live("default", RUN)) == 1
    assert await history.find_run("default", RUN) == FoundRun(BASE, archived=True)
    assert await history.find_start("default", RUN) == start
    assert await history.find_live_start("default", RUN) is None
    assert await history.end(BASE) == RunEnd("complete", last, archived=True)
    assert await history.page(BASE, after=messages[1].sequence, limit=3) == page
    assert await history.pick("default", RUN, [*sequences, 10_000]) == picked
    assert await history.pick("default", OTHER, sequences) == {}


async def test_who_picks_one_event_after_the_other_unpacks_it_once(
    bus: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry of a long run takes over thousands of outputs, each by a task of its own."""
    history = History(bus, 8)
    messages = a_run(50)
    await history.archive.write("default", "w", RUN, messages, 60)
    read, times = history.archive.read, 0

    async def counted(namespace: str, run_id: str) -> list[StoredMessage]:
        nonlocal times
        times += 1
        return await read(namespace, run_id)

    monkeypatch.setattr(history.archive, "read", counted)
    picked = await asyncio.gather(*(history.pick("default", RUN, [message.sequence]) for message in messages))
    assert [found[message.sequence] for found, message in zip(picked, messages, strict=True)] == messages
    assert times == 1
