"""What the client of users follows, over HTTP and over NATS alike."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.managing import TOKEN, Bench, running_manager

from gnatwork import Client, EventKind, LogLevel, RunEvent
from gnatwork_bus.connection import Connection
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run
from gnatwork_schemas import subjects


@pytest.fixture(params=["http", "nats"])
async def client(request: pytest.FixtureRequest, bench: Bench, nats_url: str) -> AsyncIterator[Client]:
    """A client that goes either way."""
    address = bench.address.url if request.param == "http" else nats_url
    async with Client(address, token=TOKEN) as connected:
        yield connected


async def take(events: Any, count: int) -> list[Any]:
    """So many of them, then no more."""
    found: list[Any] = []
    async with asyncio.timeout(20), contextlib.aclosing(events):
        async for event in events:
            found.append(event)
            if len(found) == count:
                break
    return found


def told(events: list[RunEvent]) -> list[tuple[str | None, str]]:
    return [(event.run_id, event.event) for event in events]


async def say(bench: Bench, run_id: str, message: str, level: str, task: str = "first") -> None:
    body = {"v": 1, "task": task, "attempt": 1, "executor": "me", "at": 7.5, "level": level, "message": message}
    bench.connection.send(subjects.live_task(run_id, task, "log"), orjson.dumps(body))
    await bench.connection.flush()


async def test_a_run_that_is_archived(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.put_out(run_id, "first", 1)
    await bench.complete(run_id, 2)
    history = bench.history
    await archive_run(history, history.archive, Payloads(bench.connection), "default", "adhoc", run_id, 600)
    run = client.run(run_id)
    events = [event async for event in run.events()]
    assert [event.event for event in events] == ["start", "block.first.output", "complete"]
    assert [event.event async for event in run.events(events[0].sequence or 0)] == ["block.first.output", "complete"]
    assert [event async for event in run.events(events[-1].sequence or 0)] == []


async def test_kinds_of_events_of_a_run(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.put_out(run_id, "first", 1)
    reading = asyncio.create_task(take(client.run(run_id).events(kinds=[EventKind.OUTPUT]), 2))
    await bench.put_out(run_id, "second", 1)
    assert [event.event for event in await reading] == ["block.first.output", "block.second.output"]
    await bench.complete(run_id)
    outputs = [event async for event in client.run(run_id).events(kinds=[EventKind.OUTPUT])]
    assert len(outputs) == 2, "it ends although the end was not asked for"


async def test_all_runs(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    one, two = await bench.submit(linear), await bench.submit({**linear, "name": "two"})
    events = await take(client.events(), 2)
    assert told(events) == [(one, "start"), (two, "start")]
    assert [event.workflow for event in events] == ["adhoc", "two"]
    assert told(await take(client.events("two"), 1)) == [(two, "start")]
    reading = asyncio.create_task(take(client.events(after=events[-1].sequence, live=False), 2))
    await bench.put_out(one, "first", 1)
    await bench.complete(one)
    assert told(await reading) == [(one, "block.first.output"), (one, "complete")]
    ends = await take(client.events(kinds=[EventKind.COMPLETE, EventKind.FAILED]), 1)
    assert told(ends) == [(one, "complete")]


async def test_live_events_of_all_runs(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    reading = asyncio.create_task(take(client.events("adhoc", kinds=[EventKind.PROGRESS]), 1))
    # Told until it is heard: nothing shows that someone listens to what is not stored.
    while not reading.done():
        bench.connection.send(subjects.live_task(run_id, "first", "progress"), b'{"v": 1, "fraction": 0.5}')
        await asyncio.wait({reading}, timeout=0.1)
    (event,) = reading.result()
    assert (event.run_id, event.workflow, event.event) == (run_id, "adhoc", "block.first.progress")
    assert event.sequence is None


async def test_from_now_on(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    first = await bench.submit(linear)
    reading = asyncio.create_task(take(client.events(replay=False), 1))
    # One after the other, until the reader has seen the first one after it began.
    submitted = [first]
    while not reading.done():
        submitted.append(await bench.submit(linear))
        await asyncio.wait({reading}, timeout=0.1)
    (event,) = reading.result()
    assert event.run_id in submitted[1:]


async def test_a_gap_is_told(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    gone, kept = await bench.submit(linear), await bench.submit(linear)
    last = (await bench.events(gone))[-1].sequence
    base = subjects.find_run(bench.history.shard(gone), "default", gone)
    await bench.connection.api(f"STREAM.PURGE.{subjects.HISTORY}", {"filter": base})
    assert told(await take(client.events(after=last), 2)) == [(None, "gap"), (kept, "start")]


async def test_log_lines(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await say(bench, run_id, "a", "debug")
    await say(bench, run_id, "b", "error", "second")
    run = client.run(run_id)
    async with asyncio.timeout(20):
        while len(lines := [line async for line in run.logs()]) < 2:
            pass
    assert [(line.message, line.level, line.task, line.at) for line in lines] == [
        ("a", "debug", "first", 7.5),
        ("b", "error", "second", 7.5),
    ]
    assert [line.message async for line in run.logs(level=LogLevel.INFO)] == ["b"]
    assert [line.message async for line in run.logs(task="first")] == ["a"]
    found: list[str] = []
    async with asyncio.timeout(20):
        async for line in run.logs(follow=True, level=LogLevel.DEBUG):
            found.append(line.message)
            if line.message == "b":
                await say(bench, run_id, "c", "info")
            elif line.message == "c":
                await bench.complete(run_id)
    assert found == ["a", "b", "c"]


async def test_runs_are_found(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run_id = await bench.submit({**linear, "name": "daily-report"}, labels={"customer": "Ada Ltd"})
    await bench.submit(linear)
    now = datetime.now(UTC)
    for wanted in (
        {"search": "dai*"},
        {"search": "ltd ada"},
        {"search": "report", "since": now - timedelta(hours=1), "until": now + timedelta(hours=1)},
        {"search": run_id, "trigger": "api"},
    ):
        page = await client.runs(**wanted)
        assert [run.run_id for run in page.items] == [run_id], wanted
    assert not (await client.runs(until=now - timedelta(hours=1))).items


async def test_a_stream_goes_on_after_its_manager_was_restarted(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, linear: dict[str, Any]
) -> None:
    async with contextlib.AsyncExitStack() as first:
        address = await first.enter_async_context(running_manager(nats_url, tmp_path))
        async with Client(address.url, token=TOKEN) as client:
            runs = [(await client.start(linear)).run_id for _ in range(2)]
            events = client.events(live=False)
            async with asyncio.timeout(40), contextlib.aclosing(events):
                seen = [await anext(events) for _ in range(2)]
                await first.aclose()
                async with running_manager(nats_url, tmp_path, port=address.port):
                    runs.append((await client.start(linear)).run_id)
                    seen.append(await anext(events))
    assert told(seen) == [(run_id, "start") for run_id in runs]
