"""Runs of many tasks: nested paths, pages, and what is kept of them between two questions."""

import asyncio
from typing import Any

import pytest
from support.managing import Bench

from gnatwork_bus.items import Items
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run
from gnatwork_manager import run_states
from gnatwork_schemas.payload import is_reference

LOOP: dict[str, Any] = {
    "blocks": [
        {"id": "list", "type": "noop"},
        {
            "id": "each",
            "type": "loop",
            "config": {"items": "{{ list }}", "concurrency": 10000},
            "blocks": [
                {"id": "look", "type": "noop", "config": {"at": "{{ item.url }}"}},
                {"id": "tell", "type": "noop", "config": {"what": "{{ look }}", "n": "{{ index }}"}},
            ],
        },
        {"id": "last", "type": "noop", "needs": ["each"]},
    ]
}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Already a few events are many."""
    monkeypatch.setattr(run_states, "_LARGE", 3)


async def begin(bench: Bench, count: int) -> str:
    """A run whose loop goes over so many items."""
    run_id = await bench.submit(LOOP)
    items = [{"url": f"/{n}"} for n in range(count - 1)] + [{"url": "/" + "x" * 20_000}]
    stored = await Items(bench.connection, Payloads(bench.connection)).put("default", run_id, items, "each")
    await bench.put_out(run_id, "list", None)
    await bench.put_out(run_id, "each:expand", {"items": stored.model_dump()})
    return run_id


async def pages(bench: Bench, run_id: str, limit: int) -> list[list[dict[str, Any]]]:
    """All tasks, page by page."""
    found, cursor = [], None
    while True:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = (await bench.http.get(f"/runs/{run_id}/tasks", params=query)).json()
        found.append(answer["items"])
        if (cursor := answer["next_cursor"]) is None:
            return found


async def test_nested_tasks_come_behind_their_loop(bench: Bench) -> None:
    run_id = await begin(bench, 3)
    await bench.put_out(run_id, "each/0/look", {"seen": 0})
    found = await pages(bench, run_id, 4)
    assert [[task["task"] for task in part] for part in found] == [
        ["list", "each", "each/0/look", "each/0/tell"],
        ["each/1/look", "each/1/tell", "each/2/look", "each/2/tell"],
        ["last"],
    ]
    tasks = {task["task"]: task for part in found for task in part}
    assert (tasks["each/0/look"]["block"], tasks["each/0/look"]["status"]) == ("each/look", "completed")
    assert tasks["each/1/look"]["input"] == {"at": "/1"}
    assert tasks["each/0/tell"]["input"] == {"what": {"seen": 0}, "n": 0}
    assert tasks["each/2/look"]["input"] == {"at": "/" + "x" * 20_000}
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert run["blocks"]["each/look"] == {"completed": 1, "queued": 2}


async def test_a_task_is_found_by_its_path(bench: Bench) -> None:
    run_id = await begin(bench, 2)
    for path in ("each", "each/1/look", "each:expand"):
        reply = await bench.http.get(f"/runs/{run_id}/tasks/{path}")
        assert (reply.status_code, reply.json()["task"]) == (200, path)
    for path in ("each/2/look", "each/0", "each/0/list", "look", "each/x/look", "/", "each//look"):
        reply = await bench.http.get(f"/runs/{run_id}/tasks/{path}")
        assert (reply.status_code, reply.json()["code"]) == (404, "task.not_found"), path


async def test_a_page_begins_where_the_last_one_ended_though_the_run_went_on(bench: Bench) -> None:
    run_id = await bench.submit(LOOP)
    first = (await bench.http.get(f"/runs/{run_id}/tasks", params={"limit": 2})).json()
    assert [task["task"] for task in first["items"]] == ["list", "each"]
    items = await Items(bench.connection, Payloads(bench.connection)).put("default", run_id, [{}], "each")
    await bench.put_out(run_id, "list", None)
    await bench.put_out(run_id, "each:expand", {"items": items.model_dump()})
    rest = (await bench.http.get(f"/runs/{run_id}/tasks", params={"cursor": first["next_cursor"]})).json()
    assert [task["task"] for task in rest["items"]] == ["each/0/look", "each/0/tell", "last"]


@pytest.mark.usefixtures("large")
class TestKept:
    async def test_what_came_since_is_taken_in(self, bench: Bench) -> None:
        run_id = await begin(bench, 20)
        for done in range(20):
            await bench.put_out(run_id, f"each/{done}/look", {"n": done})
            run = (await bench.http.get(f"/runs/{run_id}")).json()
            assert run["blocks"]["each/look"].get("completed") == done + 1
        await bench.complete(run_id, "done")
        for _ in range(2):
            run = (await bench.http.get(f"/runs/{run_id}")).json()
            assert (run["status"], run["output"]) == ("completed", "done")
        assert [task["task"] for task in (await pages(bench, run_id, 500))[0]][-1] == "last"

    async def test_many_ask_at_the_same_time(self, bench: Bench) -> None:
        run_id = await begin(bench, 50)
        async with asyncio.TaskGroup() as tasks:
            for n in range(50):
                tasks.create_task(bench.put_out(run_id, f"each/{n}/look", n))
            asked = [tasks.create_task(bench.http.get(f"/runs/{run_id}")) for _ in range(20)]
            listed = [tasks.create_task(pages(bench, run_id, 30)) for _ in range(5)]
        assert {one.result().status_code for one in asked} == {200}
        assert {sum(map(len, one.result())) for one in listed} == {103}
        assert (await bench.http.get(f"/runs/{run_id}")).json()["blocks"]["each/look"] == {"completed": 50}

    @pytest.mark.parametrize("ended_before", [False, True])
    async def test_a_run_that_was_archived_meanwhile(self, bench: Bench, ended_before: bool) -> None:
        run_id = await begin(bench, 5)
        if ended_before:
            await bench.complete(run_id)
        await bench.http.get(f"/runs/{run_id}")
        if not ended_before:
            await bench.complete(run_id)
        payloads = Payloads(bench.connection)
        await archive_run(bench.history, bench.history.archive, payloads, "default", "adhoc", run_id, 60)
        run = (await bench.http.get(f"/runs/{run_id}")).json()
        assert (run["status"], run["blocks"]["each/look"]) == ("completed", {"queued": 5})

    async def test_a_run_that_was_deleted_meanwhile(self, bench: Bench) -> None:
        run_id = await begin(bench, 5)
        await bench.complete(run_id)
        await bench.see_to(run_id)
        assert (await bench.http.get(f"/runs/{run_id}")).status_code == 200
        assert (await bench.http.delete(f"/runs/{run_id}")).status_code == 204
        assert (await bench.http.get(f"/runs/{run_id}")).status_code == 404

    async def test_a_bad_question_costs_the_kept_run_nothing(self, bench: Bench) -> None:
        run_id = await begin(bench, 5)
        assert (await bench.http.get(f"/runs/{run_id}/tasks/none")).status_code == 404
        assert (await bench.http.get(f"/runs/{run_id}/tasks/each")).status_code == 200


async def test_large_items_beyond_the_bound_of_a_page_stay_references(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnatwork_manager.reader._PAGE_BYTES", 10)
    run_id = await begin(bench, 2)
    data = b'"' + b"x" * 100 + b'"'
    reference = await Payloads(bench.connection).put("default", run_id, data, "look")
    await bench.put_out(run_id, "each/0/look", {"$payload": reference.model_dump()})
    (found,) = await pages(bench, run_id, 50)
    tasks = {task["task"]: task for task in found}
    assert is_reference(tasks["each/0/look"]["output"])
    assert (await bench.http.get(f"/runs/{run_id}/tasks/each/0/look")).json()["output"] == "x" * 100
