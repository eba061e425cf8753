"""`GET /runs` and the index behind it: at once, filtered, resumed, rebuilt."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.managing import Bench, open_bench, until

from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import reconcile
from gnatwork_manager.index import feed
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.index.query import RunFilter
from gnatwork_manager.index.store import FILE_NAME
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.status import RunStatus, RunSummary


async def listed(bench: Bench, **params: Any) -> list[dict[str, Any]]:
    reply = await bench.http.get("/runs", params=params)
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def ids(bench: Bench, **params: Any) -> list[str]:
    return [item["run_id"] for item in await listed(bench, **params)]


async def until_listed(bench: Bench, count: int, **params: Any) -> list[dict[str, Any]]:
    async def there() -> list[dict[str, Any]]:
        found = await listed(bench, **params)
        return found if len(found) == count else []

    return await until(there)


async def test_a_run_is_listed_from_its_submission_on(bench: Bench, linear: dict[str, Any]) -> None:
    for number in range(20):
        run_id = await bench.submit(linear, labels={"n": str(number)})
        (found,) = await listed(bench, limit=1)
        assert (found["run_id"], found["status"], found["labels"]) == (run_id, "pending", {"n": str(number)})
        assert "input" not in found


async def test_status_documents_show_up(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    sequence = (await bench.events(run_id))[0].sequence
    await bench.put_status(run_id, RunStatus.COMPLETED, sequence + 1, ended_at=2.0, blocks={"a": {"completed": 1}})
    (found,) = await until_listed(bench, 1, status="completed")
    assert (found["run_id"], found["ended_at"], found["blocks"]) == (run_id, 2.0, {"a": {"completed": 1}})


async def test_who_was_told_of_the_end_finds_it_in_lists(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.complete(run_id)
    assert (await bench.http.get(f"/runs/{run_id}")).json()["status"] == "completed"
    assert await ids(bench, status="completed") == [run_id]


async def test_a_new_index_keeps_what_was_submitted_before_it_follows(bus: Connection, tmp_path: Path) -> None:
    status = Bucket(bus, subjects.STATUS_BUCKET)

    def run(run_id: str) -> RunSummary:
        return RunSummary(run_id=run_id, namespace="default", workflow="w", status=RunStatus.PENDING, created_at=1.0)

    async with RunIndex.open(bus, status, tmp_path) as index:
        index.add(run("submitted"))
        await status.put(subjects.status_key("default", "followed"), run("followed").model_dump_json().encode())
        running = asyncio.create_task(index.run())

        async def both() -> bool:
            return len(await index.find("default", RunFilter(), None, 10)) == 2

        await until(both)
        running.cancel()


async def test_pages_hold_every_run_once(bench: Bench, linear: dict[str, Any]) -> None:
    expected = [await bench.submit(linear) for _ in range(25)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 10, **({"cursor": cursor} if cursor else {})}
        reply = (await bench.http.get("/runs", params=params)).json()
        seen += [item["run_id"] for item in reply["items"]]
        # What comes in meanwhile is newer than every page that is still to come.
        await bench.submit(linear)
        if (cursor := reply["next_cursor"]) is None:
            break
    assert seen == expected[::-1]


async def test_filters(bench: Bench, linear: dict[str, Any]) -> None:
    one = await bench.submit({**linear, "name": "one"}, labels={"team": "ops", "tier": "1"})
    two = await bench.submit({**linear, "name": "two"}, labels={"team": "web"})
    created = {item["run_id"]: item["created_at"] for item in await listed(bench)}
    parent = new_run_id()
    child = new_run_id()
    await bench.put_status(child, RunStatus.FAILED, 9, parent=parent, trigger={"type": "schedule", "id": "nightly"})
    await until_listed(bench, 3)
    for params, expected in (
        ({"workflow": "one"}, [one]),
        ({"label": "team=ops"}, [one]),
        ({"label": "team"}, [two, one]),
        ({"label": ["team=ops", "tier=1"]}, [one]),
        ({"label": ["team=web", "tier=1"]}, []),
        ({"status": "failed"}, [child]),
        ({"status": ["failed", "pending"]}, [child, two, one]),
        ({"parent": parent}, [child]),
        ({"trigger": "api"}, [two, one]),
        ({"trigger": "nightly"}, [child]),
        ({"trigger": "schedule"}, [child]),
        ({"since": created[two]}, [two]),
        ({"until": created[two]}, [child, one]),
        ({"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}, []),
        ({"workflow": "one", "status": "failed"}, []),
        ({"search": "ops"}, [one]),
        ({"search": "adhoc", "status": "failed"}, [child]),
        ({"search": two}, [two]),
    ):
        assert await ids(bench, **params) == expected, params
    other = await bench.http.get("/runs", headers={"X-Gnatwork-Namespace": "other"})
    assert other.json() == {"items": [], "next_cursor": None}


async def test_a_status_that_is_gone_is_listed_no_more(bench: Bench) -> None:
    run_id = new_run_id()
    await bench.put_status(run_id, RunStatus.COMPLETED, 1)
    await until_listed(bench, 1)
    subject = Bucket(bench.connection, subjects.STATUS_BUCKET).subject(subjects.status_key("default", run_id))
    await bench.connection.publisher.publish(subject, b"", {header_names.KV_OPERATION: "DEL"})
    await until_nothing(bench)


async def test_a_status_that_expires_is_listed_no_more(bench: Bench) -> None:
    run_id = new_run_id()
    bucket = Bucket(bench.connection, subjects.STATUS_BUCKET)
    await bench.put_status(run_id, RunStatus.COMPLETED, 1)
    entry = await bucket.get(subjects.status_key("default", run_id))
    assert entry
    await bucket.put(entry.key, entry.value, ttl=1)
    await until_listed(bench, 1)
    await until_nothing(bench)


async def test_a_status_that_expired_while_no_one_looked_is_listed_no_more(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None
) -> None:
    bucket = Bucket(bus, subjects.STATUS_BUCKET)
    async with open_bench(bus, nats_url, tmp_path) as bench:
        for _ in range(3):
            run_id = new_run_id()
            await bench.put_status(run_id, RunStatus.COMPLETED, 1)
        entry = await bucket.get(subjects.status_key("default", run_id))
        assert entry
        await until_listed(bench, 3)
    await bucket.put(entry.key, entry.value, ttl=1)
    async with asyncio.timeout(30):
        while await bucket.get(entry.key):
            pass
    async with open_bench(bus, nats_url, tmp_path) as bench:
        assert run_id not in {item["run_id"] for item in await until_listed(bench, 2)}


@pytest.mark.usefixtures("catalogue")
async def test_an_index_that_was_away_for_too_long_is_made_anew(
    bus: Connection, nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_bench(bus, nats_url, tmp_path) as bench:
        for _ in range(3):
            await bench.put_status(new_run_id(), RunStatus.COMPLETED, 1)
        await until_listed(bench, 3)
    # Not even a marker is left.
    await bus.api(f"STREAM.MSG.DELETE.{subjects.bucket_stream(subjects.STATUS_BUCKET)}", {"seq": 1})
    async with open_bench(bus, nats_url, tmp_path) as bench:
        await until_listed(bench, 3)
    assert not [record for record in caplog.records if "anew" in record.getMessage()]
    monkeypatch.setattr(feed, "_LONGEST_ABSENCE", 0)
    async with open_bench(bus, nats_url, tmp_path) as bench:
        await until_listed(bench, 2)


async def until_nothing(bench: Bench) -> None:
    async def nothing() -> bool:
        return not await listed(bench)

    await until(nothing)


async def test_an_unreadable_status_does_not_stop_the_index(bench: Bench) -> None:
    bucket = Bucket(bench.connection, subjects.STATUS_BUCKET)
    await bucket.put(subjects.status_key("default", new_run_id()), b"no json")
    await bench.put_status(new_run_id(), RunStatus.RUNNING, 1)
    await until_listed(bench, 1)


async def test_resumes_where_it_left_off(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, caplog: pytest.LogCaptureFixture
) -> None:
    early, late = new_run_id(), new_run_id()
    async with open_bench(bus, nats_url, tmp_path) as bench:
        await bench.put_status(early, RunStatus.RUNNING, 1)
        await until_listed(bench, 1)
    # What the index has read it does not read again: it keeps what the bucket has lost.
    await bus.api(f"STREAM.PURGE.{subjects.bucket_stream(subjects.STATUS_BUCKET)}")
    await Bench.put_status(bench, late, RunStatus.RUNNING, 2)
    async with open_bench(bus, nats_url, tmp_path) as bench:
        await until_listed(bench, 2)
        assert not [record for record in caplog.records if "anew" in record.getMessage()]


async def test_rebuilds_on_request(bench: Bench) -> None:
    kept, lost = new_run_id(), new_run_id()
    await bench.put_status(lost, RunStatus.RUNNING, 1)
    await until_listed(bench, 1)
    await bench.connection.api(f"STREAM.PURGE.{subjects.bucket_stream(subjects.STATUS_BUCKET)}")
    await bench.put_status(kept, RunStatus.RUNNING, 2)
    await until_listed(bench, 2)
    reply = await bench.http.post("/index/rebuild")
    assert (reply.status_code, reply.json()) == (202, {"status": "rebuilding"})
    (found,) = await until_listed(bench, 1)
    assert found["run_id"] == kept


async def test_a_bucket_made_anew_is_read_anew(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> None:
    stream = subjects.bucket_stream(subjects.STATUS_BUCKET)
    async with open_bench(bus, nats_url, tmp_path) as bench:
        for _ in range(3):
            await bench.put_status(new_run_id(), RunStatus.RUNNING, 1)
        await until_listed(bench, 3)
    config = (await bus.api(f"STREAM.INFO.{stream}"))["config"]
    await bus.api(f"STREAM.DELETE.{stream}")
    await bus.api(f"STREAM.CREATE.{stream}", config)
    only = new_run_id()
    await Bench.put_status(bench, only, RunStatus.RUNNING, 1)
    async with open_bench(bus, nats_url, tmp_path) as bench:
        assert [item["run_id"] for item in await until_listed(bench, 1)] == [only]


async def test_a_file_that_is_none_is_made_anew(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 1000)
    async with open_bench(bus, nats_url, tmp_path) as bench:
        await bench.put_status(new_run_id(), RunStatus.RUNNING, 1)
        await until_listed(bench, 1)
    assert any("made anew" in record.getMessage() for record in caplog.records)


async def test_a_file_that_breaks_while_in_use_is_made_anew(bench: Bench, linear: dict[str, Any]) -> None:
    runs = [new_run_id() for _ in range(200)]
    for run_id in runs:
        await bench.put_status(run_id, RunStatus.RUNNING, 1)
    await until_listed(bench, 200, limit=500)
    path = bench.data_dir / FILE_NAME
    for name in (path, path.with_name(f"{FILE_NAME}-wal")):
        with name.open("r+b") as file:
            size = file.seek(0, 2)
            file.seek(0)
            file.write(b"\xff" * size)

    async def recovered() -> bool:
        reply = await bench.http.get("/runs", params={"limit": 500})
        assert reply.status_code in {200, 503}
        return reply.status_code == 200 and {item["run_id"] for item in reply.json()["items"]} == set(runs)

    await until(recovered)


async def test_goes_on_after_a_restart_of_nats(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "nats") as server, Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        async with open_bench(connection, server.url, tmp_path / "index") as bench:
            back = asyncio.Event()
            connection.on_reconnect(back.set)
            for number in range(3):
                await bench.put_status(new_run_id(), RunStatus.RUNNING, 1)
                await until_listed(bench, number + 1)
                back.clear()
                await server.stop()
                await server.start()
                await back.wait()


async def test_many_documents_at_once(bench: Bench) -> None:
    runs = [new_run_id() for _ in range(300)]
    await asyncio.gather(*(bench.put_status(run_id, RunStatus.RUNNING, 1) for run_id in runs))
    await asyncio.gather(*(bench.put_status(run_id, RunStatus.COMPLETED, 2) for run_id in runs))
    await until_listed(bench, 300, limit=500, status="completed")
    assert await ids(bench, status="running") == []
