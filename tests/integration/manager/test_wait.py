"""`?wait=`: the caller gets the reply of the workflow, the run that ended, or its address."""

import asyncio
from typing import Any, Self

import orjson
import pytest
from support.managing import Bench, until

from gnatwork_bus.payloads import Payloads
from gnatwork_manager import waits
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error
from gnatwork_schemas.payload import reference_value


class Submission:
    """A submission that waits, and the run that it began."""

    def __init__(self, bench: Bench, workflow: dict[str, Any], wait: str = "30s", **headers: str) -> None:
        self._began: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._bench = bench
        self._request = bench.http.post("/runs", params={"wait": wait}, json={"workflow": workflow}, headers=headers)

    async def __aenter__(self) -> Self:
        def heard(subject: str, _: bytes) -> None:
            if not self._began.done():
                self._began.set_result(subject.split(".")[1])

        await self._bench.connection.listen("workflow.*.start", heard)
        await self._bench.connection.flush()
        self.reply = asyncio.create_task(self._request)
        self.run_id = await self._began
        return self

    async def __aexit__(self, *_: object) -> None:
        self.reply.cancel()
        await asyncio.gather(self.reply, return_exceptions=True)


async def test_the_response_block_answers(bench: Bench, answering: dict[str, Any]) -> None:
    async with Submission(bench, answering) as submission:
        headers = {"X-Own": "yes", "Content-Length": "9999", "Transfer-Encoding": "chunked"}
        await bench.put_out(submission.run_id, "answer", {"status": 201, "headers": headers, "body": {"count": 2}})
        reply = await submission.reply
    assert (reply.status_code, reply.json()) == (201, {"count": 2})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-own"] == "yes"
    assert reply.headers["x-gnatwork-run"] == submission.run_id
    assert "transfer-encoding" not in reply.headers


async def test_an_answer_may_come_from_a_group(bench: Bench, answering: dict[str, Any]) -> None:
    grouped = {"blocks": [{"id": "inside", "type": "group", "blocks": answering["blocks"]}]}
    async with Submission(bench, grouped) as submission:
        await bench.put_out(submission.run_id, "inside/answer", {"status": 202, "headers": {}, "body": "in"})
        reply = await submission.reply
    assert (reply.status_code, reply.text) == (202, "in")


async def test_a_failure_may_be_answered(bench: Bench, answering: dict[str, Any]) -> None:
    workflow = {"blocks": [{"id": "work", "type": "noop"}], "on_failure": answering["blocks"]}
    async with Submission(bench, workflow) as submission:
        error = ErrorInfo(code="x.y", message="no")
        body = Error(task="work", attempt=1, started_at=1.0, ended_at=2.0, executor="test", error=error)
        await bench.append(submission.run_id, subjects.error_event("work"), body)
        await bench.put_out(submission.run_id, ":on_failure/answer", {"status": 500, "headers": {}, "body": "sorry"})
        reply = await submission.reply
    assert (reply.status_code, reply.text) == (500, "sorry")


async def test_a_text_is_answered_as_text(bench: Bench, answering: dict[str, Any]) -> None:
    async with Submission(bench, answering) as submission:
        await bench.put_out(submission.run_id, "answer", {"status": 200, "headers": {}, "body": "näh"})
        reply = await submission.reply
    assert (reply.text, reply.headers["content-type"]) == ("näh", "text/plain; charset=utf-8")


async def test_a_large_answer_is_opened(bench: Bench, answering: dict[str, Any]) -> None:
    output = {"status": 200, "headers": {"content-type": "text/html"}, "body": "x" * 300_000}
    async with Submission(bench, answering) as submission:
        data = orjson.dumps(output)
        reference = await Payloads(bench.connection).put("default", submission.run_id, data, "answer")
        await bench.put_out(submission.run_id, "answer", reference_value(reference))
        reply = await submission.reply
    assert (len(reply.text), reply.headers["content-type"]) == (300_000, "text/html")


async def test_without_a_response_the_run_is_the_answer(bench: Bench, linear: dict[str, Any]) -> None:
    async with Submission(bench, linear) as submission:
        await bench.put_out(submission.run_id, "first", {"value": 1})
        await bench.put_out(submission.run_id, "second", {"value": 1})
        await bench.complete(submission.run_id, {"second": {"value": 1}})
        reply = await submission.reply
    assert reply.status_code == 200
    assert (reply.json()["run_id"], reply.json()["status"]) == (submission.run_id, "completed")
    assert reply.json()["output"] == {"second": {"value": 1}}


async def test_a_failed_run_is_an_answer(bench: Bench, answering: dict[str, Any]) -> None:
    async with Submission(bench, answering) as submission:
        await bench.fail(submission.run_id, {"code": "http.status", "message": "404", "task": "answer"})
        reply = await submission.reply
    assert (reply.status_code, reply.json()["status"]) == (200, "failed")
    assert reply.json()["error"]["code"] == "http.status"


async def test_at_the_deadline_the_address_is_the_answer(bench: Bench, linear: dict[str, Any]) -> None:
    reply = await bench.http.post("/runs", params={"wait": "50ms"}, json={"workflow": linear})
    assert reply.status_code == 202
    assert reply.json() == {"run_id": reply.json()["run_id"], "status": "pending"}
    assert reply.headers["location"].endswith(reply.json()["run_id"])


async def test_a_repeated_submission_finds_what_is_over(bench: Bench, answering: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "one"}
    async with Submission(bench, answering, **key) as submission:
        await bench.put_out(submission.run_id, "answer", {"status": 202, "headers": {}, "body": [1]})
        first = await submission.reply
    again = await bench.http.post("/runs", params={"wait": "30"}, json={"workflow": answering}, headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (202, [1])


async def test_an_answer_that_is_none_waits_for_the_end(bench: Bench, answering: dict[str, Any]) -> None:
    async with Submission(bench, answering) as submission:
        await bench.put_out(submission.run_id, "answer", {"status": 99, "body": "no"})
        await bench.complete(submission.run_id, "no")
        reply = await submission.reply
    assert (reply.status_code, reply.json()["output"]) == (200, "no")


async def test_a_wait_has_a_form(bench: Bench, linear: dict[str, Any]) -> None:
    reply = await bench.http.post("/runs", params={"wait": "soon"}, json={"workflow": linear})
    assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")


async def test_a_caller_that_leaves_is_not_waited_for(bench: Bench, linear: dict[str, Any]) -> None:
    async def waiting(count: int) -> bool:
        return f"gnatwork_waiting_callers {count}.0" in await bench.metrics()

    async with Submission(bench, linear) as submission:
        await until(lambda: waiting(1))
        submission.reply.cancel()
        await until(lambda: waiting(0))
    assert len(await bench.events(submission.run_id)) == 1


async def test_a_live_event_that_is_lost_is_made_up_for(
    bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "_SILENCE", 0.05)
    async with Submission(bench, linear) as submission:
        # From now on the server republishes nothing.
        info = await bench.connection.api(f"STREAM.INFO.{subjects.HISTORY}")
        config = {**info["config"], "republish": None}
        await bench.connection.api(f"STREAM.UPDATE.{subjects.HISTORY}", config)
        await bench.complete(submission.run_id, "done")
        reply = await submission.reply
    assert (reply.status_code, reply.json()["output"]) == (200, "done")


async def test_too_many_who_wait_are_answered_at_once(
    bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "MAX_WAITING", 0)
    reply = await bench.http.post("/runs", params={"wait": "60s"}, json={"workflow": linear})
    assert reply.status_code == 202
