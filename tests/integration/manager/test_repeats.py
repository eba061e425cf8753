"""Runs that are made of earlier ones, and runs that are deleted."""

import asyncio
from typing import Any

import orjson
import pytest
from support.managing import Bench, start_of, until

from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run
from gnatwork_manager import remover
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Failed, Reuse
from gnatwork_schemas.payload import ItemsRef, PayloadRef
from gnatwork_schemas.status import RunStatus


async def ask(bench: Bench, verb: str, **body: Any) -> dict[str, Any]:
    reply = await bench.connection.request(subjects.api("default", verb), orjson.dumps(body))
    document: dict[str, Any] = orjson.loads(reply.data)
    return document


async def archive(bench: Bench, run_id: str) -> None:
    await archive_run(bench.history, bench.history.archive, Payloads(bench.connection), "default", "adhoc", run_id, 60)
    assert await bench.history.find_live_start("default", run_id) is None


async def messages_in(bench: Bench, stream: str, pattern: str) -> int:
    info = await bench.connection.api(f"STREAM.INFO.{stream}", {"subjects_filter": pattern})
    return sum((info["state"].get("subjects") or {}).values())


class TestRerun:
    async def test_it_is_the_same_once_more(self, bench: Bench, linear: dict[str, Any]) -> None:
        first = await bench.submit({**linear, "labels": {"of": "workflow"}}, input={"value": 1}, labels={"team": "ops"})
        reply = await bench.http.post(f"/runs/{first}/rerun")
        run_id = reply.json()["run_id"]
        assert (reply.status_code, reply.headers["location"]) == (202, f"/api/v1/runs/{run_id}")
        assert run_id != first
        before, after = [start_of(await bench.events(one)) for one in (first, run_id)]
        same = {"workflow", "control_block", "input", "labels", "version"}
        assert before.model_dump(include=same) == after.model_dump(include=same)
        assert (after.retry_of, after.reuse, after.parent) == (None, None, None)

    async def test_of_a_stored_workflow_it_is_the_same_version(self, bench: Bench, linear: dict[str, Any]) -> None:
        await bench.http.put("/workflows/news", json=linear)
        first = (await bench.http.post("/workflows/news/runs")).json()["run_id"]
        await bench.http.put("/workflows/news", json={**linear, "description": "Another."})
        again = start_of(await bench.events((await ask(bench, "run.rerun", run_id=first))["run_id"]))
        assert (again.workflow, again.version) == ("news", 1)

    @pytest.mark.parametrize("archived", [False, True])
    async def test_a_large_input_is_copied(self, bench: Bench, linear: dict[str, Any], archived: bool) -> None:
        value = {"value": "x" * 600_000}
        first = await bench.submit(linear, input=value)
        if archived:
            await bench.complete(first)
            await archive(bench, first)
        run_id = (await bench.http.post(f"/runs/{first}/rerun")).json()["run_id"]
        payloads = Payloads(bench.connection)
        await payloads.purge_run("default", first)
        reference = PayloadRef.model_validate(start_of(await bench.events(run_id)).input["$payload"])
        assert orjson.loads(await payloads.get("default", run_id, reference)) == value

    async def test_the_same_key_is_the_same_run(self, bench: Bench, linear: dict[str, Any]) -> None:
        first, other = await bench.submit(linear), await bench.submit(linear)
        headers = {"Idempotency-Key": "again"}
        one, two = [await bench.http.post(f"/runs/{first}/rerun", headers=headers) for _ in range(2)]
        assert one.json()["run_id"] == two.json()["run_id"]
        over_nats = await ask(bench, "run.rerun", run_id=first, idempotency_key="again")
        assert over_nats["run_id"] == one.json()["run_id"]
        conflict = await bench.http.post(f"/runs/{other}/rerun", headers=headers)
        assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency.conflict")

    async def test_a_caller_waits_for_it(self, bench: Bench, answering: dict[str, Any]) -> None:
        first = await bench.submit(answering)
        began: asyncio.Queue[str] = asyncio.Queue()
        await bench.connection.listen("workflow.*.start", lambda subject, _: began.put_nowait(subject.split(".")[1]))
        await bench.connection.flush()
        async with asyncio.TaskGroup() as tasks:
            replied = tasks.create_task(bench.http.post(f"/runs/{first}/rerun", params={"wait": "20s"}))
            await bench.put_out(await began.get(), "answer", {"status": 201, "headers": {}, "body": "hi"})
        assert (replied.result().status_code, replied.result().text) == (201, "hi")

    @pytest.mark.parametrize("body", [{"version": 1}, []])
    async def test_it_takes_nothing(self, bench: Bench, linear: dict[str, Any], body: Any) -> None:
        reply = await bench.http.post(f"/runs/{await bench.submit(linear)}/rerun", json=body)
        assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")


