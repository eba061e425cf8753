"""The implicit task `start-run`."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from support.executing import Scheduler, Sent, base_of, hosting, make_work

from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.compiler import digest, encode
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.messages import CancelRequest, Fired, Start
from gnatwork_schemas.payload import as_reference
from gnatwork_schemas.run_ids import child_run_id
from gnatwork_schemas.subjects import STATE_BUCKET, control_block_key, history_base, workflow_key
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow

INPUT = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}


async def store(scheduler: Scheduler, name: str, *, published: int | None = 2, **fields: Any) -> str:
    """A workflow with the versions 1 and 2; the digest of the control block of both."""
    block = ControlledBlock(id="a", type="noop", config=None)
    control_block = ControlBlock(workflow=name, blocks=(block,), **fields)
    encoded = encode(control_block)
    version = StoredVersion(control_block=digest(encoded), created_at=1.0)
    workflow = StoredWorkflow(name=name, published=published, versions={"1": version, "2": version})
    bucket = Bucket(scheduler.connection, STATE_BUCKET)
    await bucket.put(control_block_key(version.control_block), encoded)
    await bucket.put(workflow_key("default", name), workflow.model_dump_json().encode())
    return version.control_block


async def begin(scheduler: Scheduler, run_id: str | None = None, **fields: Any) -> Sent:
    """Have a task `sub` ask for a run, in a run that has begun."""
    work = make_work("start-run", {"name": "child", **fields}, task="each/1/sub:start", run_id=run_id)
    if run_id is None:
        await scheduler.history.append(base_of(work), "start", b'{"v": 1}')
    return await scheduler.send_work(work, {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})


async def stored_start(scheduler: Scheduler, run_id: str) -> StoredMessage:
    start = await scheduler.history.find_start("default", run_id)
    assert start
    return start


@pytest.fixture(autouse=True)
async def logic(nats_url: str, scheduler: Scheduler) -> AsyncIterator[None]:
    async with hosting(nats_url, blocks=("logic",)):
        yield


async def test_a_run_of_the_published_version_begins(scheduler: Scheduler) -> None:
    control_block = await store(scheduler, "child", labels={"team": "news"}, input=INPUT)
    sent = await begin(scheduler, input={"url": "x"}, depth=3)
    output = await scheduler.output(sent)
    run_id = child_run_id(sent.work.run_id, "each/1/sub:start", 1)
    assert output == {"run_id": run_id, "workflow": "child"}

    message = await stored_start(scheduler, run_id)
    assert message.subject == history_base(scheduler.history.shard(run_id), "default", "child", run_id) + ".start"
    assert (message.headers or {})["traceparent"].startswith("00-4bf92f")
    start = Start.model_validate_json(message.data)
    assert start == Start(
        run_id=run_id,
        workflow="child",
        version=2,
        control_block=control_block,
        input={"url": "x"},
        labels={"team": "news"},
        trigger=Fired(type="workflow"),
        parent=sent.work.run_id,
        parent_history=base_of(sent.work),
        parent_task="each/1/sub",
        depth=4,
    )
    assert await scheduler.history.load_run("default", run_id) == [message]


async def test_one_that_is_not_waited_for_tells_no_one_of_its_end(scheduler: Scheduler) -> None:
    await store(scheduler, "child")
    sent = await begin(scheduler, wait=False, version=1)
    start = Start.model_validate_json((await stored_start(scheduler, (await scheduler.output(sent))["run_id"])).data)
    assert (start.parent, start.parent_history, start.parent_task) == (sent.work.run_id, None, None)
    assert (start.version, start.input) == (1, None)


async def test_the_same_attempt_starts_one_run(scheduler: Scheduler) -> None:
    await store(scheduler, "child")
    first = await begin(scheduler)
    run_id = (await scheduler.output(first))["run_id"]
    await scheduler.settled(first)
    # The outcome of the first delivery counts as not stored.
    again = await begin(scheduler, run_id=first.work.run_id)
    await scheduler.settled(again)
    assert len(scheduler.outcomes(first)) == 2
    assert len(await scheduler.history.load_run("default", run_id)) == 1


async def test_a_large_input_is_a_payload_of_the_child(scheduler: Scheduler) -> None:
    await store(scheduler, "child")
    for given in ("x" * 100_000, {"$payload": {"id": "looks-like-one"}}):
        run_id = (await scheduler.output(await begin(scheduler, input=given)))["run_id"]
        start = Start.model_validate_json((await stored_start(scheduler, run_id)).data)
        reference = as_reference(start.input)
        assert reference
        assert orjson.loads(await Payloads(scheduler.connection).get("default", run_id, reference)) == given


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("nobody", None, "There is no workflow `nobody`."),
        ("child", 7, "Workflow `child` has no version 7."),
        ("draft", None, "Workflow `draft` has no published version."),
    ],
)
async def test_what_is_not_stored_is_not_found(
    scheduler: Scheduler, name: str, version: int | None, message: str
) -> None:
    await store(scheduler, "child")
    await store(scheduler, "draft", published=None)
    error = await scheduler.error(await begin(scheduler, name=name, version=version))
    assert error == {"code": "workflow.not_found", "message": message, "retryable": False}


async def test_runs_are_not_started_without_an_end(scheduler: Scheduler) -> None:
    await store(scheduler, "child")
    assert await scheduler.output(await begin(scheduler, depth=15))
    error = await scheduler.error(await begin(scheduler, depth=16))
    assert (error["code"], error["retryable"]) == ("workflow.too_deep", False)


async def test_an_input_that_does_not_meet_the_schema_is_an_error(scheduler: Scheduler) -> None:
    await store(scheduler, "child", input=INPUT)
    sent = await begin(scheduler, input={"url": 1})
    error = await scheduler.error(sent)
    assert (error["code"], error["retryable"]) == ("input.invalid", False)
    assert error["details"]["errors"][0]["pointer"] == "/input/url"
    assert "/input/url" in error["message"]
    child = child_run_id(sent.work.run_id, sent.work.task, 1)
    assert await scheduler.history.find_start("default", child) is None


@pytest.mark.parametrize("wait", [True, False])
async def test_the_child_of_a_run_that_has_ended_is_cancelled(scheduler: Scheduler, wait: bool) -> None:
    await store(scheduler, "child")
    work = make_work("start-run", {"name": "child", "wait": wait}, task="sub:start")
    await scheduler.history.append(base_of(work), "start", b'{"v": 1}')
    await scheduler.history.append(base_of(work), "cancelled", b'{"v": 1}')
    run_id = (await scheduler.output(await scheduler.send_work(work)))["run_id"]
    events = await scheduler.history.load_run("default", run_id)
    assert [event.subject.split(run_id)[1] for event in events] == [".start", ".request.cancel"][: 1 + wait]
    if wait:
        assert CancelRequest.model_validate_json(events[1].data).reason
