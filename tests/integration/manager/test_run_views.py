"""`/runs/{id}`, its tasks and history, and cancelling it."""

from typing import Any

import orjson
import pytest
from support.managing import Bench

from gnatwork_bus.payloads import Payloads
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import CancelRequest, Error
from gnatwork_schemas.payload import reference_value


async def test_a_run_is_readable_from_its_submission_on(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear, input={"value": 3}, labels={"team": "ops"})
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert run["run_id"] == run_id
    assert (run["namespace"], run["workflow"], run["version"]) == ("default", "adhoc", None)
    assert run["status"] in {"pending", "running"}
    assert (run["input"], run["output"], run["error"]) == ({"value": 3}, None, None)
    assert (run["labels"], run["trigger"]) == ({"team": "ops"}, {"type": "api", "id": None})
    assert run["blocks"] == {"first": {"queued": 1}, "second": {"pending": 1}}
    assert run["created_at"] > 1_700_000_000
    assert run["ended_at"] is None


async def test_a_completed_run_has_its_output(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.put_out(run_id, "first", {"value": 1})
    await bench.put_out(run_id, "second", {"value": 2})
    await bench.complete(run_id, {"second": {"value": 2}})
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert (run["status"], run["output"]) == ("completed", {"second": {"value": 2}})
    assert run["ended_at"] >= run["created_at"]


async def test_deferred_leaves_of_the_output_are_resolved(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    reference = await Payloads(bench.connection).put("default", run_id, orjson.dumps({"title": "T" * 70_000}), "first")
    leaf = {
        "$template": [{"path": ["blocks", "first", "title"], "source": "first.title"}],
        "values": {"blocks.first": reference_value(reference)},
    }
    await bench.complete(run_id, {"title": leaf, "n": 1}, deferred=("/title",))
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert run["output"] == {"title": "T" * 70_000, "n": 1}


async def test_an_output_that_leads_nowhere_is_an_error_of_the_run(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    reference = await Payloads(bench.connection).put("default", run_id, b'{"a": 1}', "first")
    leaf = {
        "$template": [{"path": ["blocks", "first", "b"], "source": "first.b"}],
        "values": {"blocks.first": reference_value(reference)},
    }
    await bench.complete(run_id, leaf, deferred=("",))
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert (run["status"], run["output"], run["error"]["code"]) == ("completed", None, "template.missing")


async def test_tasks_come_in_pages_in_the_order_of_the_definition(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear, input={"value": 5})
    await bench.put_out(run_id, "first", {"value": 5})
    first = (await bench.http.get(f"/runs/{run_id}/tasks", params={"limit": 1})).json()
    second = (await bench.http.get(f"/runs/{run_id}/tasks", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert second["next_cursor"] is None
    (one,), (two,) = first["items"], second["items"]
    assert (one["task"], one["block"], one["type"], one["status"]) == ("first", "first", "noop", "completed")
    assert (one["input"], one["output"], one["attempts"], one["executor"]) == ({"value": 5}, {"value": 5}, 1, "test")
    assert (two["task"], two["status"], two["input"], two["output"]) == ("second", "queued", {"value": 5}, None)


async def test_large_values_of_a_task_are_opened(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    value = {"value": "x" * 100_000}
    reference = await Payloads(bench.connection).put("default", run_id, orjson.dumps(value), "first")
    await bench.put_out(run_id, "first", reference_value(reference))
    items = (await bench.http.get(f"/runs/{run_id}/tasks")).json()["items"]
    assert (items[0]["output"], items[1]["input"]) == (value, value)
    assert (await bench.http.get(f"/runs/{run_id}/tasks/second")).json()["input"] == value


async def test_beyond_the_bound_of_a_page_values_stay_references(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    value = {"value": "x" * (5 * 1024 * 1024)}
    reference = await Payloads(bench.connection).put("default", run_id, orjson.dumps(value), "first")
    await bench.put_out(run_id, "first", reference_value(reference))
    items = (await bench.http.get(f"/runs/{run_id}/tasks")).json()["items"]
    assert items[0]["output"] == value
    assert items[1]["input"]["value"]["values"]["blocks.first"]["$payload"]["id"] == reference.id


async def test_a_failed_task_shows_its_error(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    body = Error.model_validate(
        {
            "task": "first",
            "attempt": 1,
            "started_at": 1,
            "ended_at": 2,
            "error": {"code": "http.status", "message": "no"},
        }
    )
    await bench.append(run_id, subjects.error_event("first"), body)
    task = (await bench.http.get(f"/runs/{run_id}/tasks/first")).json()
    assert (task["status"], task["error"]["code"]) == ("failed", "http.status")


async def test_history_is_what_is_stored(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.put_out(run_id, "first", 1)
    await bench.complete(run_id, 2)
    first = (await bench.http.get(f"/runs/{run_id}/history", params={"limit": 2})).json()
    assert [item["event"] for item in first["items"]] == ["start", "block.first.output"]
    assert first["items"][1]["body"]["output"] == 1
    rest = (await bench.http.get(f"/runs/{run_id}/history", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["event"] for item in rest["items"]] == ["complete"]
    assert rest["next_cursor"] is None
    stored = await bench.events(run_id)
    shown = [*first["items"], *rest["items"]]
    assert [(item["sequence"], item["at"]) for item in shown] == [(event.sequence, event.at) for event in stored]


async def test_cancel_stores_the_request(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    reply = await bench.http.post(f"/runs/{run_id}/cancel", json={"reason": "changed my mind"})
    assert (reply.status_code, reply.json()["run_id"]) == (202, run_id)
    event = (await bench.events(run_id))[-1]
    assert event.subject.endswith(f".{run_id}.request.cancel")
    assert CancelRequest.model_validate_json(event.data).reason == "changed my mind"


async def test_cancel_needs_no_body(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    assert (await bench.http.post(f"/runs/{run_id}/cancel")).status_code == 202
    assert (await bench.http.post(f"/runs/{run_id}/cancel", json={"why": 1})).json()["code"] == "request.invalid"


async def test_a_run_that_has_ended_can_not_be_cancelled(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.complete(run_id)
    reply = await bench.http.post(f"/runs/{run_id}/cancel")
    assert (reply.status_code, reply.json()["code"]) == (409, "run.ended")
    assert (await bench.events(run_id))[-1].subject.endswith(".complete")


@pytest.mark.parametrize("run_id", ["nonsense", "*", "a.>", new_run_id(), new_run_id().upper()])
async def test_an_unknown_run_is_not_found(bench: Bench, run_id: str) -> None:
    requests = [
        bench.http.get(f"/runs/{run_id}"),
        bench.http.get(f"/runs/{run_id}/tasks"),
        bench.http.get(f"/runs/{run_id}/tasks/first"),
        bench.http.get(f"/runs/{run_id}/history"),
        bench.http.get(f"/runs/{run_id}/events"),
        bench.http.post(f"/runs/{run_id}/cancel"),
    ]
    for request in requests:
        reply = await request
        assert (reply.status_code, reply.json()["code"]) == (404, "run.not_found"), reply.url


async def test_an_unknown_task_is_not_found(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    reply = await bench.http.get(f"/runs/{run_id}/tasks/third")
    assert (reply.status_code, reply.json()["code"]) == (404, "task.not_found")


async def test_events_that_can_not_be_read_are_left_out(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    base = subjects.history_base(bench.history.shard(run_id), "default", "adhoc", run_id)
    await bench.history.append(base, subjects.output_event("first"), b"not json")
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert run["blocks"]["first"] == {"queued": 1}
    assert (await bench.http.get(f"/runs/{run_id}/history")).json()["items"][1]["body"] == "not json"
