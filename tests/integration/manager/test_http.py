"""What holds for every endpoint: the token, problems, ids, health, metrics."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.managing import TOKEN, Bench, running_manager, until

from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import DeadLetter


async def every_guarded_operation(bench: Bench) -> list[tuple[str, str]]:
    document = (await bench.http.get(f"{bench.address.url}/openapi.json")).json()
    return [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation.get("security") != []
    ]


async def test_nothing_but_what_is_public_answers_without_a_token(bench: Bench) -> None:
    operations = [
        *await every_guarded_operation(bench),
        ("GET", "/openapi.json"),
        ("GET", "/nowhere"),
        ("PUT", "/api/v1/runs"),
    ]
    async with httpx.AsyncClient(base_url=bench.address.url) as stranger:
        for method, path in operations:
            for headers, code in (
                ({}, "auth.missing"),
                ({"Authorization": "Basic abc"}, "auth.missing"),
                ({"Authorization": "Bearer wrong"}, "auth.invalid"),
                ({"Authorization": f"Bearer {TOKEN}x"}, "auth.invalid"),
            ):
                reply = await stranger.request(method, re.sub(r"{.*?}", "x", path), headers=headers)
                assert (reply.status_code, reply.json()["code"]) == (401, code), path
                assert reply.headers["www-authenticate"].startswith("Bearer ")
        for path in ("/healthz", "/readyz"):
            assert (await stranger.get(path)).status_code == 200


async def test_an_unknown_page(bench: Bench) -> None:
    reply = await bench.http.get("/no/such/page")
    assert (reply.status_code, reply.json()["code"]) == (404, "request.not_found")
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_method_that_the_page_does_not_take(bench: Bench) -> None:
    for page, allowed in (("/blocks", "GET"), ("/runs", "GET, POST")):
        reply = await bench.http.delete(page)
        assert (reply.status_code, reply.json()["code"]) == (405, "request.method_not_allowed")
        assert reply.headers["allow"] == allowed


async def test_heads_are_those_of_the_pages(bench: Bench) -> None:
    for path in ("/runs", "/blocks/loop", "/blocks/nothing"):
        whole, head = await bench.http.get(path), await bench.http.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        for name in ("content-length", "content-type", "content-security-policy", "x-content-type-options"):
            assert head.headers[name] == whole.headers[name]
    assert (await bench.http.head("/hooks/none")).status_code == 405
    assert (await bench.http.head("/events")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/runs?limit=0",
        "/runs?limit=many",
        "/runs?limit=501",
        "/runs?cursor=made-up",
        "/runs?status=fine",
        "/runs?since=yesterday",
        "/runs?since=1e300",
        "/runs?until=-1e300",
        "/runs?since=inf",
        "/audit?until=1e186",
        "/runs?werkflow=x",
        "/blocks?limit=-1",
        "/dead-letters?cursor=WzFd.",
    ],
)
async def test_bad_parameters(bench: Bench, path: str) -> None:
    reply = await bench.http.get(path)
    assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")
    name = path.partition("?")[2].partition("=")[0]
    assert reply.json()["errors"][0]["pointer"].split("/")[1] == name


async def test_a_namespace_has_a_form(bench: Bench) -> None:
    for name in ("Upper", "a.b", "*", ">", "x" * 64):
        reply = await bench.http.get("/runs", headers={"X-Gnatwork-Namespace": name})
        assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid"), name


async def test_requests_have_ids(bench: Bench) -> None:
    given = await bench.http.get("/runs", headers={"X-Request-Id": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    for odd in ("", "a b", "x" * 129):
        made = await bench.http.get("/runs", headers={"X-Request-Id": odd})
        assert re.fullmatch(r"[0-9a-f-]{36}", made.headers["x-request-id"])


async def test_an_unexpected_error_shows_no_trace(
    bench: Bench, linear: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    run_id = await bench.submit(linear)
    await bench.connection.api(f"STREAM.PURGE.{subjects.bucket_stream(subjects.STATE_BUCKET)}")
    reply = await bench.http.get(f"/runs/{run_id}", headers={"X-Request-Id": "find-me"})
    assert (reply.status_code, reply.json()["code"]) == (500, "internal.error")
    assert "find-me" in reply.json()["detail"]
    assert "control block" not in reply.text
    assert any("find-me" in record.getMessage() and record.exc_info for record in caplog.records)


async def test_the_document_is_complete(bench: Bench) -> None:
    document = (await bench.http.get(f"{bench.address.url}/openapi.json")).json()
    text = str(document)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in document["components"]["schemas"]
    assert document["security"] == [{"token": []}]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    body = document["paths"]["/api/v1/runs"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/SubmissionBody"}
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["responses"]["5XX"] == {"$ref": "#/components/responses/Trouble"}


async def test_blocks_are_the_catalogue(bench: Bench) -> None:
    first = (await bench.http.get("/blocks", params={"limit": 1})).json()
    rest = (await bench.http.get("/blocks", params={"cursor": first["next_cursor"]})).json()
    blocks = {item["type"]: item for item in (*first["items"], *rest["items"])}
    assert list(blocks) == ["delay", "group", "loop", "noop", "response", "script", "wait", "workflow"]
    one = await bench.http.get("/blocks/response")
    assert one.json() == blocks["response"]
    assert one.json()["responds"] is True
    assert (await bench.http.get("/blocks/loop")).json() == blocks["loop"]
    unknown = await bench.http.get("/blocks/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "block.unknown_type")


async def test_dead_letters_are_listed(bench: Bench) -> None:
    for number in range(3):
        letter = DeadLetter.model_validate(
            {
                "stream": "WORK",
                "subject": "block.x",
                "sequence": number + 1,
                "error": {"code": "message.invalid", "message": "no JSON"},
                "body": "{",
                "size": 1,
                "at": 1.0,
            }
        )
        subject = subjects.dead_letter("WORK", number + 1, "message.invalid")
        await bench.connection.publisher.publish(subject, letter.model_dump_json().encode())
    first = (await bench.http.get("/dead-letters", params={"limit": 2})).json()
    rest = (await bench.http.get("/dead-letters", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["sequence"] for item in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next_cursor"] is None
    assert first["items"][0]["error"]["code"] == "message.invalid"


async def test_metrics_tell_of_requests_and_backlogs(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    await bench.http.get(f"/runs/{run_id}")
    await bench.http.post("/runs", content=b"{")
    text = await bench.metrics()
    shard = bench.history.shard(run_id)
    for line in (
        'gnatwork_submissions_total{by="http",result="accepted"} 1.0',
        'gnatwork_http_requests_total{method="GET",route="/api/v1/runs/{run_id}",status="200"} 1.0',
        'gnatwork_http_requests_total{method="POST",route="/api/v1/runs",status="400"} 1.0',
        'gnatwork_http_request_seconds_count{route="/api/v1/runs"} 2.0',
        f'gnatwork_events_waiting{{shard="{shard}"}} 1.0',
        "gnatwork_nats_up 1.0",
        "gnatwork_dead_letters 0.0",
        "gnatwork_index_lag 0.0",
    ):
        assert line in text, text
    assert run_id not in text


async def test_without_nats_probes_and_submissions_say_so(tmp_path: Path, linear: dict[str, Any]) -> None:
    async with EmbeddedServer(tmp_path / "nats") as server:
        async with Connection.open(server.url, name="test") as connection:
            await reconcile(connection)
        async with (
            running_manager(server.url, tmp_path / "index") as address,
            httpx.AsyncClient(base_url=address.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30) as http,
        ):
            assert (await http.get("/readyz")).status_code == 200
            await server.stop()
            for reply in (
                await http.get("/readyz"),
                await http.post("/api/v1/runs", json={"workflow": linear}),
                await http.get("/api/v1/runs/0190a5a0-0000-7000-8000-000000000000"),
            ):
                assert (reply.status_code, reply.json()["code"]) == (503, "engine.unavailable")
                assert reply.headers["retry-after"]
            assert (await http.get("/healthz")).status_code == 200
            assert "gnatwork_nats_up 0.0" in (await http.get("/metrics")).text
            await server.start()

            async def ready() -> bool:
                return (await http.get("/readyz")).status_code == 200

            await until(ready)
