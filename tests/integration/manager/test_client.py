"""The client of users against a real manager, over HTTP and over NATS."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.managing import TOKEN, Bench, start_of

from gnatwork import Client, RequestError
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Complete, PauseRequest, Signal


@pytest.fixture(params=["http", "nats"])
async def client(request: pytest.FixtureRequest, bench: Bench, nats_url: str) -> AsyncIterator[Client]:
    """A client that goes either way."""
    address = bench.address.url if request.param == "http" else nats_url
    async with Client(address, token=TOKEN) as connected:
        yield connected


async def names(bench: Bench, run_id: str) -> list[str]:
    return [subjects.parse_history(event.subject).event for event in await bench.events(run_id)]


async def test_what_can_be_asked_of_a_run(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run = await client.start(linear)
    await run.pause("night")
    await run.resume()
    for _ in range(2):
        await run.signal("go", {"n": 1}, idempotency_key="once")
    await run.signal("go")
    assert await names(bench, run.run_id) == ["start", "request.pause", "request.resume", "signal.go", "signal.go"]
    _, pause, _, *signals = await bench.events(run.run_id)
    assert PauseRequest.model_validate_json(pause.data).reason == "night"
    assert [Signal.model_validate_json(signal.data).data for signal in signals] == [{"n": 1}, None]
    with pytest.raises(RequestError, match="no name of a signal"):
        await run.signal("Go on")


async def test_a_run_anew(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run = await client.start(linear, input=7)
    again = await run.rerun(idempotency_key="k")
    assert (await run.rerun(idempotency_key="k")).run_id == again.run_id != run.run_id
    assert start_of(await bench.events(again.run_id)).input == 7
    result = asyncio.create_task(again.result(timeout=30))
    await bench.complete(again.run_id, "done")
    assert await result == "done"


async def test_a_run_that_is_deleted(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run = await client.start(linear)
    with pytest.raises(RequestError, match="not ended"):
        await run.delete()
    await bench.complete(run.run_id)
    await bench.see_to(run.run_id)
    await run.delete()
    with pytest.raises(RequestError, match="no run with this id"):
        await run.get()


async def test_a_run_that_begins_later(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    at = datetime.now(UTC) + timedelta(days=2)
    for moment in (at, at.astimezone().replace(tzinfo=None)):
        run = await client.start(linear, at=moment)
        assert start_of(await bench.events(run.run_id)).at == pytest.approx(at.timestamp())
        assert (await run.get()).status == "pending"


async def test_stored_workflows(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    await client.validate(linear)
    with pytest.raises(RequestError, match="/blocks/0/type"):
        await client.validate({"blocks": [{"id": "a", "type": "nope"}]})
    first = await client.put_workflow("news", linear)
    second = await client.put_workflow("news", {**linear, "description": "Second."})
    assert (first.version, second.version) == (1, 2)
    assert await client.workflow("news") == second
    assert [(one.name, one.version) for one in (await client.workflows(limit=1)).items] == [("news", 2)]
    with pytest.raises(RequestError, match="no stored workflow"):
        await client.workflow("olds")
    newest, old = await client.start("news", labels={"a": "b"}), await client.start("news", version=1)
    starts = [start_of(await bench.events(run.run_id)) for run in (newest, old)]
    assert [(start.workflow, start.version) for start in starts] == [("news", 2), ("news", 1)]
    assert starts[0].labels == {"a": "b"}
    result = asyncio.create_task(newest.result(timeout=30))
    await bench.append(newest.run_id, subjects.COMPLETE, Complete(output=5), "news")
    assert await result == 5


async def test_runs_by_their_parent(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    parent, _ = await client.start(linear), await client.start(linear)
    assert (await client.runs(parent=parent.run_id)).items == []


async def test_tasks_in_parts(client: Client, linear: dict[str, Any]) -> None:
    run = await client.start(linear)
    first = await run.task_page(limit=1)
    rest = await run.task_page(cursor=first.next_cursor)
    assert ([task.task for task in first.items], [task.task for task in rest.items]) == (["first"], ["second"])
    assert rest.next_cursor is None
