import asyncio
import contextlib

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.kv import Bucket, Entry
from gnatwork_schemas.errors import ConflictError, GnatworkError


@pytest.fixture
async def bucket(bus: Connection) -> Bucket:
    return Bucket(bus, "gnatwork_state")


async def remove(bus: Connection, key: str, operation: str = "DEL") -> None:
    """As any NATS client removes a key."""
    await bus.publisher.publish(f"$KV.gnatwork_state.{key}", b"", {"KV-Operation": operation})


async def test_a_missing_key(bucket: Bucket) -> None:
    assert await bucket.get("a") is None


async def test_put_and_get(bucket: Bucket) -> None:
    revision = await bucket.put("a.b/c=d", b"one")
    assert await bucket.get("a.b/c=d") == Entry("a.b/c=d", b"one", revision)
    later = await bucket.put("a.b/c=d", b"")
    assert await bucket.get("a.b/c=d") == Entry("a.b/c=d", b"", later)


async def test_is_a_bucket_to_every_nats_client(bus: Connection, bucket: Bucket) -> None:
    revision = await bucket.put("a", b"one")
    entry = await (await bus.nc.jetstream().key_value("gnatwork_state")).get("a")
    assert (entry.value, entry.revision) == (b"one", revision)


async def test_create_once(bucket: Bucket) -> None:
    await bucket.create("a", b"one")
    with pytest.raises(ConflictError):
        await bucket.create("a", b"two")
    entry = await bucket.get("a")
    assert entry
    assert entry.value == b"one"


async def test_one_of_many_creates(bucket: Bucket) -> None:
    results = await asyncio.gather(*(bucket.create("a", b"x") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 19


async def test_update_what_was_read(bucket: Bucket) -> None:
    first = await bucket.put("a", b"one")
    second = await bucket.update("a", b"two", first)
    with pytest.raises(ConflictError):
        await bucket.update("a", b"three", first)
    assert await bucket.get("a") == Entry("a", b"two", second)


async def test_update_without_waiting(bucket: Bucket) -> None:
    revision = await bucket.put("a", b"one")
    results: asyncio.Queue[int | GnatworkError] = asyncio.Queue()
    bucket.send("a", b"two", revision, results.put_nowait)
    bucket.send("a", b"three", revision, results.put_nowait)
    later = await results.get()
    assert isinstance(await results.get(), ConflictError)
    assert await bucket.get("a") == Entry("a", b"two", later if isinstance(later, int) else 0)


@pytest.mark.parametrize("operation", ["DEL", "PURGE"])
async def test_a_removed_key_is_missing(bus: Connection, bucket: Bucket, operation: str) -> None:
    await bucket.put("a", b"one")
    await bucket.put("b", b"two")
    await remove(bus, "a", operation)
    assert await bucket.get("a") is None
    assert [entry.key for entry in await bucket.list()] == ["b"]


async def test_a_removed_key_can_be_created(bus: Connection, bucket: Bucket) -> None:
    await bucket.put("a", b"one")
    await remove(bus, "a")
    revision = await bucket.create("a", b"two")
    assert await bucket.get("a") == Entry("a", b"two", revision)


async def test_a_deleted_key_is_missing(bucket: Bucket) -> None:
    await bucket.put("a", b"one")
    await bucket.delete("a")
    await bucket.delete("missing")
    assert await bucket.get("a") is None
    await bucket.create("a", b"two")
    assert [entry.value for entry in await bucket.list()] == [b"two"]


async def test_a_value_expires_and_leaves_a_marker_for_a_while(bus: Connection) -> None:
    bucket = Bucket(bus, "gnatwork_status")
    created = await bucket.create("d.created", b"1", ttl=0.1)
    updated = await bucket.update("d.updated", b"1", 0, ttl=1)
    results: asyncio.Queue[int | GnatworkError] = asyncio.Queue()
    bucket.send("d.sent", b"1", 0, results.put_nowait, ttl=1)
    await results.get()
    await bucket.put("d.put", b"1", ttl=1)
    await bucket.put("d.renewed", b"1", ttl=1)
    await bucket.put("d.renewed", b"2")
    assert sorted(entry.key for entry in await bucket.list()) == [
        "d.created",
        "d.put",
        "d.renewed",
        "d.sent",
        "d.updated",
    ]
    assert updated > created
    gone: dict[str, str] = {}
    async with asyncio.timeout(30), contextlib.aclosing(follow(bus, bucket.stream_name, bucket.subject(">"))) as seen:
        async for message in seen:
            if bucket.entry(message) is None:
                gone[bucket.key(message)] = (message.headers or {})["Nats-Marker-Reason"]
                if len(gone) == 4:
                    break
    assert gone == dict.fromkeys(("d.created", "d.updated", "d.sent", "d.put"), "MaxAge")
    assert [entry.key for entry in await bucket.list()] == ["d.renewed"]
    assert await bucket.get("d.put") is None
    # A run that goes on after all has a document again.
    await bucket.create("d.put", b"2")
    info = await bus.api("STREAM.INFO.KV_gnatwork_status")
    assert info["config"]["subject_delete_marker_ttl"] == 600_000_000_000


async def test_list_by_pattern(bucket: Bucket) -> None:
    for key in ("catalogue.fetch", "control.x", "catalogue.hook", "catalogue.a.b"):
        await bucket.put(key, key.encode())
    await bucket.put("catalogue.fetch", b"new")
    found = await bucket.list("catalogue.*")
    assert [(entry.key, entry.value) for entry in found] == [
        ("catalogue.hook", b"catalogue.hook"),
        ("catalogue.fetch", b"new"),
    ]
    assert await bucket.list("nothing.>") == []


@pytest.mark.parametrize("count", [1000, 1010, 1024, 1025, 2600])
async def test_list_more_than_one_answer_gives(bucket: Bucket, count: int) -> None:
    keys = [f"many.{number}" for number in range(count)]
    await asyncio.gather(*(bucket.put(key, key.encode()) for key in keys))
    assert [(entry.key, entry.value) for entry in await bucket.list("many.*")] == [(key, key.encode()) for key in keys]


async def test_list_more_bytes_than_one_answer_gives(bucket: Bucket) -> None:
    for number in range(12):
        await bucket.put(f"large.{number}", bytes(800_000))
    assert [entry.key for entry in await bucket.list("large.*")] == [f"large.{number}" for number in range(12)]


async def test_list_while_others_write(bucket: Bucket) -> None:
    """Whatever is changed meanwhile, no key is missing and none comes twice."""
    keys = [f"many.{number}" for number in range(1500)]
    await asyncio.gather(*(bucket.put(key, b"0") for key in keys))
    done = False

    async def write() -> None:
        while not done:
            await asyncio.gather(*(bucket.put(key, b"1") for key in keys[::50]))

    writing = asyncio.create_task(write())
    try:
        for _ in range(5):
            assert sorted(entry.key for entry in await bucket.list("many.*")) == sorted(keys)
    finally:
        done = True
        await writing
