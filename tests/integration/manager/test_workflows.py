"""Stored workflows, over HTTP and NATS: a version per definition, runs by name."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from support.managing import Bench, start_of

from gnatwork_bus.kv import Bucket
from gnatwork_schemas import subjects
from gnatwork_schemas.workflow import StoredWorkflow, Workflow, WorkflowSummary


def definition(text: str = "a", **more: Any) -> dict[str, Any]:
    return {"blocks": [{"id": "say", "type": "noop", "config": {"text": text}}], **more}


async def put(bench: Bench, body: Any, name: str = "news", **headers: str) -> httpx.Response:
    return await bench.http.put(f"/workflows/{name}", json=body, headers=headers)


async def ask(bench: Bench, verb: str, namespace: str = "default", **body: Any) -> dict[str, Any]:
    reply = await bench.connection.request(subjects.api(namespace, verb), orjson.dumps(body))
    document: dict[str, Any] = orjson.loads(reply.data)
    return document


def state(bench: Bench) -> Bucket:
    return Bucket(bench.connection, subjects.STATE_BUCKET)


async def test_a_definition_becomes_a_published_version(bench: Bench) -> None:
    reply = await put(bench, definition())
    assert (reply.status_code, reply.headers["location"]) == (201, "/api/v1/workflows/news")
    workflow = Workflow.model_validate(reply.json())
    assert (workflow.name, workflow.version, [one.version for one in workflow.versions]) == ("news", 1, [1])
    assert workflow.definition == {"name": "news", **definition()}
    assert (await bench.http.get("/workflows/news")).json() == reply.json()
    entry = await state(bench).get(subjects.workflow_key("default", "news"))
    assert entry
    stored = StoredWorkflow.model_validate_json(entry.value)
    assert (stored.published, [*stored.versions]) == (1, ["1"])
    assert await state(bench).get(subjects.control_block_key(stored.versions["1"].control_block))


async def test_a_definition_in_another_language_is_stored_as_it_was_sent_under_a_native_name(bench: Bench) -> None:
    trigger = {"type": "webhook", "config": {"path": "/good"}}
    steps = [{"id": "1", "type": "noop", "config": "{{payload.text}}"}]
    sent = {"name": "Good News", "trigger": trigger, "steps": steps}
    reply = await bench.http.post("/workflows", json=sent)
    assert (reply.status_code, reply.headers["location"]) == (201, "/api/v1/workflows/good-news")
    assert reply.json()["definition"] == sent
    assert (await put(bench, sent, "good-news")).status_code == 200


async def test_the_same_definition_again_is_no_new_version(bench: Bench) -> None:
    first = await put(bench, definition())
    again = await put(bench, {"name": "news", **definition()})
    assert (again.status_code, again.json()) == (200, first.json())


async def test_another_definition_is_the_next_version(bench: Bench) -> None:
    for text in ("a", "b", "a"):
        assert (await put(bench, definition(text))).status_code == 201
    shown = (await bench.http.get("/workflows/news")).json()
    assert (shown["version"], [one["version"] for one in shown["versions"]]) == (3, [3, 2, 1])
    assert shown["definition"]["blocks"][0]["config"] == {"text": "a"}
    assert shown["updated_at"] >= shown["created_at"] > 1_700_000_000
    assert shown["versions"][0]["control_block"] == shown["versions"][2]["control_block"]


async def test_a_definition_that_says_more_than_it_compiles_to_is_a_version_as_well(bench: Bench) -> None:
    await put(bench, definition())
    assert (await put(bench, definition(description="Now with words."))).status_code == 201
    shown = (await bench.http.get("/workflows/news")).json()
    assert shown["versions"][0]["control_block"] == shown["versions"][1]["control_block"]
    assert shown["definition"]["description"] == "Now with words."


async def test_many_at_once_get_a_version_each(bench: Bench) -> None:
    replies = await asyncio.gather(*(put(bench, definition(str(n))) for n in range(8)))
    assert {reply.status_code for reply in replies} == {201}
    shown = (await bench.http.get("/workflows/news")).json()
    numbers = [one["version"] for one in shown["versions"]]
    assert len(numbers) == 8
    assert shown["version"] in numbers
    texts = set()
    for number in numbers:
        entry = await state(bench).get(subjects.definition_key("default", "news", number))
        assert entry
        texts.add(orjson.loads(entry.value)["blocks"][0]["config"]["text"])
    assert texts == {str(n) for n in range(8)}


async def test_the_same_many_times_at_once_is_one_version(bench: Bench) -> None:
    replies = await asyncio.gather(*(put(bench, definition()) for _ in range(8)))
    assert {reply.status_code for reply in replies} <= {200, 201}
    assert [one["version"] for one in (await bench.http.get("/workflows/news")).json()["versions"]] == [1]


async def test_what_a_dead_manager_left_is_in_nobodys_way(bench: Bench) -> None:
    """It has written a definition and died before the version was added."""
    await state(bench).put(subjects.definition_key("default", "news", 1), b"{}")
    reply = await put(bench, definition())
    assert (reply.status_code, reply.json()["version"]) == (201, 2)
    assert reply.json()["definition"] == {"name": "news", **definition()}


@pytest.mark.parametrize(
    ("name", "body", "code", "pointer"),
    [
        ("news", {"blocks": []}, "definition.invalid", "/blocks"),
        ("news", {"blocks": [{"id": "a", "type": "nope"}]}, "block.unknown_type", "/blocks/0/type"),
        ("news", [], "request.invalid", ""),
        ("news", definition(name="olds"), "request.invalid", "/name"),
        ("News", definition(), "request.invalid", "/name"),
        ("a.b", definition(), "request.invalid", "/name"),
        ("news", definition(input={"enum": ["x" * 950_000]}), "definition.too_large", ""),
    ],
)
async def test_a_bad_definition_is_not_stored(bench: Bench, name: str, body: Any, code: str, pointer: str) -> None:
    reply = await put(bench, body, name)
    assert (reply.status_code, reply.json()["code"]) == (422, code), reply.text
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert await state(bench).list("workflow.>") == []
    assert await state(bench).list("definition.>") == []


async def test_broken_json_is_not_stored(bench: Bench) -> None:
    reply = await bench.http.put("/workflows/news", content=b"{")
    assert (reply.status_code, reply.json()["code"]) == (400, "request.invalid_json")


async def test_definitions_are_checked_without_storing_them(bench: Bench) -> None:
    good = await bench.http.post("/workflows/validate", json=definition())
    assert (good.status_code, good.json()["workflow"]) == (200, "adhoc")
    assert good.json()["control_block"].startswith("sha256-")
    bad = await bench.http.post("/workflows/validate", json={"blocks": [{"id": "a", "type": "nope"}, {}]})
    assert (bad.status_code, len(bad.json()["errors"])) == (422, 3)
    assert await state(bench).list("control.*") == []


async def test_workflows_come_in_pages_by_name(bench: Bench) -> None:
    assert (await bench.http.get("/workflows")).json() == {"items": [], "next_cursor": None}
    for name in ("b", "c", "a"):
        await put(bench, definition(), name)
    await put(bench, definition(), "theirs", **{"X-Gnatwork-Namespace": "acme"})
    first = (await bench.http.get("/workflows", params={"limit": 2})).json()
    rest = (await bench.http.get("/workflows", params={"cursor": first["next_cursor"]})).json()
    assert [[one["name"] for one in page["items"]] for page in (first, rest)] == [["a", "b"], ["c"]]
    assert rest["next_cursor"] is None
    assert set(rest["items"][0]) == set(WorkflowSummary.model_fields)


@pytest.mark.parametrize("name", ["none", "None", "*", "a.b"])
async def test_an_unknown_workflow_is_not_found(bench: Bench, name: str) -> None:
    for reply in (
        await bench.http.get(f"/workflows/{name}"),
        await bench.http.post(f"/workflows/{name}/runs"),
        await bench.http.get(f"/workflows/{name}", headers={"X-Gnatwork-Namespace": "acme"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "workflow.not_found")


async def test_a_run_takes_the_published_version(bench: Bench) -> None:
    await put(bench, definition("a", labels={"of": "workflow"}))
    await put(bench, definition("b", labels={"of": "workflow"}))
    body = {"input": {"n": 1}, "labels": {"team": "ops"}}
    reply = await bench.http.post("/workflows/news/runs", json=body)
    run_id = reply.json()["run_id"]
    assert (reply.status_code, reply.headers["location"]) == (202, f"/api/v1/runs/{run_id}")
    start = start_of(await bench.events(run_id))
    assert (start.workflow, start.version, start.input) == ("news", 2, {"n": 1})
    assert start.labels == {"of": "workflow", "team": "ops"}
    run = (await bench.http.get(f"/runs/{run_id}")).json()
    assert (run["workflow"], run["version"]) == ("news", 2)
    listed = (await bench.http.get("/runs", params={"workflow": "news"})).json()["items"]
    assert [(one["run_id"], one["version"]) for one in listed] == [(run_id, 2)]


async def test_a_run_of_another_version(bench: Bench) -> None:
    for text in ("a", "b"):
        await put(bench, definition(text))
    old = await bench.http.post("/workflows/news/runs", json={"version": 1})
    start = start_of(await bench.events(old.json()["run_id"]))
    versions = (await bench.http.get("/workflows/news")).json()["versions"]
    assert (start.version, start.control_block) == (1, versions[1]["control_block"])
    none = await bench.http.post("/workflows/news/runs", json={"version": 3})
    assert (none.status_code, none.json()["code"]) == (404, "workflow.not_found")


async def test_a_run_by_name_needs_no_body(bench: Bench) -> None:
    await put(bench, definition())
    assert (await bench.http.post("/workflows/news/runs")).status_code == 202


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ([], "request.invalid", ""),
        ({"workflow": {}}, "request.invalid", "/workflow"),
        ({"version": "1"}, "request.invalid", "/version"),
        ({"labels": 1}, "request.invalid", "/labels"),
        ({"at": "soon"}, "request.invalid", "/at"),
        ({"input": 5}, "input.invalid", "/input"),
    ],
)
async def test_a_bad_start_starts_nothing(bench: Bench, body: Any, code: str, pointer: str) -> None:
    await put(bench, definition(input={"type": "object"}))
    reply = await bench.http.post("/workflows/news/runs", json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, code)
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert (await bench.connection.api(f"STREAM.INFO.{subjects.HISTORY}"))["state"]["messages"] == 0


async def test_the_same_key_is_the_same_run(bench: Bench) -> None:
    await put(bench, definition())
    headers = {"Idempotency-Key": "k"}
    first = await bench.http.post("/workflows/news/runs", json={"input": 1}, headers=headers)
    again = await bench.http.post("/workflows/news/runs", json={"input": 1}, headers=headers)
    other = await bench.http.post("/workflows/news/runs", json={"input": 2}, headers=headers)
    assert first.json()["run_id"] == again.json()["run_id"]
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.conflict")


async def test_a_caller_waits_for_the_reply(bench: Bench, answering: dict[str, Any]) -> None:
    await put(bench, answering)
    began: asyncio.Queue[str] = asyncio.Queue()
    await bench.connection.listen("workflow.*.start", lambda subject, _: began.put_nowait(subject.split(".")[1]))
    async with asyncio.TaskGroup() as tasks:
        replied = tasks.create_task(bench.http.post("/workflows/news/runs", params={"wait": "20s"}))
        run_id = await began.get()
        await bench.put_out(run_id, "answer", {"status": 201, "headers": {}, "body": "hi"}, workflow="news")
    assert (replied.result().status_code, replied.result().text) == (201, "hi")


async def test_a_new_version_leaves_runs_alone(bench: Bench) -> None:
    await put(bench, definition("a"))
    run_id = (await bench.http.post("/workflows/news/runs")).json()["run_id"]
    await put(bench, definition("b"))
    task = (await bench.http.get(f"/runs/{run_id}/tasks/say")).json()
    assert task["input"] == {"text": "a"}


async def test_the_same_over_nats(bench: Bench) -> None:
    checked = await ask(bench, "workflow.validate", definition=definition(name="news"))
    assert checked["workflow"] == "news"
    stored = await ask(bench, "workflow.put", "acme", name="news", definition=definition())
    assert (stored["version"], stored["definition"]["name"]) == (1, "news")
    assert await ask(bench, "workflow.get", "acme", name="news") == stored
    assert [one["name"] for one in (await ask(bench, "workflow.list", "acme", limit=5))["items"]] == ["news"]
    begun = await ask(bench, "workflow.start", "acme", name="news", input=1, version=1, idempotency_key="k")
    again = await ask(bench, "workflow.start", "acme", name="news", input=1, version=1, idempotency_key="k")
    assert begun == again == {"v": 1, "run_id": begun["run_id"], "status": "pending"}
    assert start_of(await bench.events(begun["run_id"], "acme")).input == 1


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("workflow.put", {"definition": {}}, "request.invalid"),
        ("workflow.put", {"name": "news"}, "request.invalid"),
        ("workflow.put", {"name": "news", "definition": {"blocks": []}}, "definition.invalid"),
        ("workflow.put", {"name": "news", "definition": {}, "labels": {}}, "request.invalid"),
        ("workflow.put", {"name": "news", "definition": {}, "publish": "no"}, "request.invalid"),
        ("workflow.put", {"name": "news", "definition": {}, "if_match": 3}, "request.invalid"),
        ("workflow.delete", {"name": "news"}, "workflow.not_found"),
        ("workflow.draft", {"name": "news", "definition": {"blocks": []}}, "definition.invalid"),
        ("workflow.publish", {"name": "news"}, "request.invalid"),
        ("workflow.version", {"name": "news", "version": 0}, "request.invalid"),
        ("workflow.diff", {"name": "news", "version": 1}, "request.invalid"),
        ("workflow.validate", {}, "request.invalid"),
        ("workflow.get", {"name": "news"}, "workflow.not_found"),
        ("workflow.list", {"limit": 0}, "request.invalid"),
        ("workflow.start", {}, "request.invalid"),
        ("workflow.start", {"name": "news"}, "workflow.not_found"),
        ("workflow.start", {"name": "news", "wait": "soon"}, "request.invalid"),
    ],
)
async def test_bad_requests_over_nats(bench: Bench, verb: str, body: dict[str, Any], code: str) -> None:
    assert (await ask(bench, verb, **body))["problem"]["code"] == code
