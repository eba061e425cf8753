"""What the client asks of stored workflows, over HTTP."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from gnatwork import Client
from gnatwork.http_transport import HttpTransport

WORKFLOW = {
    "name": "news",
    "version": 1,
    "newest": 2,
    "created_at": 1.0,
    "updated_at": 2.0,
    "revision": 7,
    "versions": [],
    "definition": None,
}
VERSION = {"version": 2, "published": False, "control_block": "x", "created_at": 2.0, "definition": {}}
DIFF = {"workflow": "news", "old": 1, "new": 2, "same": True}
BODY = {"blocks": [{"id": "a", "type": "noop"}]}


async def asked(act: Callable[[Client], Awaitable[Any]], answer: Any) -> httpx.Request:
    """The one request that the client makes."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=answer) if answer is not None else httpx.Response(204)

    async with Client("http://manager", token="t") as client:
        below = httpx.MockTransport(handle)
        transport = HttpTransport("http://manager", token="t", namespace="team", timeout=5, below=below)
        client._transport, unused = transport, client._transport
        await unused.close()
        await act(client)
    (request,) = seen
    return request


@pytest.mark.parametrize(
    ("act", "answer", "line"),
    [
        (lambda c: c.create_workflow(BODY), WORKFLOW, "POST /workflows"),
        (lambda c: c.create_workflow(BODY, publish=False), WORKFLOW, "POST /workflows?publish=false"),
        (lambda c: c.put_workflow("news", BODY), WORKFLOW, "PUT /workflows/news"),
        (lambda c: c.put_workflow("a/b", BODY, publish=False), WORKFLOW, "PUT /workflows/a%2Fb?publish=false"),
        (lambda c: c.draft_workflow("news", BODY), VERSION, "POST /workflows/news/versions"),
        (lambda c: c.publish_workflow("news", 2), WORKFLOW, "POST /workflows/news/versions/2/publish"),
        (lambda c: c.workflow_version("news", 2), VERSION, "GET /workflows/news/versions/2"),
        (lambda c: c.diff_workflow("news", 2), DIFF, "GET /workflows/news/versions/1/diff/2"),
        (lambda c: c.diff_workflow("news", 2, old=5), DIFF, "GET /workflows/news/versions/5/diff/2"),
        (lambda c: c.diff_workflow("news", BODY), DIFF, "POST /workflows/news/diff"),
        (lambda c: c.diff_workflow("news", BODY, old=5), DIFF, "POST /workflows/news/diff?version=5"),
        (lambda c: c.delete_workflow("news"), None, "DELETE /workflows/news"),
        (lambda c: c.delete_workflow("news", force=True), None, "DELETE /workflows/news?force=true"),
    ],
)
async def test_requests(act: Callable[[Client], Awaitable[Any]], answer: Any, line: str) -> None:
    request = await asked(act, answer)
    assert f"{request.method} {request.url.raw_path.decode().removeprefix('/api/v1')}" == line
    if request.content:
        assert json.loads(request.content) == BODY


@pytest.mark.parametrize(("revision", "headers"), [(None, {}), (7, {"if-match": '"7"'}), (0, {"if-none-match": "*"})])
async def test_the_state_that_a_workflow_must_be_in(revision: int | None, headers: dict[str, str]) -> None:
    request = await asked(lambda client: client.put_workflow("news", BODY, revision=revision), WORKFLOW)
    assert {name: value for name, value in request.headers.items() if name.startswith("if-")} == headers
