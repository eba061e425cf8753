"""Schedules and polls on a real installation."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from support.running import PATIENCE, block, ended, noop
from support.site import Reply, Site

from gnatwork import Client
from gnatwork.runs import RunHandle
from gnatwork_schemas.status import RunStatus

Found = TypeVar("Found")


@asynccontextmanager
async def stored(
    client: Client, name: str, blocks: list[dict[str, Any]], trigger: dict[str, Any]
) -> AsyncIterator[str]:
    """A workflow with one trigger, which is switched off in the end."""
    await client.put_workflow(name, {"blocks": blocks, "triggers": [{"id": "t", **trigger}]})
    try:
        yield name
    finally:
        await client.triggers.disable(name, "t")


async def until_true(check: Callable[[], Awaitable[Found]]) -> Found:
    async with asyncio.timeout(PATIENCE):
        while not (found := await check()):
            pass
    return found


async def runs_of(client: Client, name: str, *status: RunStatus) -> list[RunHandle]:
    """The runs that the trigger has begun, the oldest first."""
    page = await client.runs(workflow=name, status=status, limit=100)
    return [client.run(run.run_id) for run in reversed(page.items)]


async def test_runs_of_a_schedule_queue_for_their_turn(client: Client) -> None:
    schedule = {"type": "schedule", "cron": "* * * * * *", "overlap": "queue"}
    async with stored(client, "by-turns", [block("w", "wait")], schedule) as name:

        async def two() -> bool:
            return len(await runs_of(client, name)) >= 2

        await until_true(two)
        await client.triggers.disable(name, "t")
        (first,) = await until_true(lambda: runs_of(client, name, RunStatus.WAITING))
        others = [run for run in await runs_of(client, name) if run.run_id != first.run_id]
        assert {(await run.get()).status for run in others} == {"pending"}
        for run in (first, *others):
            await run.signal("w", "go")
        assert {(await ended(run)).status for run in (first, *others)} == {"completed"}


async def test_a_run_of_a_schedule_takes_the_place_of_the_one_before(client: Client) -> None:
    schedule = {"type": "schedule", "cron": "* * * * * *", "overlap": "replace"}
    async with stored(client, "the-latest", [block("w", "wait")], schedule) as name:
        (replaced, *_) = await until_true(lambda: runs_of(client, name, RunStatus.CANCELLED))
        run = await replaced.get()
        assert run.trigger.type == "schedule"
        assert run.trigger.id == "t"


async def test_each_item_of_a_feed_begins_one_run(client: Client, web: Site) -> None:
    feed = [{"id": 1}, {"id": 2}]
    web.on("/feed", lambda _: Reply(headers=(("Content-Type", "application/json"),), body=json.dumps(feed).encode()))
    polling = {"type": "polling", "every": "1s", "fetch": {"url": f"{web.url}/feed"}, "key": "{{ item.id }}"}
    async with stored(client, "feed", [noop("a", config="{{ input.id }}")], polling) as name:

        async def outputs() -> list[int]:
            return sorted([(await ended(run)).output["a"] for run in await runs_of(client, name)])

        async def items(number: int) -> bool:
            return len(await outputs()) >= number

        await until_true(lambda: items(2))
        feed.append({"id": 3})
        await until_true(lambda: items(3))
        asked = len(web.requests)

        async def polled_twice_more() -> bool:
            await client.triggers.get(name, "t")
            return len(web.requests) >= asked + 2

        await until_true(polled_twice_more)
        assert await outputs() == [1, 2, 3]
        (poll,) = (await client.runs(label=[f"poll={name}/t"], limit=1)).items
        assert (poll.workflow, poll.trigger.type) == ("poll", "polling")