class TestRetry:
    async def failed(self, bench: Bench, linear: dict[str, Any], **fields: Any) -> tuple[str, int]:
        """A run whose second block failed; its id, and the sequence of the event that completed the first."""
        run_id = await bench.submit(linear, **fields)
        sequence = await bench.put_out(run_id, "first", {"value": 1})
        await bench.fail(run_id, {"code": "http.status", "message": "no", "task": "second"})
        return run_id, sequence

    async def test_what_completed_is_reused(self, bench: Bench, linear: dict[str, Any]) -> None:
        failed, sequence = await self.failed(bench, linear, input={"value": 1}, labels={"team": "ops"})
        reply = await bench.http.post(f"/runs/{failed}/retry")
        run_id = reply.json()["run_id"]
        assert (reply.status_code, reply.headers["location"]) == (202, f"/api/v1/runs/{run_id}")
        before, after = [start_of(await bench.events(one)) for one in (failed, run_id)]
        same = {"workflow", "control_block", "input", "labels", "version"}
        assert before.model_dump(include=same) == after.model_dump(include=same)
        assert (after.retry_of, after.reuse) == (failed, Reuse(run_id=failed, tasks={"first": sequence}))
        run = (await bench.http.get(f"/runs/{run_id}")).json()
        assert run["retry_of"] == failed
        (listed,) = (await bench.http.get("/runs", params={"status": "pending"})).json()["items"]
        assert listed["retry_of"] == failed

    async def test_a_retry_of_a_retry(self, bench: Bench, linear: dict[str, Any]) -> None:
        failed, _ = await self.failed(bench, linear)
        second = (await bench.http.post(f"/runs/{failed}/retry")).json()["run_id"]
        sequence = await bench.put_out(second, "first", {"value": 1})
        await bench.fail(second, {"code": "http.status", "message": "no", "task": "second"})
        third = start_of(await bench.events((await ask(bench, "run.retry", run_id=second))["run_id"]))
        assert (third.retry_of, third.reuse) == (second, Reuse(run_id=second, tasks={"first": sequence}))

    async def test_an_archived_run_with_a_large_input(self, bench: Bench, linear: dict[str, Any]) -> None:
        value = {"value": "x" * 600_000}
        failed, sequence = await self.failed(bench, linear, input=value)
        await archive(bench, failed)
        start = start_of(await bench.events((await bench.http.post(f"/runs/{failed}/retry")).json()["run_id"]))
        assert start.reuse == Reuse(run_id=failed, tasks={"first": sequence})
        reference = PayloadRef.model_validate(start.input["$payload"])
        assert orjson.loads(await Payloads(bench.connection).get("default", start.run_id, reference)) == value

    async def test_many_tasks_are_a_payload(self, bench: Bench) -> None:
        names = [f"a-block-with-a-rather-long-name-{n}" for n in range(1000)]
        each = {"id": "each", "type": "noop", "for_each": {"items": [1]}}
        wide = {"blocks": [each, *({"id": name, "type": "noop"} for name in [*names, "last"])]}
        failed = await bench.submit(wide)
        items = ItemsRef(id="items", count=1, page_size=1)
        await bench.put_out(failed, "each:expand", {"items": items.model_dump()})
        await bench.put_out(failed, "each/0", 1)
        collected = await bench.put_out(failed, "each:collect", [1])
        sequences = await asyncio.gather(*(bench.put_out(failed, name, None) for name in names))
        await bench.fail(failed, {"code": "http.status", "message": "no", "task": "last"})
        start = start_of(await bench.events((await bench.http.post(f"/runs/{failed}/retry")).json()["run_id"]))
        assert start.reuse
        assert (start.reuse.run_id, start.reuse.tasks) == (failed, {})
        assert start.reuse.stored
        stored = await Payloads(bench.connection).get("default", start.run_id, start.reuse.stored)
        assert orjson.loads(stored) == {"each": collected, **dict(zip(names, sequences, strict=True))}
        # Without what is to be reused the loop would be begun anew, and its output would mean nothing.
        await bench.put_out(start.run_id, "each", [1])
        task = (await bench.http.get(f"/runs/{start.run_id}/tasks/each")).json()
        assert (task["status"], task["output"]) == ("completed", [1])

    async def test_a_run_that_goes_on_or_completed_is_not_retried(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id = await bench.submit(linear)
        active = await bench.http.post(f"/runs/{run_id}/retry")
        assert (active.status_code, active.json()["code"]) == (409, "run.not_ended")
        await bench.complete(run_id)
        completed = await bench.http.post(f"/runs/{run_id}/retry")
        assert (completed.status_code, completed.json()["code"]) == (409, "run.completed")
        assert (await ask(bench, "run.retry", run_id=run_id))["problem"]["code"] == "run.completed"

    async def stored(self, bench: Bench, linear: dict[str, Any]) -> tuple[str, int]:
        """A run of version 1 of a stored workflow that failed, and what completed its first block."""
        await bench.http.put("/workflows/news", json=linear)
        run_id = (await bench.http.post("/workflows/news/runs", json={"input": {"value": 1}})).json()["run_id"]
        sequence = await bench.put_out(run_id, "first", {"value": 1}, "news")
        error = {"code": "http.status", "message": "no", "task": "second"}
        await bench.append(run_id, subjects.FAILED, Failed.model_validate({"error": error}), "news")
        return run_id, sequence

    @pytest.mark.parametrize("version", [None, 1, 2, "published"])
    async def test_a_version_that_mends_what_failed(
        self, bench: Bench, linear: dict[str, Any], version: int | str | None
    ) -> None:
        failed, sequence = await self.stored(bench, linear)
        first, second = linear["blocks"]
        await bench.http.put("/workflows/news", json={"blocks": [first, {**second, "timeout": "1s"}]})
        reply = await bench.http.post(f"/runs/{failed}/retry", json={} if version is None else {"version": version})
        start = start_of(await bench.events(reply.json()["run_id"]))
        assert start.version == (2 if version in {2, "published"} else 1)
        assert start.reuse == Reuse(run_id=failed, tasks={"first": sequence})
        versions = (await bench.http.get("/workflows/news")).json()["versions"]
        assert start.control_block == versions[2 - start.version]["control_block"]

    async def test_a_version_that_changes_what_completed(self, bench: Bench, linear: dict[str, Any]) -> None:
        failed, _ = await self.stored(bench, linear)
        first, second = linear["blocks"]
        await bench.http.put("/workflows/news", json={"blocks": [{**first, "timeout": "1s"}, second]})
        reply = await bench.http.post(f"/runs/{failed}/retry", json={"version": 2})
        assert start_of(await bench.events(reply.json()["run_id"])).reuse == Reuse(run_id=failed, tasks={})

    async def test_a_version_must_be_there_and_take_the_input(self, bench: Bench, linear: dict[str, Any]) -> None:
        failed, _ = await self.stored(bench, linear)
        unknown = await bench.http.post(f"/runs/{failed}/retry", json={"version": 9})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "workflow.not_found")
        await bench.http.put("/workflows/news", json={**linear, "input": {"type": "object", "required": ["more"]}})
        picky = await bench.http.post(f"/runs/{failed}/retry", json={"version": "published"})
        assert (picky.status_code, picky.json()["code"]) == (422, "input.invalid")
        adhoc, _ = await self.failed(bench, linear)
        nameless = await bench.http.post(f"/runs/{adhoc}/retry", json={"version": 1})
        assert (nameless.status_code, nameless.json()["code"]) == (404, "workflow.not_found")

    @pytest.mark.parametrize("body", [[], {"version": 0}, {"version": "newest"}, {"version": 1.5}, {"input": 1}])
    async def test_a_bad_request(self, bench: Bench, linear: dict[str, Any], body: Any) -> None:
        failed, _ = await self.failed(bench, linear)
        reply = await bench.http.post(f"/runs/{failed}/retry", json=body)
        assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")

    async def test_the_same_key_is_the_same_run(self, bench: Bench, linear: dict[str, Any]) -> None:
        failed, _ = await self.failed(bench, linear)
        headers = {"Idempotency-Key": "again"}
        one, two = [await bench.http.post(f"/runs/{failed}/retry", headers=headers) for _ in range(2)]
        assert one.json()["run_id"] == two.json()["run_id"]
        other = await bench.http.post(f"/runs/{failed}/rerun", headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency.conflict")


class TestDelete:
    async def ended(self, bench: Bench, linear: dict[str, Any]) -> str:
        run_id = await bench.submit(linear, input="x" * 100_000)
        await bench.complete(run_id)
        await bench.put_status(run_id, RunStatus.COMPLETED, 2)
        await bench.see_to(run_id)
        return run_id

    @pytest.mark.parametrize("over", ["http", "nats"])
    async def test_nothing_is_left(self, bench: Bench, linear: dict[str, Any], over: str) -> None:
        run_id, kept = await self.ended(bench, linear), await self.ended(bench, linear)
        if over == "http":
            reply = await bench.http.delete(f"/runs/{run_id}")
            assert (reply.status_code, reply.content) == (204, b"")
        else:
            assert await ask(bench, "run.delete", run_id=run_id) == {"v": 1}
        assert (await bench.http.get(f"/runs/{run_id}")).status_code == 404
        assert [run["run_id"] for run in (await bench.http.get("/runs")).json()["items"]] == [kept]
        assert await messages_in(bench, subjects.HISTORY, f"history.*.*.*.{run_id}.>") == 0
        assert await messages_in(bench, subjects.PAYLOADS, subjects.payloads_of_run("default", run_id)) == 0
        assert await messages_in(bench, subjects.PAYLOADS, subjects.payloads_of_run("default", kept)) == 1
        assert (
            await Bucket(bench.connection, subjects.STATUS_BUCKET).get(subjects.status_key("default", run_id)) is None
        )
        assert (await bench.http.delete(f"/runs/{run_id}")).json()["code"] == "run.not_found"

    async def test_an_archived_run_goes_as_well(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id = await self.ended(bench, linear)
        await archive(bench, run_id)
        assert (await bench.http.delete(f"/runs/{run_id}")).status_code == 204
        assert await messages_in(bench, subjects.ARCHIVE, subjects.ARCHIVE_SUBJECTS) == 0
        assert await messages_in(bench, subjects.PAYLOADS, subjects.PAYLOAD_SUBJECTS) == 0

    async def test_a_run_that_goes_on_stays(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id = await bench.submit(linear)
        reply = await bench.http.delete(f"/runs/{run_id}")
        assert (reply.status_code, reply.json()["code"]) == (409, "run.not_ended")
        assert len(await bench.events(run_id)) == 1

    async def test_an_end_that_no_scheduler_has_seen_is_waited_for(
        self, bench: Bench, linear: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Others wait for what the end of a run calls for: slots of limits, and the run that started it."""
        run_id = await bench.submit(linear)
        await bench.complete(run_id)
        monkeypatch.setattr(remover, "_LOOKS", 1)
        monkeypatch.setattr(remover, "_BETWEEN", 0)
        reply = await bench.http.delete(f"/runs/{run_id}")
        assert (reply.status_code, reply.json()["code"]) == (503, "engine.unavailable")
        assert len(await bench.events(run_id)) == 2
        monkeypatch.setattr(remover, "_LOOKS", 1000)
        deleting = asyncio.create_task(bench.http.delete(f"/runs/{run_id}"))
        await bench.see_to(run_id)
        assert (await deleting).status_code == 204

    async def test_another_manager_forgets_it_too(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id = await self.ended(bench, linear)
        bucket = Bucket(bench.connection, subjects.STATUS_BUCKET)
        await bucket.delete(subjects.status_key("default", run_id))

        async def gone() -> bool:
            return not (await bench.http.get("/runs")).json()["items"]

        await until(gone)


@pytest.mark.parametrize("run_id", ["*", "a.>", new_run_id()])
async def test_an_unknown_run_is_not_found(bench: Bench, run_id: str) -> None:
    for reply in (
        await bench.http.delete(f"/runs/{run_id}"),
        await bench.http.post(f"/runs/{run_id}/rerun"),
        await bench.http.post(f"/runs/{run_id}/retry"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "run.not_found")


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("run.rerun", {}, "request.invalid"),
        ("run.rerun", {"run_id": new_run_id()}, "run.not_found"),
        ("run.rerun", {"run_id": new_run_id(), "input": 1}, "request.invalid"),
        ("run.retry", {"run_id": new_run_id()}, "run.not_found"),
        ("run.retry", {"run_id": new_run_id(), "version": "1"}, "request.invalid"),
        ("run.delete", {}, "request.invalid"),
        ("run.delete", {"run_id": new_run_id(), "force": True}, "request.invalid"),
        ("run.delete", {"run_id": new_run_id()}, "run.not_found"),
    ],
)
async def test_bad_requests_over_nats(bench: Bench, verb: str, body: dict[str, Any], code: str) -> None:
    assert (await ask(bench, verb, **body))["problem"]["code"] == code
