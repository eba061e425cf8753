"""`If-Match` and `If-None-Match`: a write is done to what the caller has seen, or not at all."""

from typing import Any

import httpx
import pytest
from support.managing import Bench
from support.stored import ask, definition, published, put

CHANGED = (412, "workflow.changed")


def outcome(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def test_every_answer_names_the_state_of_the_workflow(bench: Bench) -> None:
    first = await put(bench, definition("a"))
    second = await put(bench, definition("b"))
    assert first.headers["etag"] != second.headers["etag"] == f'"{second.json()["revision"]}"'
    same = {second.headers["etag"]}
    for path in ("/workflows/news", "/workflows/news/versions/1"):
        same.add((await bench.http.get(path)).headers["etag"])
    same.add((await put(bench, definition("b"))).headers["etag"])
    same.add((await bench.http.post("/workflows/news/versions/2/publish")).headers["etag"])
    assert len(same) == 1


async def test_a_write_is_done_to_what_was_seen(bench: Bench) -> None:
    seen = (await put(bench, definition("a"))).headers["etag"]
    changed = await put(bench, definition("b"), headers={"If-Match": f'"1", {seen}'})
    assert changed.status_code == 201
    late = await put(bench, definition("c"), headers={"If-Match": seen})
    assert outcome(late) == CHANGED
    assert late.headers["etag"] == changed.headers["etag"]
    headers = {"If-Match": seen}
    assert outcome(await bench.http.post("/workflows/news/versions/1/publish", headers=headers)) == CHANGED
    assert outcome(await bench.http.post("/workflows/news/versions", json=definition("d"), headers=headers)) == CHANGED
    assert outcome(await bench.http.delete("/workflows/news", headers=headers)) == CHANGED
    assert await published(bench) == (2, "b")
    headers = {"If-Match": changed.headers["etag"]}
    assert (await bench.http.post("/workflows/news/versions/1/publish", headers=headers)).status_code == 200


async def test_a_workflow_that_must_exist_or_must_not(bench: Bench) -> None:
    assert outcome(await put(bench, definition(), headers={"If-Match": "*"})) == CHANGED
    assert (await put(bench, definition("a"), headers={"If-None-Match": "*"})).status_code == 201
    assert outcome(await put(bench, definition("b"), headers={"If-None-Match": "*"})) == CHANGED
    assert (await put(bench, definition("b"), headers={"If-Match": "*"})).status_code == 201


async def test_a_workflow_is_created_once(bench: Bench) -> None:
    reply = await bench.http.post("/workflows", json=definition("a", name="news"))
    assert (reply.status_code, reply.headers["location"]) == (201, "/api/v1/workflows/news")
    assert reply.headers["etag"] == f'"{reply.json()["revision"]}"'
    again = await bench.http.post("/workflows", json=definition("b", name="news"))
    assert outcome(again) == (409, "workflow.exists")
    assert outcome(await bench.http.post("/workflows", json=definition())) == (422, "request.invalid")
    assert await published(bench) == (1, "a")
    draft = await bench.http.post("/workflows", json=definition(name="olds"), params={"publish": "false"})
    assert draft.json()["version"] is None


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", ["5", '"a', "", "*, *", '"a" "b"'])
async def test_what_is_no_etag_is_refused(bench: Bench, header: str, value: str) -> None:
    reply = await put(bench, definition(), headers={header: value})
    assert outcome(reply) == (422, "request.invalid")
    assert reply.json()["errors"][0]["pointer"] == f"/{header}"


async def test_the_same_over_nats(bench: Bench) -> None:
    async def refused(verb: str, **body: Any) -> str:
        return str((await ask(bench, verb, name="news", **body))["problem"]["code"])

    first = await ask(bench, "workflow.put", name="news", definition=definition("a"), if_none_match="*")
    seen = f'"{first["revision"]}"'
    await ask(bench, "workflow.put", name="news", definition=definition("b"), if_match=seen)
    assert await refused("workflow.put", definition=definition("c"), if_match=seen) == "workflow.changed"
    assert await refused("workflow.draft", definition=definition("c"), if_match=seen) == "workflow.changed"
    assert await refused("workflow.publish", version=1, if_match=seen) == "workflow.changed"
    assert await refused("workflow.delete", if_match=seen) == "workflow.changed"
