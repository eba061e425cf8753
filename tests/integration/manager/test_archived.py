"""Runs in the archive are shown as if they were not."""

import asyncio
from typing import Any

import pytest
from support.managing import Bench, parse_events, until

from gnatwork_bus import run_events
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run
from gnatwork_schemas import header_names, subjects


async def archive(bench: Bench, run_id: str) -> None:
    history = bench.history
    payloads = Payloads(bench.connection)
    await archive_run(history, history.archive, payloads, "default", "adhoc", run_id, 600)


@pytest.fixture
async def run_id(bench: Bench, linear: dict[str, Any]) -> str:
    """A run that has ended."""
    run_id = await bench.submit(linear, input={"value": "x" * 100_000}, labels={"a": "b"})
    await bench.put_out(run_id, "first", {"value": 1})
    await bench.put_out(run_id, "second", {"value": 1})
    await bench.complete(run_id, "done")
    return run_id


PAGES = ("", "/tasks", "/tasks/first", "/history", "/history?limit=2")


async def test_every_page_is_the_same(bench: Bench, run_id: str) -> None:
    before = [(await bench.http.get(f"/runs/{run_id}{page}")).json() for page in PAGES]
    assert before[0]["input"] == {"value": "x" * 100_000}
    await archive(bench, run_id)
    assert await bench.history.load_live("default", run_id) == []
    assert [(await bench.http.get(f"/runs/{run_id}{page}")).json() for page in PAGES] == before
    rest = await bench.http.get(f"/runs/{run_id}/history", params={"limit": 2, "cursor": before[-1]["next_cursor"]})
    assert rest.json()["items"] == before[3]["items"][2:]


async def test_its_end_can_not_be_changed(bench: Bench, run_id: str) -> None:
    await archive(bench, run_id)
    reply = await bench.http.post(f"/runs/{run_id}/cancel")
    assert (reply.status_code, reply.json()["code"]) == (409, "run.ended")


async def test_events_are_replayed_and_end(bench: Bench, run_id: str) -> None:
    live = parse_events((await bench.http.get(f"/runs/{run_id}/events")).text)
    await archive(bench, run_id)
    async with asyncio.timeout(25):
        assert parse_events((await bench.http.get(f"/runs/{run_id}/events")).text) == live
        some = await bench.http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": live[1]["id"]})
        assert parse_events(some.text) == live[2:]
        all_of_it = await bench.http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": live[-1]["id"]})
        assert all_of_it.status_code == 204


async def test_a_stream_goes_on_from_the_archive(
    bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_events, "_QUIET", 0.05)
    run_id = await bench.submit(linear)
    events = (await bench.events(run_id))[:1]
    async with bench.http.stream("GET", f"/runs/{run_id}/events") as response, asyncio.timeout(20):
        lines = response.aiter_lines()
        seen = [line async for line in _first(lines, 4)]
        await bench.put_out(run_id, "first", 1)
        seen += [line async for line in _first(lines, 4)]
        # As for a reader that was away: the end itself is never seen in the history.
        base = events[0].subject.removesuffix(".start")
        last = events[0]._replace(subject=f"{base}.complete", sequence=10_000, data=b'{"v":1}')
        await bench.history.archive.write("default", "adhoc", run_id, [*events, last], 600)
        await bench.connection.api("STREAM.PURGE.HISTORY", {"filter": subjects.run_events(base)})
        seen += [line async for line in lines]
    names = [event["event"] for event in parse_events("\n".join(seen))]
    assert names == ["start", "block.first.output", "complete"]


async def test_a_stream_of_a_deleted_run_ends(
    bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_events, "_QUIET", 0.05)
    run_id = await bench.submit(linear)
    async with bench.http.stream("GET", f"/runs/{run_id}/events") as response, asyncio.timeout(20):
        lines = response.aiter_lines()
        assert [line async for line in _first(lines, 1)]
        base = f"history.{bench.history.shard(run_id)}.default.adhoc.{run_id}"
        await bench.connection.api("STREAM.PURGE.HISTORY", {"filter": subjects.run_events(base)})
        async for _ in lines:
            pass


async def test_a_repeated_submission_finds_it(bench: Bench, answering: dict[str, Any]) -> None:
    body = {"workflow": answering}
    key = {"Idempotency-Key": "k"}
    run_id = (await bench.http.post("/runs", json=body, headers=key)).json()["run_id"]
    await bench.complete(run_id, "done")
    await archive(bench, run_id)
    again = await bench.http.post("/runs", params={"wait": "20s"}, json=body, headers=key)
    assert (again.status_code, again.json()["run_id"], again.json()["output"]) == (200, run_id, "done")


async def test_looking_at_it_brings_nothing_back_into_lists(bench: Bench, run_id: str) -> None:
    await archive(bench, run_id)
    bucket_subject = f"$KV.{subjects.STATUS_BUCKET}.default.{run_id}"
    await bench.put_status(run_id, "completed", 10_000)  # type: ignore[arg-type]  # as text
    await bench.connection.publisher.publish(bucket_subject, b"", {header_names.KV_OPERATION: "DEL"})

    async def nothing_listed() -> bool:
        return not (await bench.http.get("/runs")).json()["items"]

    await until(nothing_listed)
    assert (await bench.http.get(f"/runs/{run_id}")).json()["status"] == "completed"
    assert await nothing_listed()


async def _first(lines: Any, count: int) -> Any:
    for _ in range(count):
        yield await anext(lines)
