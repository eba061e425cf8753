"""The same verbs by request and reply."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.managing import Bench, running_manager, start_of, until

from gnatwork_bus.connection import Connection
from gnatwork_bus.discovery import find_services
from gnatwork_bus.kv import Bucket
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.executors import LivingExecutor


async def ask(bench: Bench, verb: str, body: Any = None, namespace: str = "default") -> dict[str, Any]:
    data = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
    reply = await bench.connection.request(subjects.api(namespace, verb), data)
    document: dict[str, Any] = orjson.loads(reply.data)
    assert document["v"] == 1
    if problem := document.get("problem"):
        assert reply.headers == {
            header_names.SERVICE_ERROR: problem["code"],
            header_names.SERVICE_ERROR_CODE: str(problem["status"]),
        }
    return document


async def test_submit_and_see(bench: Bench, linear: dict[str, Any]) -> None:
    submitted = await ask(bench, "submit", {"v": 1, "workflow": linear, "input": {"value": 1}}, "acme")
    run_id = submitted["run_id"]
    assert submitted == {"v": 1, "run_id": run_id, "status": "pending"}
    assert start_of(await bench.events(run_id, "acme")).input == {"value": 1}
    assert (await ask(bench, "run.get", {"run_id": run_id}, "acme"))["input"] == {"value": 1}
    assert [run["run_id"] for run in (await ask(bench, "run.list", None, "acme"))["items"]] == [run_id]
    assert (await ask(bench, "run.list", {"workflow": "other"}, "acme"))["items"] == []
    tasks = await ask(bench, "run.tasks", {"run_id": run_id, "limit": 1}, "acme")
    assert ([task["task"] for task in tasks["items"]], bool(tasks["next_cursor"])) == (["first"], True)
    assert (await ask(bench, "run.tasks", {"run_id": run_id, "task": "second"}, "acme"))["task"] == "second"
    history = await ask(bench, "run.history", {"run_id": run_id}, "acme")
    assert [event["event"] for event in history["items"]] == ["start"]
    cancelled = await ask(bench, "run.cancel", {"run_id": run_id, "reason": "enough"}, "acme")
    assert cancelled["run_id"] == run_id
    assert (await bench.events(run_id, "acme"))[-1].subject.endswith("request.cancel")


async def test_lists_without_a_namespace_of_their_own(bench: Bench) -> None:
    assert {"loop", "noop", "response"} < {block["type"] for block in (await ask(bench, "blocks.list"))["items"]}
    assert await ask(bench, "dead_letters.list") == {"v": 1, "items": [], "next_cursor": None}


async def test_who_hosts_a_block_is_known_for_as_long_as_it_says_that_it_lives(bench: Bench) -> None:
    state = Bucket(bench.connection, subjects.STATE_BUCKET)

    async def say(lease: str, name: str, ttl: float, **fields: Any) -> None:
        living = LivingExecutor(executor=name, started_at=1.0, **fields)
        await state.put(subjects.executor_key(lease), living.model_dump_json().encode(), ttl=ttl)

    async def hosts(type_: str) -> Any:
        (block,) = [block for block in (await ask(bench, "blocks.list"))["items"] if block["type"] == type_]
        return block["executors"]

    async def hosted_by(*names: str) -> bool:
        return bool(await hosts("noop") == list(names))

    assert await hosted_by()
    assert await hosts("loop") is None
    await say("one", "b", 60, blocks={"noop": "1"}, disabled={"greet": "it is broken"})
    await say("two", "a", 60, blocks={"noop": "2"})
    await until(lambda: hosted_by("a", "b"))
    assert (await bench.http.get("/blocks/noop")).json()["executors"] == ["a", "b"]
    await say("two", "a", 1, blocks={"noop": "2"})
    await until(lambda: hosted_by("b"))
    listed = await ask(bench, "executors.list")
    assert (await bench.http.get("/executors")).json() == {"items": listed["items"], "next_cursor": None}
    assert listed["items"] == [
        {"executor": "b", "started_at": 1.0, "blocks": {"noop": "1"}, "disabled": {"greet": "it is broken"}}
    ]
    assert (await ask(bench, "executors.list", {"cursor": "x"}))["problem"]["code"] == "request.invalid"
    await state.delete(subjects.executor_key("one"))
    await until(hosted_by)


async def test_the_same_key_is_the_same_run(bench: Bench, linear: dict[str, Any]) -> None:
    body = {"workflow": linear, "idempotency_key": "k"}
    first, again = await ask(bench, "submit", body), await ask(bench, "submit", body)
    assert first["run_id"] == again["run_id"]
    over_http = await bench.http.post("/runs", json={"workflow": linear}, headers={"Idempotency-Key": "k"})
    assert over_http.json()["run_id"] == first["run_id"]


async def test_waiting(bench: Bench, answering: dict[str, Any], linear: dict[str, Any]) -> None:
    began: asyncio.Queue[str] = asyncio.Queue()
    await bench.connection.listen("workflow.*.start", lambda subject, _: began.put_nowait(subject.split(".")[1]))
    async with asyncio.TaskGroup() as tasks:
        replied = tasks.create_task(ask(bench, "submit", {"workflow": answering, "wait": "4s"}))
        run_id = await began.get()
        await bench.put_out(run_id, "answer", {"status": 201, "headers": {"a": "b"}, "body": [1]})
    reply = {"status": 201, "headers": {"a": "b"}, "body": [1]}
    assert replied.result() == {"v": 1, "run_id": run_id, "reply": reply}
    async with asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(ask(bench, "submit", {"workflow": linear, "wait": 4}))
        run_id = await began.get()
        await bench.complete(run_id, "done")
    assert (ended.result()["run_id"], ended.result()["run"]["output"]) == (run_id, "done")
    late = await ask(bench, "submit", {"workflow": linear, "wait": "10ms"})
    assert late["status"] == "pending"


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("submit", b"{", 400, "request.invalid_json"),
        ("submit", b"[]", 422, "request.invalid"),
        ("submit", {}, 422, "request.invalid"),
        ("submit", {"v": 2, "workflow": {}}, 400, "message.unknown_version"),
        ("submit", {"workflow": {"blocks": [{"id": "a", "type": "nope"}]}}, 422, "block.unknown_type"),
        ("submit", {"workflow": {}, "idempotency_key": 7}, 422, "request.invalid"),
        ("submit", {"workflow": {}, "wait": "soon"}, 422, "request.invalid"),
        ("run.get", None, 422, "request.invalid"),
        ("run.get", {"run_id": "*"}, 404, "run.not_found"),
        ("run.get", {"run_id": new_run_id()}, 404, "run.not_found"),
        ("run.list", {"limit": 0}, 422, "request.invalid"),
        ("run.list", {"werkflow": "a"}, 422, "request.invalid"),
        ("run.cancel", {"run_id": new_run_id()}, 404, "run.not_found"),
        ("run.fly", None, 404, "request.not_found"),
    ],
)
async def test_problems(bench: Bench, verb: str, body: Any, status: int, code: str) -> None:
    problem = (await ask(bench, verb, body))["problem"]
    assert (problem["status"], problem["code"]) == (status, code)


async def test_a_namespace_has_a_form(bench: Bench) -> None:
    assert (await ask(bench, "run.list", None, "Upper"))["problem"]["code"] == "request.invalid"


async def test_an_answer_too_large_for_nats_is_a_problem(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear, input="x" * 2_000_000)
    problem = (await ask(bench, "run.get", {"run_id": run_id}))["problem"]
    assert problem["code"] == "payload.too_large"
    assert "HTTP" in problem["detail"]


async def test_many_at_once(bench: Bench, linear: dict[str, Any]) -> None:
    submitted = await asyncio.gather(*(ask(bench, "submit", {"workflow": linear}) for _ in range(500)))
    assert len({reply["run_id"] for reply in submitted}) == 500


async def test_managers_share_the_requests(bench: Bench, nats_url: str, tmp_path: Path, linear: dict[str, Any]) -> None:
    async with running_manager(nats_url, tmp_path / "second"):
        submitted = await asyncio.gather(*(ask(bench, "submit", {"workflow": linear}) for _ in range(100)))
        assert len({reply["run_id"] for reply in submitted}) == 100
    info = await bench.connection.api(f"STREAM.INFO.{subjects.HISTORY}")
    assert info["state"]["messages"] == 100


async def test_shows_among_the_services(bench: Bench, linear: dict[str, Any]) -> None:
    await ask(bench, "submit", {"workflow": linear})
    await ask(bench, "submit", {})
    (found,) = await find_services(bench.connection, patience=0.2)
    assert (found.name, found.metadata["api"]) == ("gnatwork-manager", bench.address.url)
    stats = orjson.loads((await bench.connection.request(f"$SRV.STATS.{found.name}")).data)
    submit = next(endpoint for endpoint in stats["endpoints"] if endpoint["name"] == "submit")
    assert (submit["subject"], submit["num_requests"], submit["num_errors"]) == ("gnatwork.api.*.submit", 2, 1)


async def test_requests_without_a_reply_are_ignored(bench: Bench, linear: dict[str, Any], bus: Connection) -> None:
    bus.send(subjects.api("default", "submit"), orjson.dumps({"workflow": linear}))
    await ask(bench, "run.list")
    info = await bus.api(f"STREAM.INFO.{subjects.HISTORY}")
    assert info["state"]["messages"] == 0
