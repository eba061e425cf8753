"""Workflows at the bounds of what is stored: taken whole, or refused with the reason."""

from typing import Any

import pytest
from support.managing import Bench
from support.stored import change, definition, published, put, stored

from gnatwork_schemas.definition import MAX_BLOCKS
from gnatwork_schemas.triggers import TRIGGER
from gnatwork_schemas.workflow import StoredVersion


def blocks(count: int, value: Any = 1) -> dict[str, Any]:
    return {"blocks": [{"id": f"b{n}", "type": "noop", "config": {"text": value}} for n in range(count)]}


async def test_a_workflow_of_as_many_blocks_as_there_may_be(bench: Bench) -> None:
    for value in (1, 2):
        assert (await put(bench, blocks(MAX_BLOCKS, value))).status_code == 201
    diff = (await bench.http.get("/workflows/news/versions/1/diff/2")).json()
    assert (len(diff["blocks"]), diff["fields"]) == (MAX_BLOCKS, [])
    assert (await bench.http.post("/workflows/news/versions/1/publish")).status_code == 200
    assert await published(bench) == (1, 1)
    more = await put(bench, blocks(MAX_BLOCKS + 1))
    assert (more.status_code, more.json()["code"]) == (422, "definition.too_large")


@pytest.mark.parametrize(
    ("config", "code"),
    [("[" * 99 + "]" * 99, "request.invalid"), ("[" * 2000 + "]" * 2000, "request.invalid_json")],
)
async def test_what_is_nested_too_deep(bench: Bench, config: str, code: str) -> None:
    body = f'{{"blocks": [{{"id": "a", "type": "noop", "config": {config}}}]}}'
    for method, path in (("PUT", ""), ("POST", "/versions"), ("POST", "/diff")):
        await put(bench, definition())
        reply = await bench.http.request(method, f"/workflows/news{path}", content=body)
        assert reply.json()["code"] == code


async def test_so_many_versions_and_no_more(bench: Bench) -> None:
    await put(bench, definition())
    version = StoredVersion(control_block=f"sha256-{'0' * 64}", created_at=1_700_000_000.123456, created_by="token")
    digest = (await stored(bench)).versions["1"]
    await change(bench, versions={**{str(n): version for n in range(2, 2001)}, "1": digest})
    reply = await put(bench, definition("b"))
    assert (reply.status_code, "at most 2000 versions" in reply.json()["detail"]) == (422, True)
    shown = (await bench.http.get("/workflows/news")).json()
    assert (shown["newest"], len(shown["versions"]), shown["versions"][0]["version"]) == (2000, 50, 2000)
    page = (await bench.http.get("/workflows/news/versions", params={"limit": 500})).json()
    assert len(page["items"]) == 500
    assert (await bench.http.post("/workflows/news/runs", json={"version": 1})).status_code == 202


async def test_a_document_that_is_as_large_as_a_message_may_be(bench: Bench) -> None:
    await put(bench, definition())

    def added(size: int) -> dict[str, Any]:
        return {"big": TRIGGER.validate_python({"id": "big", "type": "webhook", "input": "x" * size})}

    await change(bench, added=added(880_000))
    assert (await bench.http.get("/workflows/news")).status_code == 200
    assert (await put(bench, definition("b"))).status_code == 201
    many = [{"id": f"t{n}", "type": "webhook", "input": "y" * 1000} for n in range(90)]
    reply = await put(bench, definition("c", triggers=many))
    assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")
    assert await published(bench) == (2, "b")
