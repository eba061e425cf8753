"""`GET /events` and `GET /workflows/{name}/events`: all runs, replay, follow, resume, at any manager."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from support.managing import TOKEN, Bench, open_bench, parse_events, running_manager

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_manager import event_stream
from gnatwork_manager.run_ids import new_run_id
from gnatwork_manager.streams import outbox
from gnatwork_schemas import subjects


@contextlib.asynccontextmanager
async def reading(bench: Bench, path: str = "/events", after: Any = None, **params: Any) -> AsyncIterator["Reader"]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    async with bench.http.stream("GET", path, headers=headers, params=params) as reply:
        assert reply.status_code == 200
        yield Reader(reply)


class Reader:
    """Reads a stream of events piece by piece."""

    def __init__(self, reply: httpx.Response) -> None:
        self._chunks = reply.aiter_text()
        self._text = ""
        self.events: list[dict[str, Any]] = []

    def rest(self) -> AsyncIterator[str]:
        """What comes until the end."""
        return self._chunks

    async def until(self, count: int) -> list[tuple[str, str]]:
        """The first events, as run and name."""
        async with asyncio.timeout(20):
            while len(self.events) < count:
                self._text += await anext(self._chunks)
                whole, separator, self._text = self._text.rpartition("\n\n")
                self.events += [event for event in parse_events(whole) if "data" in event] if separator else []
        return [(event["data"].get("run_id", ""), event["event"]) for event in self.events]


async def test_all_runs_of_a_namespace_in_order(bench: Bench, linear: dict[str, Any]) -> None:
    one, two = await bench.submit(linear), await bench.submit({**linear, "name": "other"})
    await bench.put_out(one, "first", 1)
    async with reading(bench) as reader:
        await reader.until(3)
        await bench.complete(one)
        assert await reader.until(4) == [(one, "start"), (two, "start"), (one, "block.first.output"), (one, "complete")]
    assert [event["data"]["workflow"] for event in reader.events] == ["adhoc", "other", "adhoc", "adhoc"]
    assert [int(event["id"]) for event in reader.events] == [event["data"]["sequence"] for event in reader.events]


async def test_only_those_of_a_workflow(bench: Bench, linear: dict[str, Any]) -> None:
    await bench.submit(linear)
    mine = await bench.submit({**linear, "name": "mine"})
    async with reading(bench, "/workflows/mine/events") as reader:
        await reader.until(1)
        await bench.submit(linear)
        await bench.put_out(mine, "first", 1, "mine")
        assert await reader.until(2) == [(mine, "start"), (mine, "block.first.output")]
    assert (await bench.http.get("/workflows/no*/events")).status_code == 422


async def test_another_namespace_sees_nothing(bench: Bench, linear: dict[str, Any]) -> None:
    await bench.submit(linear)
    headers = {"X-Gnatwork-Namespace": "other"}
    theirs = (await bench.http.post("/runs", json={"workflow": linear}, headers=headers)).json()["run_id"]
    async with bench.http.stream("GET", "/events", headers=headers) as reply:
        reader = Reader(reply)
        await bench.submit(linear)
        bench.connection.send(subjects.live_task(await bench.submit(linear), "first", "progress"), b"{}")
        bench.connection.send(subjects.live_task(theirs, "first", "progress"), b"{}")
        assert await reader.until(2) == [(theirs, "start"), (theirs, "block.first.progress")]


async def test_kinds(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.put_out(run_id, "first", 1)
    await bench.complete(run_id)
    async with reading(bench, event=["output", "complete"]) as reader:
        assert await reader.until(2) == [(run_id, "block.first.output"), (run_id, "complete")]
    of_run = await bench.http.get(f"/runs/{run_id}/events", params={"event": ["start", "output"]})
    assert [event["event"] for event in parse_events(of_run.text)] == ["start", "block.first.output", "end"]
    assert (await bench.http.get("/events", params={"event": "nonsense"})).status_code == 422


async def test_live_events_come_in_between_unless_unwanted(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    progress = subjects.live_task(run_id, "first", "progress")
    async with reading(bench) as all_, reading(bench, live=False) as stored, reading(bench, event="progress") as live:
        await asyncio.gather(all_.until(1), stored.until(1))
        # Told again until it is heard: a reader of live events alone has nothing to show that it listens.
        while not live.events:
            bench.connection.send(progress, orjson.dumps({"v": 1, "fraction": 0.5}))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(live.until(1))), 0.2)
        await bench.complete(run_id)
        assert await stored.until(2) == [(run_id, "start"), (run_id, "complete")]
        await all_.until(2)
    assert live.events[0]["data"] == {
        "event": "block.first.progress",
        "body": {"v": 1, "fraction": 0.5},
        "run_id": run_id,
        "workflow": "adhoc",
    }
    assert "block.first.progress" in {event["event"] for event in all_.events}


async def test_without_a_replay_it_begins_with_what_happens_next(bench: Bench, linear: dict[str, Any]) -> None:
    first = await bench.submit(linear)
    async with bench.http.stream("GET", "/events", params={"replay": False}) as reply:
        chunks = reply.aiter_text()
        place = await anext(chunks)
    last = (await bench.events(first))[-1].sequence
    assert place == f"id: {last}\n\n"
    second = await bench.submit(linear)
    async with reading(bench, after=last, replay=False) as reader:
        assert await reader.until(1) == [(second, "start")]


async def test_who_comes_back_with_an_event_that_is_gone_is_told(bench: Bench, linear: dict[str, Any]) -> None:
    gone, kept = await bench.submit(linear), await bench.submit(linear)
    last = (await bench.events(gone))[-1].sequence
    base = subjects.find_run(bench.history.shard(gone), "default", gone)
    await bench.connection.api(f"STREAM.PURGE.{subjects.HISTORY}", {"filter": base})
    for after in (last, 10_000):
        async with reading(bench, after=after) as reader:
            assert await reader.until(2) == [("", "gap"), (kept, "start")]
        assert reader.events[0]["data"] == {"event": "gap", "after": after}


async def test_what_is_the_engines_own_is_not_told(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    base = (await bench.events(run_id))[0].subject.removesuffix(".start")
    limit = subjects.limit_base(8, "default", subjects.limit_key("concurrency", "default", "w", ""))
    for subject in (
        f"{limit}.limit.acquire",
        f"{limit}.timer.next.fired",
        f"{subjects.retention_base(0, 'default', run_id)}.timer.purge.fired",
        f"{base}.timer.archive-60.fired",
    ):
        await bench.connection.publisher.publish(subject, b'{"v": 1}')
    await bench.complete(run_id)
    async with reading(bench) as reader:
        assert await reader.until(2) == [(run_id, "start"), (run_id, "complete")]


async def test_a_reader_that_does_not_read_is_dropped_and_holds_little(
    bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_SLOW", 0.5)
    held: list[int] = []
    add = outbox.Outbox._add

    def watched(self: outbox.Outbox, event: bytes) -> None:
        add(self, event)
        held.append(self._bytes)

    monkeypatch.setattr(outbox.Outbox, "_add", watched)
    run_id = await bench.submit(linear)
    for number in range(200):
        await bench.put_out(run_id, f"task-{number}", "x" * 60_000)
    reader, writer = await asyncio.open_connection(bench.address.host, bench.address.port)
    writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")

    async def streams() -> bool:
        return "gnatwork_event_streams 0.0" in await bench.metrics()

    async with asyncio.timeout(20):
        while not await streams():
            pass
    assert max(held) < outbox.MOST_BYTES + 100_000
    writer.close()


async def test_a_manager_that_stops_ends_its_streams_and_they_go_on_at_another(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, linear: dict[str, Any]
) -> None:
    async with open_bench(bus, nats_url, tmp_path / "one") as bench:
        first = await bench.submit(linear)
        async with contextlib.AsyncExitStack() as other:
            address = await other.enter_async_context(running_manager(nats_url, tmp_path / "two"))
            async with bench.http.stream("GET", f"{address.url}/api/v1/events") as reply:
                reader = Reader(reply)
                await reader.until(1)
                await other.aclose()
                # No error: the answer has come to its end.
                assert "".join([chunk async for chunk in reader.rest()]).strip() == ""
        second = await bench.submit(linear)
        async with reading(bench, after=reader.events[-1]["id"]) as again:
            assert await again.until(1) == [(second, "start")]
    assert reader.events[0]["data"]["run_id"] == first


async def test_each_event_once_and_in_order_whatever_readers_do(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, linear: dict[str, Any]
) -> None:
    """Runs go on while readers connect, drop and resume at random, now at one manager and now at the other."""
    source = Random(4)  # noqa: S311 - chance of a test
    async with open_bench(bus, nats_url, tmp_path / "one") as bench, running_manager(nats_url, tmp_path / "two") as two:
        managers = [bench.address, two]
        done = asyncio.Event()
        readers = [
            asyncio.create_task(_read_at_random(managers, Random(seed), path, done))  # noqa: S311 - likewise
            for seed, path in enumerate(["/events", "/events", "/workflows/w1/events", "/events"])
        ]
        expected = await _play(bus, source)
        done.set()
        async with asyncio.timeout(60):
            seen = await asyncio.gather(*readers)
    assert seen[0] == seen[1] == seen[3] == [sequence for sequence, _ in expected]
    assert seen[2] == [sequence for sequence, workflow in expected if workflow == "w1"]


async def _play(bus: Connection, source: Random) -> list[tuple[int, str]]:
    """Many runs at once, whose events are stored in no order that anyone knows before; the end of all is the last."""
    history = History(bus, 8)
    stored: list[tuple[int, str]] = []

    async def run(number: int) -> None:
        run_id, workflow = new_run_id(), f"w{number % 3}"
        base = subjects.history_base(history.shard(run_id), "default", workflow, run_id)
        events = [subjects.output_event(f"t{one}") for one in range(source.randrange(1, 12))]
        for event in (subjects.START, *events, subjects.COMPLETE):
            sequence = await history.append(base, event, b'{"v": 1}')
            stored.append((sequence, workflow))

    for _ in range(30):
        await asyncio.gather(*(run(number) for number in range(10)))
    last = subjects.history_base(0, "default", "w1", new_run_id())
    stored.append((await history.append(last, subjects.CANCELLED, b"{}"), "w1"))
    return sorted(stored)


async def _read_at_random(managers: list[Any], source: Random, path: str, done: asyncio.Event) -> list[int]:
    """Sequences in the order in which they came, up to the one that ends it all."""
    seen: list[int] = []
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(headers=headers, timeout=20) as http:
        while True:
            address = source.choice(managers)
            after = {"Last-Event-ID": str(seen[-1])} if seen else {}
            patience = source.randrange(1, 400)
            async with http.stream("GET", f"{address.url}/api/v1{path}", headers=after) as reply:
                event = ""
                async for line in reply.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        seen.append(int(value))
                        patience -= 1
                    elif name == "event":
                        event = value
                        assert event != "gap"
                    elif not line and event == subjects.CANCELLED:
                        return seen
                    if not line and patience <= 0 and not done.is_set():
                        break
