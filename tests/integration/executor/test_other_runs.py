"""The implicit tasks `run-result` and `reuse`, which read other runs, and `render`."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from support.executing import Scheduler, Sent, base_of, hosting, make_work

from gnatwork_bus.items import Items
from gnatwork_bus.payloads import Payloads
from gnatwork_schemas.messages import Complete
from gnatwork_schemas.payload import ItemsRef, as_reference, reference_value
from gnatwork_schemas.subjects import output_event


@pytest.fixture(autouse=True)
async def logic(nats_url: str, scheduler: Scheduler) -> AsyncIterator[None]:
    async with hosting(nats_url, blocks=("logic",)):
        yield


class Other:
    """Another run."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.work = make_work("noop")
        self.run_id = self.work.run_id

    async def append(self, event: str, **body: Any) -> int:
        return await self.scheduler.history.append(base_of(self.work), event, orjson.dumps({"v": 1, **body}))

    async def output(self, value: Any, task: str = "step") -> int:
        times = {"task": task, "attempt": 1, "started_at": 1.0, "ended_at": 2.0}
        return await self.append(output_event(task), output=value, **times)

    async def stored(self, value: Any) -> dict[str, Any]:
        payloads = Payloads(self.scheduler.connection)
        return reference_value(await payloads.put("default", self.run_id, orjson.dumps(value), "x"))

    async def result(self) -> Sent:
        return await self.scheduler.send("run-result", {"run_id": self.run_id, "workflow": "test"}, task="sub:result")

    async def reuse(self, sequence: int) -> Sent:
        return await self.scheduler.send("reuse", {"run_id": self.run_id, "sequence": sequence})


@pytest.fixture
def other(scheduler: Scheduler) -> Other:
    return Other(scheduler)


async def opened(scheduler: Scheduler, sent: Sent) -> Any:
    """The output of a task, which is to be a payload of its own run."""
    reference = as_reference(await scheduler.output(sent))
    assert reference
    return orjson.loads(await Payloads(scheduler.connection).get("default", sent.work.run_id, reference))


async def test_the_output_of_a_child_is_fetched(scheduler: Scheduler, other: Other) -> None:
    await other.append("start")
    await other.append("complete", output={"a": [1]})
    assert await scheduler.output(await other.result()) == {"a": [1]}


async def test_what_its_output_refers_to_becomes_the_parents(scheduler: Scheduler, other: Other) -> None:
    leaf = {
        "$template": [{"path": ["blocks", "page", "body"], "source": "page.body"}],
        "values": {"blocks.page": await other.stored({"body": "x" * 100_000})},
    }
    complete = Complete(output={"page": leaf, "n": 1}, deferred=("/page",))
    await other.append("start")
    await other.append("complete", **complete.model_dump(mode="json"))
    assert await opened(scheduler, await other.result()) == {"page": "x" * 100_000, "n": 1}


@pytest.mark.parametrize("end", [None, "failed"])
async def test_a_child_without_an_output_is_an_error(scheduler: Scheduler, other: Other, end: str | None) -> None:
    await other.append("start")
    if end:
        await other.append(end)
    error = await scheduler.error(await other.result())
    assert (error["code"], error["retryable"]) == ("run.not_found", True)


async def test_an_output_is_reused(scheduler: Scheduler, other: Other) -> None:
    assert await scheduler.output(await other.reuse(await other.output({"a": [1, None]}))) == {"a": [1, None]}


async def test_so_are_signals_and_timers(scheduler: Scheduler, other: Other) -> None:
    signal = await other.append("signal.go", name="go", data="now")
    timer = await other.append("timer.t.fired", timer="t")
    assert await scheduler.output(await other.reuse(signal)) == "now"
    assert await scheduler.output(await other.reuse(timer)) is None


async def test_a_stored_value_is_copied_into_the_run(scheduler: Scheduler, other: Other) -> None:
    sequence = await other.output(await other.stored(["x" * 100_000]))
    assert await opened(scheduler, await other.reuse(sequence)) == ["x" * 100_000]


async def test_items_are_copied_with_the_reference_to_them(scheduler: Scheduler, other: Other) -> None:
    items = Items(scheduler.connection, Payloads(scheduler.connection))
    values = [1, "x" * 20_000, {"$payload": {}}]
    ref = await items.put("default", other.run_id, values, "each:expand")
    sent = await other.reuse(await other.output({"items": ref.model_dump()}, task="each:expand"))
    found = ItemsRef.model_validate((await scheduler.output(sent))["items"])
    await Payloads(scheduler.connection).purge_run("default", other.run_id)
    assert [await items.get("default", sent.work.run_id, found.item(index)) for index in range(3)] == values


async def test_an_event_of_a_third_run_is_not_read(scheduler: Scheduler, other: Other) -> None:
    third = Other(scheduler)
    error = await scheduler.error(await other.reuse(await third.output("secret")))
    assert (error["code"], error["retryable"]) == ("payload.missing", False)


async def test_one_that_settles_no_task_is_an_error(scheduler: Scheduler, other: Other) -> None:
    error = await scheduler.error(await other.reuse(await other.append("start")))
    assert (error["code"], error["retryable"]) == ("message.invalid", False)


async def test_a_config_is_resolved_for_the_scheduler(scheduler: Scheduler) -> None:
    work = make_work("render", task="sub:render")
    page = await Payloads(scheduler.connection).put("default", work.run_id, b'{"signal": "go"}', "page")
    expression = {"path": ["blocks", "page", "signal"], "source": "page.signal"}
    leaf = {"$template": [expression], "values": {"blocks.page": reference_value(page)}}
    sent = await scheduler.send("render", {"signal": leaf, "n": 1}, deferred=("/signal",), run_id=work.run_id)
    assert await scheduler.output(sent) == {"signal": "go", "n": 1}
