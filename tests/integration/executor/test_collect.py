"""The implicit task `collect`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from support.executing import Scheduler, Sent, base_of, hosting, make_work

from gnatwork_bus.payloads import Payloads
from gnatwork_schemas.payload import PayloadRef, as_reference, reference_value
from gnatwork_schemas.subjects import error_event, history_base, live_task, output_event


@pytest.fixture
async def logic(nats_url: str, scheduler: Scheduler) -> AsyncIterator[None]:
    async with hosting(nats_url, blocks=("logic",)):
        yield


class Run:
    """A run whose tasks have outcomes."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.work = make_work("collect")
        self.base = base_of(self.work)

    async def append(self, event: str, **body: Any) -> int:
        return await self.scheduler.history.append(self.base, event, orjson.dumps({"v": 1, **body}))

    async def output(self, value: Any, task: str = "each/0/step") -> int:
        times = {"task": task, "attempt": 1, "started_at": 1.0, "ended_at": 2.0}
        return await self.append(output_event(task), output=value, **times)

    async def stored(self, data: bytes) -> dict[str, Any]:
        payloads = Payloads(self.scheduler.connection)
        return reference_value(await payloads.put("default", self.work.run_id, data, "x"))

    async def collect(self, results: Any) -> Sent:
        return await self.scheduler.send(
            "collect", {"results": results}, task="each:collect", run_id=self.work.run_id, timeout=60.0
        )

    async def collected(self, results: Any) -> Any:
        output = await self.scheduler.output(await self.collect(results))
        if reference := as_reference(output):
            data = await Payloads(self.scheduler.connection).get("default", self.work.run_id, reference)
            return orjson.loads(data)
        return output


@pytest.fixture
def run(scheduler: Scheduler, logic: None) -> Run:
    return Run(scheduler)


@pytest.mark.parametrize("results", [[], {}, [None, None], {"a": None}, None])
async def test_nothing_yields_nothing(run: Run, results: Any) -> None:
    assert await run.collected(results) == results


async def test_results_are_in_order(run: Run) -> None:
    first, second, third = [await run.output({"n": n}) for n in range(3)]
    assert await run.collected([third, None, first, second, first]) == [{"n": 2}, None, {"n": 0}, {"n": 1}, {"n": 0}]


async def test_objects_are_filled_at_any_depth(run: Run) -> None:
    one, two = await run.output(1), await run.output("two")
    assert await run.collected([{"a": one, "b": {"c": two}}, {"a": None}]) == [
        {"a": 1, "b": {"c": "two"}},
        {"a": None},
    ]


async def test_a_group_yields_an_object(run: Run) -> None:
    assert await run.collected({"x": await run.output("two"), "y": None}) == {"x": "two", "y": None}


async def test_each_kind_of_event_yields_what_its_task_did(run: Run) -> None:
    error = {"code": "odd.bad", "message": "Odd.", "retryable": False}
    times = {"task": "x", "attempt": 1, "started_at": 1.0, "ended_at": 2.0}
    events = [
        await run.append(error_event("each/1/step"), error=error, **times),
        await run.append("signal.approve", name="approve", data={"by": "me"}),
        await run.append("timer.delay-1.fired", timer="delay-1"),
        await run.append("child.each/2/sub.ended", task="x", run_id="x", workflow="w", end="failed", error=error),
    ]
    assert await run.collected(events) == [{"error": error}, {"by": "me"}, None, {"error": error}]


async def test_stored_values_are_opened(run: Run) -> None:
    large = orjson.dumps(["x" * 100_000])
    events = [
        await run.output(await run.stored(large)),
        await run.append("signal.go", name="go", data=await run.stored(b'"small"')),
        await run.output({"inside": await run.stored(b"1")}),
    ]
    found = await run.collected(events)
    assert found[:2] == [["x" * 100_000], "small"]
    # A reference is one only as a whole value.
    assert as_reference(found[2]["inside"])


async def test_an_event_of_another_run_is_not_read(run: Run, scheduler: Scheduler) -> None:
    other = Run(scheduler)
    error = await scheduler.error(await run.collect([await run.output(1), await other.output("secret")]))
    assert (error["code"], error["retryable"]) == ("message.invalid", False)
    assert "secret" not in error["message"]


async def test_nor_is_one_of_a_run_whose_id_begins_alike(run: Run, scheduler: Scheduler) -> None:
    base = history_base(scheduler.history.shard(run.work.run_id), "default", "test", f"{run.work.run_id}0")
    body = {"v": 1, "task": "x", "attempt": 1, "started_at": 1.0, "ended_at": 2.0, "output": 1}
    sequence = await scheduler.history.append(base, output_event("x"), orjson.dumps(body))
    assert (await scheduler.error(await run.collect([sequence])))["code"] == "message.invalid"


async def test_an_event_that_is_gone_is_an_error(run: Run, scheduler: Scheduler) -> None:
    error = await scheduler.error(await run.collect([await run.output(1), 4711]))
    assert (error["code"], error["retryable"]) == ("payload.missing", False)
    assert "4711" in error["message"]


@pytest.mark.parametrize("result", ["text", True, 1.5])
async def test_what_is_no_result_is_an_error(run: Run, scheduler: Scheduler, result: Any) -> None:
    assert (await scheduler.error(await run.collect([result])))["code"] == "message.invalid"


async def test_nor_is_an_event_that_settles_nothing(run: Run, scheduler: Scheduler) -> None:
    sequence = await run.append("request.cancel", reason="")
    assert (await scheduler.error(await run.collect([sequence])))["code"] == "message.invalid"


async def test_results_that_are_too_large_together_are_an_error(run: Run, scheduler: Scheduler) -> None:
    stored = await run.stored(orjson.dumps("x" * 30_000_000))
    events = [await run.output(stored) for _ in range(3)]
    error = await scheduler.error(await run.collect(events))
    assert (error["code"], error["retryable"]) == ("payload.too_large", False)
    assert "let the iterations yield less" in error["message"]


async def test_one_that_says_that_it_is_too_large_is_not_read(run: Run, scheduler: Scheduler) -> None:
    ref = PayloadRef(id="none", size=70_000_000, digest="sha256:00")
    error = await scheduler.error(await run.collect([await run.output(reference_value(ref))]))
    assert error["code"] == "payload.too_large"


async def test_ten_thousand_results(run: Run, scheduler: Scheduler) -> None:
    wanted = [{"n": n, "text": "x" * 100} for n in range(10_000)]
    events: list[int] = []
    for first in range(0, 10_000, 1000):
        some = wanted[first : first + 1000]
        events += await asyncio.gather(*(run.output(value, f"each/{first}/x") for value in some))
    assert await run.collected(events) == wanted
    subject = live_task(run.work.run_id, "each:collect", "progress")
    assert scheduler.wire.all(lambda seen: seen.subject == subject)
