"""`GET /runs/{id}/events`: replay, follow, resume."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from support.managing import Bench, parse_events, until

from gnatwork_manager import event_stream
from gnatwork_schemas import subjects


class Reader:
    """Reads a stream of events piece by piece."""

    def __init__(self, reply: httpx.Response) -> None:
        self._chunks = reply.aiter_text()
        self._text = ""
        self.events: list[dict[str, Any]] = []

    async def until_event(self, name: str) -> list[dict[str, Any]]:
        """All events up to the first of this name."""
        while not any(event["event"] == name for event in self.events):
            self._text += await anext(self._chunks)
            whole, separator, self._text = self._text.rpartition("\n\n")
            self.events += parse_events(whole) if separator else []
        return self.events


@contextlib.asynccontextmanager
async def reading(bench: Bench, run_id: str, after: str | None = None) -> AsyncIterator[Reader]:
    headers = {"Last-Event-ID": after} if after else {}
    async with bench.http.stream("GET", f"/runs/{run_id}/events", headers=headers) as reply:
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        yield Reader(reply)


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


async def test_replays_follows_and_ends(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.put_out(run_id, "first", 1)
    async with reading(bench, run_id) as reader:
        await reader.until_event("block.first.output")
        sequence = await bench.complete(run_id, 2)
        events = await reader.until_event("complete")
    assert names(events) == ["start", "block.first.output", "complete"]
    assert events[-1]["id"] == str(sequence)
    assert events[-1]["data"]["sequence"] == sequence
    assert events[-1]["data"]["body"]["output"] == 2


async def test_the_stream_ends_with_the_run(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.complete(run_id)
    reply = await bench.http.get(f"/runs/{run_id}/events")
    assert names(parse_events(reply.text)) == ["start", "complete"]


async def test_goes_on_after_the_last_event_without_gap_or_repeat(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    seen: list[str] = []
    last = None
    for number in range(5):
        async with reading(bench, run_id, last) as reader:
            await bench.put_out(run_id, f"task-{number}", number)
            events = await reader.until_event(f"block.task-{number}.output")
            seen += names(events)
            last = events[-1]["id"]
        await bench.put_out(run_id, f"between-{number}", number)
    expected = ["start", *(f"block.{kind}-{n}.output" for n in range(5) for kind in ("task", "between"))][:-1]
    assert seen == expected


async def test_who_has_the_end_is_told_not_to_come_back(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    sequence = await bench.complete(run_id)
    reply = await bench.http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": str(sequence)})
    assert reply.status_code == 204
    earlier = await bench.http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": str(sequence - 1)})
    assert names(parse_events(earlier.text)) == ["complete"]


async def test_an_id_that_is_none_starts_from_the_beginning(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.complete(run_id)
    reply = await bench.http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": "abc"})
    assert names(parse_events(reply.text)) == ["start", "complete"]


async def test_live_events_come_in_between(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    async with reading(bench, run_id) as reader:
        await reader.until_event("start")
        bench.connection.send(subjects.live_task(run_id, "first", "progress"), orjson.dumps({"v": 1, "fraction": 0.5}))
        events = await reader.until_event("block.first.progress")
    assert "id" not in events[-1]
    assert events[-1]["data"] == {"event": "block.first.progress", "body": {"v": 1, "fraction": 0.5}}


async def test_several_readers_of_one_run(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)

    async def read() -> list[str]:
        async with reading(bench, run_id) as reader:
            return names(await reader.until_event("complete"))

    async def opened() -> bool:
        return "gnatwork_event_streams 5.0" in await bench.metrics()

    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read()) for _ in range(5)]
        await until(opened)
        await bench.complete(run_id)
    assert [reader.result() for reader in readers] == [["start", "complete"]] * 5


async def test_a_reader_that_leaves_leaves_nothing_behind(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)

    async def consumers() -> int:
        info = await bench.connection.api(f"STREAM.INFO.{subjects.HISTORY}")
        return int(info["state"]["consumer_count"])

    before = await consumers()
    async with reading(bench, run_id) as reader:
        await reader.until_event("start")
        assert await consumers() == before + 1

    async def gone() -> bool:
        return await consumers() == before

    await until(gone)


async def test_a_quiet_stream_shows_that_it_lives(
    bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_HEARTBEAT", 0.01)
    run_id = await bench.submit(linear)
    async with bench.http.stream("GET", f"/runs/{run_id}/events") as reply:
        text = ""
        async for chunk in reply.aiter_text():
            text += chunk
            if ": still here" in text:
                break
    assert names(parse_events(text)) in (["start"], [])


async def test_too_many_streams_are_refused(
    bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "MAX_STREAMS", 0)
    run_id = await bench.submit(linear)
    reply = await bench.http.get(f"/runs/{run_id}/events")
    assert (reply.status_code, reply.json()["code"]) == (503, "engine.unavailable")
