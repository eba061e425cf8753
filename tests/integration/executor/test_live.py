"""What is said while a block runs, and what is not."""

import asyncio
from typing import Any

import orjson
from support.executing import Scheduler, Sent, hosting
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import BlockContext
from gnatwork_executor import lines
from gnatwork_schemas.live import Log, Progress, Started
from gnatwork_schemas.subjects import live_task, log_lines


async def test_a_block_that_takes_a_while_is_announced(nats_url: str, scheduler: Scheduler) -> None:
    go_on = asyncio.Event()

    async def wait(_ctx: BlockContext, _config: Any) -> Any:
        await go_on.wait()

    async with hosting(nats_url, block_of(wait), name="me"):
        sent = await scheduler.send("odd")
        started = Started.model_validate(await scheduler.event(sent, "block.step.started"))
        go_on.set()
        output = await scheduler.event(sent, "block.step.output")
    assert (started.task, started.attempt, started.executor) == ("step", 1, "me")
    assert started.at == output["started_at"]


async def test_a_short_block_is_told_by_its_outcome_alone(nats_url: str, scheduler: Scheduler) -> None:
    async def run(_ctx: BlockContext, _config: Any) -> Any:
        return None

    async with hosting(nats_url, block_of(run)):
        sent = await scheduler.send("odd")
        await scheduler.output(sent)
        await scheduler.settled(sent)
    started = live_task(sent.work.run_id, "step", "started")
    assert scheduler.wire.all(lambda seen: seen.subject == started) == []


async def test_progress_comes_a_few_times_a_second_and_the_newest_counts(nats_url: str, scheduler: Scheduler) -> None:
    go_on = asyncio.Event()

    async def run(ctx: BlockContext, _config: Any) -> Any:
        for step in range(101):
            ctx.progress(step / 100, f"step {step}")
        await go_on.wait()
        ctx.progress(0.1, "too late to be of use")

    async with hosting(nats_url, block_of(run)):
        sent = await scheduler.send("odd")
        subject = live_task(sent.work.run_id, "step", "progress")
        said = await scheduler.wire.several(2, lambda seen: seen.subject == subject)
        go_on.set()
        await scheduler.output(sent)
        await scheduler.settled(sent)
    progress = [Progress.model_validate_json(seen.data) for seen in said]
    assert [(one.fraction, one.message) for one in progress] == [(0.0, "step 0"), (1.0, "step 100")]
    assert len(scheduler.wire.all(lambda seen: seen.subject == subject)) == 2


async def test_log_lines_are_told_and_bounded(nats_url: str, scheduler: Scheduler) -> None:
    async def run(ctx: BlockContext, _config: Any) -> Any:
        for number in range(lines.MOST_LINES + 10):
            ctx.log("info", f"line {number}", number=number)

    async with hosting(nats_url, block_of(run)):
        sent = await scheduler.send("odd")
        await scheduler.output(sent)
    said = logged(scheduler, sent)
    assert (said[5].level, said[5].message, said[5].fields) == ("info", "line 5", {"number": 5})
    assert len(said) == lines.MOST_LINES + 1
    assert said[-1].level == "warning"
    assert said[-1].message == "10 more lines were left out: an attempt may log 100 a second."


async def test_who_logs_too_much_is_told_so_while_it_goes_on(nats_url: str, scheduler: Scheduler) -> None:
    go_on = asyncio.Event()

    async def run(ctx: BlockContext, _config: Any) -> Any:
        for number in range(lines.MOST_LINES + 1):
            ctx.log("debug", f"line {number}")
        await go_on.wait()
        ctx.log("debug", "and on")

    async with hosting(nats_url, block_of(run)):
        sent = await scheduler.send("odd")
        subject = log_lines(sent.work.run_id, "step")
        await scheduler.wire.several(lines.MOST_LINES + 1, lambda seen: seen.subject == subject)
        go_on.set()
        await scheduler.output(sent)
    assert [line.message for line in logged(scheduler, sent)][-2:] == [
        "1 more lines were left out: an attempt may log 100 a second.",
        "and on",
    ]


def logged(scheduler: Scheduler, sent: Sent) -> list[Log]:
    subject = log_lines(sent.work.run_id, "step")
    return [Log.model_validate_json(seen.data) for seen in scheduler.wire.all(lambda seen: seen.subject == subject)]


async def test_a_line_that_is_too_long_or_no_json_harms_nobody(nats_url: str, scheduler: Scheduler) -> None:
    async def run(ctx: BlockContext, _config: Any) -> Any:
        ctx.log("warning", "x" * 10_000)
        ctx.log("error", "much", page="y" * 10_000)
        ctx.log("debug", "strange", value=object)
        ctx.log("debug", "\ud800")
        return "done"

    async with hosting(nats_url, block_of(run)):
        sent = await scheduler.send("odd")
        assert await scheduler.output(sent) == "done"
    subject = live_task(sent.work.run_id, "step", "log")
    bodies = [orjson.loads(seen.data) for seen in scheduler.wire.all(lambda seen: seen.subject == subject)]
    assert bodies[0]["message"].endswith("xxx… (10000 characters in all)")
    assert bodies[1]["fields"] == {"omitted": ["page"]}
    assert bodies[2]["fields"] == {"value": "<class 'object'>"}
    assert len(bodies) == 3
