"""Deleting workflows: refused while runs are under way unless it is forced, and nothing of them is left."""

from typing import Any

import pytest
from support.managing import Bench, start_of
from support.stored import WEBHOOK, definition, put, state, stored

from gnatwork_schemas import subjects
from gnatwork_schemas.triggers import TriggerState


async def begin(bench: Bench) -> str:
    return str((await bench.http.post("/workflows/news/runs")).json()["run_id"])


async def delete(bench: Bench, **params: Any) -> tuple[int, str]:
    reply = await bench.http.delete("/workflows/news", params=params)
    return reply.status_code, reply.json()["code"] if reply.content else ""


async def left(bench: Bench) -> list[str]:
    """Keys that are about workflows."""
    kinds = ("workflow.", "definition.", "trigger_state.", "hook.")
    return [entry.key for entry in await state(bench).list() if entry.key.startswith(kinds)]


async def test_everything_of_a_workflow_goes(bench: Bench) -> None:
    await put(bench, definition("other", triggers=[{**WEBHOOK, "path": "/other"}]), "news-2")
    others = await left(bench)
    await put(bench, definition("a", triggers=[{**WEBHOOK, "path": "/news"}]))
    await put(bench, definition("b", triggers=[{**WEBHOOK, "path": "/news"}]))
    await put(bench, definition("c"), publish=False)
    key = subjects.trigger_state_key("default", "news", "hook")
    await state(bench).put(key, TriggerState(fired=3).model_dump_json().encode())
    assert await delete(bench) == (204, "")
    assert sorted(await left(bench)) == sorted(others)
    assert await delete(bench) == (404, "workflow.not_found")
    assert (await bench.http.get("/workflows/news")).status_code == 404
    assert (await bench.http.post("/workflows/news/runs")).status_code == 404
    assert [one["name"] for one in (await bench.http.get("/workflows")).json()["items"]] == ["news-2"]


async def test_a_name_can_be_used_again(bench: Bench) -> None:
    for text in ("a", "b"):
        await put(bench, definition(text))
    await delete(bench)
    reply = await put(bench, definition("c"))
    assert (reply.status_code, [one["version"] for one in reply.json()["versions"]]) == (201, [1])
    assert reply.json()["definition"]["blocks"][0]["config"] == {"text": "c"}


async def test_a_workflow_is_kept_while_runs_are_under_way(bench: Bench) -> None:
    await put(bench, definition())
    run_id = await begin(bench)
    assert await delete(bench) == (409, "workflow.in_use")
    await bench.put_status(run_id, "completed", 10, workflow="news")  # type: ignore[arg-type]  # as on the wire
    assert await delete(bench) == (204, "")


async def test_runs_go_on_without_their_workflow(bench: Bench) -> None:
    await put(bench, definition("a"))
    run_id = await begin(bench)
    assert await delete(bench, force="true") == (204, "")
    start = start_of(await bench.events(run_id))
    assert await state(bench).get(subjects.control_block_key(start.control_block))
    task = (await bench.http.get(f"/runs/{run_id}/tasks/say")).json()
    assert task["input"] == {"text": "a"}
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert (run["workflow"], run["version"]) == ("news", 1)
    await bench.append_end(run_id)
    again = await bench.http.post(f"/runs/{run_id}/rerun")
    assert again.status_code == 202
    assert start_of(await bench.events(again.json()["run_id"])).control_block == start.control_block


async def test_runs_of_others_are_in_nobodys_way(bench: Bench) -> None:
    await put(bench, definition())
    await put(bench, definition(), "olds")
    await bench.http.post("/workflows/olds/runs")
    assert await delete(bench) == (204, "")


async def test_a_deletion_that_was_cut_short_is_finished_by_the_next(bench: Bench) -> None:
    await put(bench, definition())
    await state(bench).delete(subjects.workflow_key("default", "news"))
    assert await left(bench) == ["definition.default.news.1"]
    assert await delete(bench) == (404, "workflow.not_found")
    assert await left(bench) == []


@pytest.mark.parametrize("name", ["None", "*", "a.b"])
async def test_a_name_that_is_none_is_not_found(bench: Bench, name: str) -> None:
    await put(bench, definition(), "a")
    reply = await bench.http.delete(f"/workflows/{name}")
    assert (reply.status_code, reply.json()["code"]) == (404, "workflow.not_found")
    assert (await stored(bench, "a")).name == "a"
