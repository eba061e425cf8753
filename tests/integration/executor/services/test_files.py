import asyncio
import hashlib
import os

import pytest
from nats.js import api
from nats.js.object_store import ObjectStore
from support.serving import Attempt, refusing

from gnatwork_blocks.services import Services
from gnatwork_blocks.services.files import MAX_FILE
from gnatwork_bus import objects
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.objects import CHUNK, Objects
from gnatwork_executor.services import files as bus_files
from gnatwork_executor.services.of_bus import BusServices
from gnatwork_schemas.subjects import FILES_BUCKET, KEYS_BUCKET, object_chunks, object_stream, writing_key


async def chunks_of(bus: Connection) -> int:
    """Chunks in the store, of whatever file."""
    request = {"subjects_filter": object_chunks(FILES_BUCKET, ">")}
    info = await bus.api(f"STREAM.INFO.{object_stream(FILES_BUCKET)}", request)
    return sum((info["state"].get("subjects") or {}).values())


async def test_a_file_is_read_as_it_was_written(services: Services) -> None:
    files = services.files(Attempt())
    for size in (0, 1, CHUNK, CHUNK + 1, 5_000_000):
        data = os.urandom(size)
        info = await files.put("reports/über 1.csv", data)
        assert (info.name, info.size) == ("reports/über 1.csv", size)
        assert info.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
        found, content = await files.get("reports/über 1.csv")
        assert content == data
        assert found[:3] == info[:3]


async def test_what_is_not_there(services: Services) -> None:
    files = services.files(Attempt())
    with refusing("file.not_found"):
        await files.get("nothing")
    await files.delete("nothing")
    await files.put("it", b"1")
    await files.delete("it")
    await files.delete("it")
    with refusing("file.not_found"):
        await files.get("it")
    assert await files.list() == []
    await files.put("it", b"2")
    assert (await files.get("it"))[1] == b"2"


async def test_files_are_listed_by_name(services: Services) -> None:
    files = services.files(Attempt())
    for name in ("b/2", "a", "b/1", "c", "b/3"):
        await files.put(name, name.encode())
    await files.delete("b/3")
    assert [one.name for one in await files.list()] == ["a", "b/1", "b/2", "c"]
    assert [one.name for one in await files.list("b/")] == ["b/1", "b/2"]
    assert [one.name for one in await files.list(limit=2)] == ["a", "b/1"]
    assert [one.name for one in await files.list(after="b/1")] == ["b/2", "c"]


async def test_namespaces_do_not_see_each_other(services: Services) -> None:
    mine, theirs = services.files(Attempt("a")), services.files(Attempt("a-b"))
    await mine.put("x", b"mine")
    with refusing("file.not_found"):
        await theirs.get("x")
    assert await theirs.list() == []
    await theirs.delete("x")
    assert (await mine.get("x"))[1] == b"mine"
    await theirs.put("../a/x", b"theirs")
    assert (await mine.get("x"))[1] == b"mine"


async def test_sizes_are_bounded(services: Services) -> None:
    files = services.files(Attempt())
    with refusing("file.too_large"):
        await files.put("it", b"x" * (MAX_FILE + 1))
    await files.put("it", b"12345")
    with refusing("file.too_large"):
        await files.get("it", max_bytes=4)


async def test_nothing_is_left_of_what_was_replaced_or_removed(bus: Connection) -> None:
    files = BusServices(bus).files(Attempt())
    await files.put("it", b"x" * CHUNK * 3)
    await files.put("it", b"y" * CHUNK * 2)
    assert await chunks_of(bus) == 2
    await files.delete("it")
    assert await chunks_of(bus) == 0
    assert await Bucket(bus, KEYS_BUCKET).list(writing_key("*")) == []


async def test_of_many_writers_at_once_one_stays_whole(bus: Connection) -> None:
    services = BusServices(bus)
    contents = [bytes([number]) * (CHUNK + number) for number in range(8)]
    await asyncio.gather(*(services.files(Attempt()).put("it", content) for content in contents))
    assert (await services.files(Attempt()).get("it"))[1] in contents
    assert await chunks_of(bus) == 2


async def test_what_a_writer_who_vanished_has_left_is_removed(bus: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    services = BusServices(bus)
    kept = await services.files(Attempt()).put("it", b"kept")

    async def vanish(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as killed:
        killed.setattr(Objects, "link", vanish)
        with pytest.raises(asyncio.CancelledError):
            await services.files(Attempt()).put("it", b"x" * CHUNK * 2)
    with monkeypatch.context() as killed:
        killed.setattr(Objects, "forget", vanish)
        with pytest.raises(asyncio.CancelledError):
            await services.files(Attempt()).put("it", b"newer")
    assert await chunks_of(bus) == 4
    assert (await services.files(Attempt()).get("it"))[1] == b"newer"
    assert kept.size == 4

    # Not at once: they may be at it still.
    await services.files(Attempt()).put("other", b"1")
    assert await chunks_of(bus) == 5
    monkeypatch.setattr(bus_files, "ABANDONED", 0.0)
    await services.files(Attempt()).put("another", b"1")
    assert await chunks_of(bus) == 3
    assert (await services.files(Attempt()).get("it"))[1] == b"newer"
    assert await Bucket(bus, KEYS_BUCKET).list(writing_key("*")) == []


async def test_other_programs_read_and_write_them_as_objects(bus: Connection) -> None:
    """With any NATS client: `nats object get gnatwork_files default/it`."""
    files = BusServices(bus).files(Attempt())
    store: ObjectStore = await bus.nc.jetstream().object_store(FILES_BUCKET)
    await files.put("ours", b"x" * 300_000)
    assert (await store.get("default/ours")).data == b"x" * 300_000
    await store.put("default/theirs", b"y" * 300_000, meta=api.ObjectMeta(name="default/theirs"))
    info, data = await files.get("theirs")
    assert data == b"y" * 300_000
    assert info.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert [one.name for one in await files.list()] == ["ours", "theirs"]
    await store.delete("default/theirs")
    with refusing("file.not_found"):
        await files.get("theirs")
    await files.put("theirs", b"again")
    assert (await store.get("default/theirs")).data == b"again"


async def test_a_file_that_lost_a_part_is_told(bus: Connection) -> None:
    files = BusServices(bus).files(Attempt())
    await files.put("it", b"x" * CHUNK * 2)
    request = {"filter": object_chunks(FILES_BUCKET, ">"), "keep": 1}
    await bus.api(f"STREAM.PURGE.{object_stream(FILES_BUCKET)}", request)
    with refusing("file.damaged"):
        await files.get("it")


async def test_what_a_replica_does_not_have_yet_is_asked_of_the_leader(
    bus: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, data = BusServices(bus).files(Attempt()), os.urandom(3 * CHUNK)
    await files.put("it", data)

    async def nothing(*_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr(objects, "read_all", nothing)
    assert (await files.get("it"))[1] == data
