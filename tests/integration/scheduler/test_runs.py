"""Runs from start to end, with a real server between the scheduler and everyone else."""

import asyncio
import base64

from support.playing import Playing
from support.story import block

from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.payload import as_reference


async def test_a_run_goes_from_block_to_block(playing: Playing) -> None:
    run = await playing.start(
        block("a", config={"n": "{{ input.n }}"}), block("b", "a", config={"text": "got {{ a.n }}"}), value={"n": 1}
    )
    first = await playing.work(run, "a")
    assert (first.config, first.attempt, first.idempotency_key) == ({"n": 1}, 1, f"{run.run_id}/a")
    await playing.output(first, {"n": 1})
    await playing.output(await playing.work(run, "b"), "done")
    assert (await playing.event(run, "complete"))["output"] == {"b": "done"}
    summary = await playing.summary(run, "completed")
    assert summary.blocks == {"a": {"completed": 1}, "b": {"completed": 1}}


async def test_a_failed_attempt_is_tried_again_when_its_timer_is_due(playing: Playing) -> None:
    run = await playing.start(block("a", retry=Retry(max_attempts=2, initial=0.05, jitter=0)))
    await playing.error(await playing.work(run, "a"), retryable=True)
    await playing.event(run, "timer.retry-a-2.fired")
    second = await playing.work(run, "a", attempt=2)
    await playing.output(second)
    await playing.event(run, "complete")


async def test_a_run_that_takes_too_long_is_stopped_and_its_work_removed(playing: Playing) -> None:
    run = await playing.start(block("a"), timeout=0.2)
    await playing.work(run, "a")
    assert (await playing.event(run, "timed_out"))["timeout"] == 0.2
    await playing.summary(run, "timed_out")
    assert await queued(playing) == 0


async def test_cancel_removes_the_work_and_tells_executors(playing: Playing) -> None:
    told = asyncio.Event()
    await playing.connection.listen(subjects.CANCEL_CONTROLS, lambda *_: told.set())
    run = await playing.start(block("a"), block("b", "a"))
    await playing.work(run, "a")
    await playing.history.append(run.base, subjects.REQUEST_CANCEL, b'{"v": 1, "reason": "enough"}')
    assert (await playing.event(run, "cancelled"))["reason"] == "enough"
    async with asyncio.timeout(30):
        await told.wait()
    assert await queued(playing) == 0
    assert (await playing.summary(run, "cancelled")).blocks == {"a": {"cancelled": 1}, "b": {"cancelled": 1}}


async def test_a_run_that_ends_leaves_no_timer_behind_but_that_of_its_archive(playing: Playing) -> None:
    run = await playing.start(block("a"), timeout=3600)
    await playing.event(run, "timer.timeout")
    await playing.output(await playing.work(run, "a"))
    await playing.summary(run, "completed")
    async with asyncio.timeout(30):
        while [left.subject.rpartition(".")[2] for left in await playing.history.read(f"{run.base}.timer.>")] != [
            "archive-604800"
        ]:
            await playing.connection.nc.flush()


async def test_an_output_too_large_for_a_message_is_stored(playing: Playing) -> None:
    run = await playing.start(*(block(f"b{n}") for n in range(4)))
    for number in range(4):
        await playing.output(await playing.work(run, f"b{number}"), "x" * 40_000)
    end = await playing.event(run, "complete")
    reference = as_reference(end["output"])
    assert reference
    assert reference.size > 160_000


async def test_a_work_item_too_large_for_a_message_is_the_tasks_error(playing: Playing) -> None:
    names = [f"b{n}" for n in range(20)]
    config = {name: f"{{{{ {name} }}}}" for name in names}
    run = await playing.start(*(block(name) for name in names), block("all", *names, config=config))
    for name in names:
        await playing.output(await playing.work(run, name), "x" * 60_000)
    assert (await playing.event(run, "failed"))["error"]["code"] == "payload.too_large"


async def test_the_trace_goes_along(playing: Playing) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    run = await playing.start(block("a"), block("b", "a"), headers={header_names.TRACEPARENT: trace})
    await playing.output(await playing.work(run, "a"))
    await playing.work(run, "b")
    stored = await playing.connection.api(
        f"STREAM.MSG.GET.{subjects.WORK}", {"last_by_subj": subjects.work_of_run(run.namespace, run.run_id)}
    )
    assert trace.encode() in base64.b64decode(stored["message"]["hdrs"])


async def queued(playing: Playing) -> int:
    info = await playing.connection.api(f"STREAM.INFO.{subjects.WORK}")
    return int(info["state"]["messages"])
