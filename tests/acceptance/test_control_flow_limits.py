"""How many runs of a workflow there may be at once, and how fast they may begin."""

import asyncio
from typing import Any

from support.running import Ended, block, ended, noop, until_status

from gnatwork import Client

WAITS = [block("w", "wait")]


async def stored(client: Client, name: str, blocks: list[dict[str, Any]], **limits: Any) -> str:
    await client.put_workflow(name, {"blocks": blocks, **limits})
    return name


async def test_a_run_queues_for_its_turn(client: Client) -> None:
    name = await stored(client, "queue", WAITS, concurrency={"max": 1, "key": "{{ input }}"})
    first = await client.start(name, input="a")
    await until_status(first, "waiting")
    second, other = [await client.start(name, input=key) for key in ("a", "b")]
    await until_status(other, "waiting")
    assert (await second.get()).status == "pending"
    await first.signal("w", 1)
    await until_status(second, "waiting")
    await second.signal("w", 2)
    assert [(await ended(run)).output for run in (first, second)] == [{"w": 1}, {"w": 2}]


async def test_a_run_that_queues_can_be_cancelled(client: Client) -> None:
    name = await stored(client, "leave", WAITS, concurrency={"max": 1})
    first = await client.start(name)
    await until_status(first, "waiting")
    second, third = [await client.start(name) for _ in range(2)]
    await second.cancel()
    assert (await ended(second)).status == "cancelled"
    await first.cancel()
    await until_status(third, "waiting")


async def test_a_run_without_room_is_refused(client: Client) -> None:
    name = await stored(client, "refuse", WAITS, concurrency={"max": 1, "on_limit": "reject"})
    first = await client.start(name)
    await until_status(first, "waiting")
    refused = await ended(await client.start(name))
    assert (refused.status, refused.code) == ("failed", "limit.reached")
    await first.signal("w")
    assert (await ended(first)).status == "completed"


async def test_the_newest_run_stays(client: Client) -> None:
    name = await stored(client, "newest", WAITS, concurrency={"max": 1, "on_limit": "cancel_oldest"})
    runs = []
    for _ in range(3):
        runs.append(await client.start(name))
        await until_status(runs[-1], "waiting")
    await runs[-1].signal("w", "last")
    assert [(await ended(run)).status for run in runs] == ["cancelled", "cancelled", "completed"]


async def test_of_runs_that_come_at_once_one_stays(client: Client) -> None:
    name = await stored(client, "at-once", WAITS, concurrency={"max": 1, "on_limit": "cancel_oldest"})
    runs = [await client.start(name) for _ in range(3)]
    # Which of them asked last is known to the limit alone. A signal that comes early is kept.
    await asyncio.gather(*(run.signal("w", "go") for run in runs), return_exceptions=True)
    found = sorted([(await ended(run)).status for run in runs])
    assert found[-1] == "completed"
    assert set(found) <= {"cancelled", "completed"}


async def test_runs_begin_at_a_rate(client: Client) -> None:
    name = await stored(client, "rate", [noop("a")], rate_limit={"max": 2, "per": "1s"})
    runs = [await client.start(name) for _ in range(4)]
    done: list[Ended] = await asyncio.gather(*map(ended, runs))
    assert {one.status for one in done} == {"completed"}
    begun = sorted([(await run.get()).started_at or 0 for run in runs])
    # A timer of the server may be late by a little, never early.
    assert min(late - early for early, late in zip(begun, begun[2:], strict=False)) >= 0.99
