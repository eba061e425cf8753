"""Two managers, each a process of its own, behave as one, also when one of them is killed or stopped."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from support.managers import ManagerProcess, manager_process
from support.managing import TOKEN, Bench, parse_events, until
from support.raw_http import raw_connection

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_manager.manager import Address
from gnatwork_schemas import subjects
from gnatwork_schemas.status import RunStatus

#: Seconds for what happens on its own on a busy machine.
PATIENCE = 30.0


class Pair(NamedTuple):
    """Two managers, and the hand that plays executors and schedulers; it asks the second one."""

    first: ManagerProcess
    second: ManagerProcess
    hand: Bench


@pytest.fixture
async def pair(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> AsyncIterator[Pair]:
    async with contextlib.AsyncExitStack() as stack:
        contexts = [manager_process(nats_url, tmp_path / name) for name in ("first", "second")]
        first, second = await asyncio.gather(*map(stack.enter_async_context, contexts))
        address = Address("127.0.0.1", int(second.url.rpartition(":")[2]))
        yield Pair(first, second, Bench(address, second.http, bus, History(bus, 8), tmp_path))


async def waits(manager: ManagerProcess) -> bool:
    """Whether a caller waits for a run at this manager."""
    return "gnatwork_waiting_callers 1.0" in (await manager.http.get(f"{manager.url}/metrics")).text


async def test_what_one_does_the_other_knows(pair: Pair, linear: dict[str, Any]) -> None:
    first, second, hand = pair
    run_id = (await first.http.post("/runs", json={"workflow": linear})).json()["run_id"]
    # At once: it is read from its history.
    assert (await second.http.get(f"/runs/{run_id}")).json()["run_id"] == run_id
    assert (await second.http.put("/workflows/shared", json=linear)).status_code == 201
    assert (await first.http.post("/workflows/shared/runs")).status_code == 202
    await hand.put_status(run_id, RunStatus.RUNNING, 1)

    async def listed() -> bool:
        runs = (await second.http.get("/runs")).json()["items"]
        return any(run["run_id"] == run_id for run in runs)

    await until(listed, PATIENCE)
    assert (await second.http.post(f"/runs/{run_id}/cancel")).status_code == 202
    events = [subjects.parse_history(event.subject).event for event in await hand.events(run_id)]
    assert events == ["start", "request.cancel"]


async def test_a_caller_whose_manager_dies_finds_the_run_at_the_other(pair: Pair, linear: dict[str, Any]) -> None:
    first, second, hand = pair
    request = {"json": {"workflow": linear}, "headers": {"Idempotency-Key": "once"}, "params": {"wait": "60s"}}
    waiting = asyncio.create_task(first.http.post("/runs", **request))  # type: ignore[arg-type]  # as keywords
    await until(lambda: waits(first), PATIENCE)
    first.kill()
    with pytest.raises(httpx.TransportError):
        await waiting
    again = asyncio.create_task(second.http.post("/runs", **request))  # type: ignore[arg-type]  # as keywords
    await until(lambda: waits(second), PATIENCE)
    # Whoever waits is listed a moment before the start is stored.
    starts = await until(lambda: hand.history.read("history.*.default.adhoc.*.start"), PATIENCE)
    assert len(starts) == 1
    await hand.complete(subjects.parse_history(starts[0].subject).run_id, "done")
    reply = await again
    assert (reply.status_code, reply.json()["output"]) == (200, "done")


async def test_a_stream_goes_on_at_the_other_without_a_gap_or_a_repeat(pair: Pair, linear: dict[str, Any]) -> None:
    first, second, hand = pair
    run_id = (await first.http.post("/runs", json={"workflow": linear})).json()["run_id"]
    sequences = [(await hand.events(run_id))[0].sequence]
    sequences += [await hand.put_out(run_id, f"task-{number}", number) for number in range(20)]
    text = ""
    with contextlib.suppress(httpx.TransportError):
        async with first.http.stream("GET", f"/runs/{run_id}/events") as reply:
            async for part in reply.aiter_text():
                text += part
                if "task-9" in text and first.process.returncode is None:
                    first.kill()
                    await first.ended()
                    sequences += [await hand.put_out(run_id, f"late-{number}", number) for number in range(20)]
    seen = parse_events(text.rpartition("\n\n")[0])
    sequences.append(await hand.complete(run_id))
    rest = await second.http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": seen[-1]["id"]})
    assert [int(event["id"]) for event in (*seen, *parse_events(rest.text))] == sequences


async def test_no_start_is_lost_or_doubled(pair: Pair, linear: dict[str, Any]) -> None:
    first, second, hand = pair
    keys, accepted = 400, dict[int, str]()

    async def submit(number: int) -> None:
        at = number % 2
        while number not in accepted:
            manager = (first, second)[at]
            with contextlib.suppress(httpx.TransportError):
                reply = await manager.http.post(
                    "/runs", json={"workflow": linear, "input": number}, headers={"Idempotency-Key": f"key-{number}"}
                )
                assert reply.status_code == 202, reply.text
                accepted[number] = reply.json()["run_id"]
            at = 1

    async with asyncio.TaskGroup() as tasks:
        for number in range(keys):
            tasks.create_task(submit(number))

        async def begun() -> bool:
            await second.http.get("/blocks", params={"limit": 1})
            return len(accepted) > keys // 10

        await until(begun, PATIENCE)
        first.kill()
    starts = await hand.history.read("history.*.default.adhoc.*.start")
    assert len(starts) == keys
    assert {subjects.parse_history(start.subject).run_id for start in starts} == set(accepted.values())
    # And whoever asks once more, for safety's sake, begins nothing either.
    again = await second.http.post("/runs", json={"workflow": linear, "input": 0}, headers={"Idempotency-Key": "key-0"})
    assert again.json()["run_id"] == accepted[0]


async def test_a_manager_that_is_stopped_lets_everyone_go(pair: Pair, linear: dict[str, Any]) -> None:
    first, second, hand = pair
    run_id = (await first.http.post("/runs", json={"workflow": linear})).json()["run_id"]
    body = b'{"workflow": {"blocks": [{"id": "a", "type": "noop"}]}}'
    head = f"POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}"
    async with raw_connection(first.url) as upload, asyncio.TaskGroup() as tasks:
        await upload.send(f"{head}\r\n\r\n".encode() + body[:10])
        waiting = tasks.create_task(first.http.post("/runs", params={"wait": "60s"}, json={"workflow": linear}))
        streaming = tasks.create_task(first.http.get(f"/runs/{run_id}/events"))

        async def under_way() -> bool:
            text = (await first.http.get(f"{first.url}/metrics")).text
            return "gnatwork_waiting_callers 1.0" in text and "gnatwork_event_streams 1.0" in text

        await until(under_way, PATIENCE)
        first.ask_to_stop()
        # Whoever waits is let go before the listener is closed, and told where to look.
        reply = await waiting
        assert (reply.status_code, reply.headers["location"]) == (202, f"/api/v1/runs/{reply.json()['run_id']}")
        seen = parse_events((await streaming).text)
        await until(lambda: refuses(first), PATIENCE)
        await upload.send(body[10:])
        assert (await upload.answer()).status == 202
    assert await first.ended() == 0
    await hand.complete(run_id)
    # What was not sent yet when it stopped comes from the other one.
    rest = await second.http.get(f"/runs/{run_id}/events", headers={"Last-Event-ID": seen[-1]["id"]} if seen else {})
    assert [event["event"] for event in (*seen, *parse_events(rest.text))] == ["start", "complete"]


async def refuses(manager: ManagerProcess) -> bool:
    """Whether it takes no more connections."""
    address = httpx.URL(manager.url)
    try:
        _, writer = await asyncio.open_connection(address.host, address.port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False
