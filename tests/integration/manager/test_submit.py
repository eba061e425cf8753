"""`POST /runs`: what is stored, and what is refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from support.managing import BLOCK_TYPES, Bench, start_of

from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.payload import PayloadRef


async def test_start_is_stored_before_the_answer(bench: Bench, linear: dict[str, Any]) -> None:
    reply = await bench.http.post("/runs", json={"workflow": linear, "input": {"value": 7}, "labels": {"team": "ops"}})
    assert reply.status_code == 202
    run_id = reply.json()["run_id"]
    assert reply.json() == {"run_id": run_id, "status": "pending"}
    assert reply.headers["location"] == f"/api/v1/runs/{run_id}"
    (event,) = await bench.events(run_id)
    start = start_of([event])
    assert event.subject.endswith(f".default.adhoc.{run_id}.start")
    assert (start.input, start.labels, start.trigger.type) == ({"value": 7}, {"team": "ops"}, "api")
    entry = await Bucket(bench.connection, subjects.STATE_BUCKET).get(subjects.control_block_key(start.control_block))
    assert entry
    assert [block.id for block in ControlBlock.model_validate_json(entry.value).blocks] == ["first", "second"]


async def test_trace_context_is_carried_on(bench: Bench, linear: dict[str, Any]) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    reply = await bench.http.post("/runs", json={"workflow": linear}, headers={"traceparent": trace})
    (event,) = await bench.events(reply.json()["run_id"])
    assert event.headers
    assert event.headers[header_names.TRACEPARENT] == trace


async def test_namespace_comes_from_the_header(bench: Bench, linear: dict[str, Any]) -> None:
    reply = await bench.http.post("/runs", json={"workflow": linear}, headers={"X-Gnatwork-Namespace": "acme"})
    run_id = reply.json()["run_id"]
    assert len(await bench.events(run_id, "acme")) == 1
    assert (await bench.http.get(f"/runs/{run_id}")).status_code == 404


async def test_large_input_becomes_a_payload(bench: Bench, linear: dict[str, Any]) -> None:
    value = {"value": "x" * (5 * 1024 * 1024)}
    run_id = await bench.submit(linear, input=value)
    start = start_of(await bench.events(run_id))
    reference = PayloadRef.model_validate(start.input["$payload"])
    assert reference.size > 5 * 1024 * 1024
    assert orjson.loads(await Payloads(bench.connection).get("default", run_id, reference)) == value
    shown = await bench.http.get(f"/runs/{run_id}")
    assert shown.json()["input"] == value


async def test_input_that_looks_like_a_reference_stays_what_it_is(bench: Bench, linear: dict[str, Any]) -> None:
    value = {"$payload": {"id": "made-up", "size": 1, "digest": "none"}}
    run_id = await bench.submit(linear, input=value)
    assert (await bench.http.get(f"/runs/{run_id}")).json()["input"] == value


async def test_labels_of_the_workflow_are_kept(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit({**linear, "labels": {"a": "1", "b": "1"}}, labels={"b": "2"})
    assert start_of(await bench.events(run_id)).labels == {"a": "1", "b": "2"}


async def test_a_run_may_begin_later(bench: Bench, linear: dict[str, Any]) -> None:
    at = datetime.now(UTC) + timedelta(days=3000)
    run_id = await bench.submit(linear, at=at.isoformat())
    assert start_of(await bench.events(run_id)).at == pytest.approx(at.timestamp())
    listed = (await bench.http.get("/runs", params={"status": "pending"})).json()["items"]
    assert [run["run_id"] for run in listed] == [run_id]


async def test_what_was_to_begin_in_the_past_begins_now(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear, at="2001-01-01T00:00:00Z")
    assert start_of(await bench.events(run_id)).at is None


async def test_a_thousand_submissions_at_once(bench: Bench, linear: dict[str, Any]) -> None:
    body = orjson.dumps({"workflow": linear, "input": {"value": 1}})
    replies = await asyncio.gather(*(bench.http.post("/runs", content=body) for _ in range(1000)))
    assert {reply.status_code for reply in replies} == {202}
    assert len({reply.json()["run_id"] for reply in replies}) == 1000
    info = await bench.connection.api(f"STREAM.INFO.{subjects.HISTORY}")
    assert info["state"]["messages"] == 1000


NOOP = {"blocks": [{"id": "a", "type": "noop"}]}
UNKNOWN = {"blocks": [{"id": "a", "type": "no-such-type"}]}
CIRCLE = {"blocks": [{"id": "a", "type": "noop", "needs": ["b"]}, {"id": "b", "type": "noop", "needs": ["a"]}]}
PICKY = {**NOOP, "input": {"type": "object", "required": ["url"]}}
DEEP = "[" * 200 + "]" * 200


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ('{"workflow": ', 400, "request.invalid_json", None),
        ("", 400, "request.invalid_json", None),
        ("[]", 422, "request.invalid", ""),
        ("{}", 422, "request.invalid", "/workflow"),
        ({"workflow": NOOP, "inputs": 1}, 422, "request.invalid", "/inputs"),
        ({"workflow": "news"}, 422, "request.invalid", "/workflow"),
        ({"workflow": NOOP, "at": "soon"}, 422, "request.invalid", "/at"),
        ({"workflow": NOOP, "at": "2999-01-01T00:00:00Z"}, 422, "request.invalid", "/at"),
        ({"workflow": NOOP, "labels": {"a": 1}}, 422, "request.invalid", "/labels/a"),
        ({"workflow": UNKNOWN}, 422, "block.unknown_type", "/workflow/blocks/0/type"),
        ({"workflow": {"definition": UNKNOWN}}, 422, "block.unknown_type", "/workflow/definition/blocks/0/type"),
        ({"workflow": CIRCLE}, 422, "definition.cycle", None),
        ({"workflow": {**NOOP, "script": ""}}, 422, "definition.invalid", "/workflow/script"),
        ({"workflow": PICKY, "input": {}}, 422, "input.invalid", "/input"),
        (f'{{"workflow": {{"blocks": {DEEP}}}}}', 422, "request.invalid", "/workflow"),
        (f'{{"workflow": {orjson.dumps(NOOP).decode()}, "input": {DEEP}}}', 422, "request.invalid", "/input"),
    ],
)  # fmt: skip
async def test_a_bad_request_leaves_nothing_behind(
    bench: Bench, body: Any, status: int, code: str, pointer: str | None
) -> None:
    reply = await bench.http.post("/runs", content=body if isinstance(body, str) else orjson.dumps(body))
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (status, code), problem
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["type"].endswith(f"/{code}.md")
    assert problem["title"]
    assert problem["detail"]
    if pointer is not None:
        assert problem["errors"][0]["pointer"] == pointer
    info = await bench.connection.api(f"STREAM.INFO.{subjects.HISTORY}")
    assert info["state"]["messages"] == 0
    assert await Bucket(bench.connection, subjects.STATE_BUCKET).list("control.*") == []


async def test_a_large_definition_many_times_at_once(bench: Bench) -> None:
    large = {"blocks": [{"id": f"b{n}", "type": "noop", "config": {"text": "x" * 500}} for n in range(200)]}
    runs = await asyncio.gather(*(bench.submit(large) for _ in range(10)))
    digests = {start_of(await bench.events(run_id)).control_block for run_id in runs}
    (entry,) = await Bucket(bench.connection, subjects.STATE_BUCKET).list("control.*")
    assert {subjects.control_block_key(digest) for digest in digests} == {entry.key}


async def test_a_type_announced_a_moment_ago_is_found(bench: Bench) -> None:
    state = Bucket(bench.connection, subjects.STATE_BUCKET)
    entry = await state.get(subjects.catalogue_key("noop"))
    assert entry
    await state.put(subjects.catalogue_key("brand-new"), entry.value.replace(b'"noop"', b'"brand-new"'))
    await bench.submit({"blocks": [{"id": "a", "type": "brand-new"}]})


async def test_body_over_the_limit_is_refused(bench: Bench) -> None:
    async def chunks(count: int) -> Any:
        for _ in range(count):
            yield b"x" * 1024 * 1024

    for content in (b"x" * (50 * 1024 * 1024), chunks(50)):
        reply = await bench.http.post("/runs", content=content)
        assert reply.status_code == 413
        assert reply.json()["code"] == "request.too_large"
    assert (await bench.http.get("/runs")).status_code == 200


async def test_a_config_that_a_newer_version_of_its_block_no_longer_takes_is_found_before_anything_runs(
    bench: Bench,
) -> None:
    definition = {"blocks": [{"id": "first", "type": "noop", "config": {"volume": 11}}]}
    before = await bench.submit(definition)
    narrower = {"type": "object", "properties": {"text": {"type": "string"}}, "additionalProperties": False}
    noop = next(one for one in BLOCK_TYPES if one.type == "noop")
    await bench.announce(noop.model_copy(update={"version": "2", "config_schema": narrower}))
    for path, body, pointer in (
        ("/runs", {"workflow": definition}, "/workflow/blocks/0/config"),
        ("/workflows/validate", definition, "/blocks/0/config"),
    ):
        reply = await bench.http.post(path, json=body)
        assert (reply.status_code, reply.json()["code"]) == (422, "block.config_invalid")
        assert reply.json()["errors"][0]["pointer"].startswith(pointer)
    # What runs keeps what it was compiled to.
    assert (await bench.http.get(f"/runs/{before}")).status_code == 200
