"""The client over HTTP, against a manager that says what the test wants."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from gnatwork import Client, RequestError, RunError, UnreachableError
from gnatwork.http_transport import HttpTransport
from gnatwork_schemas.status import RunStatus

RUN = "01890000-0000-7000-8000-000000000000"
Answer = Callable[[httpx.Request], httpx.Response]


@asynccontextmanager
async def client_of(answer: Answer) -> AsyncIterator[Client]:
    async with Client("http://manager", token="t", namespace="team") as client:
        transport = HttpTransport(
            "http://manager", token="t", namespace="team", timeout=5, below=httpx.MockTransport(answer)
        )
        client._transport, unused = transport, client._transport
        await unused.close()
        yield client


def run_document(**changes: object) -> dict[str, object]:
    document = {"run_id": RUN, "namespace": "team", "workflow": "w", "status": "completed", "created_at": 1.0}
    return {**document, "sequence": 9, "output": None, **changes}


def stream(*events: tuple[int, str, object]) -> httpx.Response:
    text = "".join(
        f"id: {sequence}\nevent: {event}\n"
        f"data: {json.dumps({'sequence': sequence, 'at': 1.0, 'event': event, 'body': body})}\n\n"
        for sequence, event, body in events
    )
    return httpx.Response(200, text=": hello\n\n" + text, headers={"Content-Type": "text/event-stream"})


async def test_start_sends_the_definition_the_token_and_the_namespace() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"run_id": RUN, "status": "pending"})

    async with client_of(answer) as client:
        run = await client.start({"blocks": []}, input={"n": 1}, labels={"a": "b"}, idempotency_key="k")
    assert run.run_id == RUN
    (request,) = seen
    assert (request.method, request.url.path) == ("POST", "/api/v1/runs")
    assert request.headers["Authorization"] == "Bearer t"
    assert request.headers["X-Gnatwork-Namespace"] == "team"
    assert request.headers["Idempotency-Key"] == "k"
    body = {"workflow": {"definition": {"blocks": []}}, "input": {"n": 1}, "labels": {"a": "b"}}
    assert json.loads(request.content) == body


async def test_a_refusal_carries_the_problem_and_its_places() -> None:
    problem = {
        "title": "Broken.",
        "status": 422,
        "code": "definition.invalid",
        "detail": "Mend it.",
        "errors": [{"pointer": "/workflow/blocks/0", "code": "block.unknown_type", "message": "no such type"}],
    }
    async with client_of(lambda _: httpx.Response(422, json=problem)) as client:
        with pytest.raises(RequestError) as caught:
            await client.start({})
    assert caught.value.problem.code == "definition.invalid"
    told, place, advice = str(caught.value).splitlines()
    assert (told, place) == ("Broken:", "  /workflow/blocks/0: no such type")
    assert advice.startswith("Mend what the pointer names")


async def test_what_is_no_ascii_is_the_managers_to_refuse() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"run_id": RUN, "status": "pending"})

    async with client_of(answer) as client:
        await client.start({}, idempotency_key="schlüssel")
    assert dict(seen[0].headers.raw)[b"Idempotency-Key"] == "schlüssel".encode()


async def test_no_run_id_leads_to_another_page() -> None:
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return httpx.Response(404, json={"title": "None.", "status": 404, "code": "run.not_found"})

    async with client_of(answer) as client:
        run = client.run("../blocks?x#y")
        for asked in (run.get(), run.tasks(), run.cancel(), anext(run.events())):
            with pytest.raises(RequestError):
                await asked
    base = b"/api/v1/runs/..%2Fblocks%3Fx%23y"
    assert seen == [base, base + b"/tasks?limit=500", base + b"/cancel", base + b"/events"]


async def test_an_answer_that_is_not_gnatworks() -> None:
    async with client_of(lambda _: httpx.Response(404, text="<html>")) as client:
        with pytest.raises(RequestError, match="Something else than Gnatwork answers"):
            await client.blocks()


async def test_nobody_answers() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with client_of(answer) as client:
        with pytest.raises(UnreachableError, match="http://manager, refused"):
            await client.blocks()


async def test_the_result_is_read_from_the_end() -> None:
    async with client_of(lambda _: stream((1, "start", {}), (2, "complete", {"v": 1, "output": [1, 2]}))) as client:
        assert await client.run(RUN).result() == [1, 2]


async def test_a_result_that_is_a_reference_is_asked_for() -> None:
    reference = {"$payload": {"id": "x", "size": 1, "digest": "sha256:0"}}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return stream((2, "complete", {"v": 1, "output": reference}))
        return httpx.Response(200, json=run_document(output="large"))

    async with client_of(answer) as client:
        assert await client.run(RUN).result() == "large"


async def test_a_run_that_failed_says_why() -> None:
    error = {"code": "http.status", "message": "500", "task": "page"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return stream((2, "failed", {"v": 1, "error": error}))
        return httpx.Response(200, json=run_document(status="failed", error=error))

    async with client_of(answer) as client:
        with pytest.raises(RunError, match=r"failed in task 'page': http.status 500") as caught:
            await client.run(RUN).result()
    assert caught.value.status is RunStatus.FAILED


async def test_a_stream_that_breaks_is_taken_up_where_it_broke() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/events"):
            return httpx.Response(200, json=run_document(status="running", sequence=1))
        asked.append(request.headers["Last-Event-ID"])
        return stream((1, "start", {})) if len(asked) == 1 else stream((5, "complete", {"v": 1}))

    async with client_of(answer) as client:
        events = [event.sequence async for event in client.run(RUN).events()]
    assert events == [1, 5]
    assert asked == ["0", "1"]


async def test_nothing_follows_the_end_of_a_run() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return httpx.Response(204)
        return httpx.Response(200, json=run_document())

    async with client_of(answer) as client:
        assert [event async for event in client.run(RUN).events(after=9)] == []


async def test_tasks_come_in_pages() -> None:
    def task(name: str) -> dict[str, object]:
        return {"task": name, "block": name, "type": "noop", "status": "completed"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("cursor") == "c":
            return httpx.Response(200, json={"items": [task("b")], "next_cursor": None})
        return httpx.Response(200, json={"items": [task("a")], "next_cursor": "c"})

    async with client_of(answer) as client:
        assert [task.task for task in await client.run(RUN).tasks()] == ["a", "b"]
