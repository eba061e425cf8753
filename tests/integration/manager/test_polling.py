"""Polls: a run that fetches, then one run for each item that is new. The test plays whoever fetches."""

import time
from datetime import datetime
from typing import Any

import pytest
from support.managing import Bench, until
from support.triggering import Triggering

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.claims import parse_claim
from gnatwork_schemas import subjects
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Complete, Failed, Start, TriggerDue

FETCH = BlockType(type="fetch", title="Fetch", summary="Fetches.", config_schema=True, output_schema=True)


def poll(**fields: Any) -> dict[str, Any]:
    fetch = {"url": "http://feed/{{ cursor ?? 'first' }}"}
    return {"id": "p", "type": "polling", "every": "1s", "fetch": fetch, "key": "{{ item.id }}", **fields}


class Feed:
    """What is polled: answers the runs that fetch."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.runs = Triggering(bench.connection, "poll")
        self._answered: set[str] = set()

    async def fetch(self) -> Start:
        """The next run that fetches."""

        async def unanswered() -> Start | None:
            return next((run for run in await self.runs.started("p") if run.run_id not in self._answered), None)

        start = await until(unanswered, 20)
        assert start
        self._answered.add(start.run_id)
        return start

    async def answer(self, *ids: int) -> Start:
        """The next fetch yields items."""
        start = await self.fetch()
        body = Complete(output={"status": 200, "body": [{"id": id_} for id_ in ids]})
        await self.bench.append(start.run_id, subjects.COMPLETE, body, "poll")
        return start

    async def fail(self) -> None:
        """The next fetch fails."""
        start = await self.fetch()
        body = Failed(error=ErrorInfo(code="http.status", message="404"))
        await self.bench.append(start.run_id, subjects.FAILED, body, "poll")


@pytest.fixture
async def feed(bench: Bench) -> Feed:
    state = Triggering(bench.connection).state
    await state.put(subjects.catalogue_key("fetch"), FETCH.model_dump_json().encode())
    return Feed(bench)


@pytest.fixture
async def triggering(bus: Connection) -> Triggering:
    return Triggering(bus)


async def events(triggering: Triggering, number: int) -> list[int]:
    """The items for which runs have begun, once there are so many."""

    async def enough() -> list[Start] | None:
        started = await triggering.started("p")
        return started if len(started) >= number else None

    return [start.input["id"] for start in await until(enough, 20) or []]


async def test_each_item_begins_one_run_however_long_it_stays(triggering: Triggering, feed: Feed) -> None:
    await triggering.publish(poll())
    await feed.answer(1, 2)
    assert await events(triggering, 2) == [1, 2]
    await feed.answer(3, 1, 2)
    await feed.answer(3, 2)
    await feed.answer(1, 4)
    assert await events(triggering, 4) == [1, 2, 3, 4]
    run = (await triggering.started("p"))[0]
    assert run.trigger.type == "polling"
    assert run.trigger.details["key"] == 1


async def test_a_poll_begins_where_the_one_before_it_ended(triggering: Triggering, feed: Feed) -> None:
    await triggering.publish(poll(cursor="{{ response.body[0].id }}"))
    first = await feed.answer(7)
    second = await feed.answer(8)
    assert (first.input, second.input) == ({}, {"cursor": 7})
    assert first.control_block == second.control_block
    assert first.trigger.type == "polling"
    assert first.labels == {"poll": "triggered/p"}


async def test_a_fetch_that_fails_is_told_and_made_again_at_the_next_interval(
    triggering: Triggering, feed: Feed
) -> None:
    await triggering.publish(poll())
    await feed.fail()

    async def told() -> bool:
        return "http.status" in ((await triggering.state_of("p")).last_error or "")

    await until(told, 20)
    await feed.answer(1)
    assert await events(triggering, 1) == [1]


async def test_a_fetch_whose_run_has_been_deleted_has_failed(triggering: Triggering, feed: Feed) -> None:
    await triggering.publish(poll())
    start = await feed.fetch()
    claims = Bucket(feed.bench.connection, subjects.IDEMPOTENCY_BUCKET)

    async def begun() -> bool:
        found = [parse_claim(entry.value) for entry in await claims.list()]
        return any(claim.begun for claim in found if claim.run_id == start.run_id)

    await until(begun, 20)
    await feed.bench.connection.api(f"STREAM.PURGE.{subjects.HISTORY}")
    at = datetime.fromisoformat(start.trigger.details["scheduled_at"]).timestamp()
    revision = await triggering.state.last_revision(subjects.workflow_key("default", triggering.name))
    again = TriggerDue(at=at, revision=revision).model_dump_json().encode()
    await triggering.connection.publisher.publish(subjects.trigger_fire("default", triggering.name, "p"), again)

    async def told() -> bool:
        return f"run {start.run_id} is gone" in ((await triggering.state_of("p")).last_error or "")

    await until(told, 20)
    await feed.answer(1)
    assert await events(triggering, 1) == [1]


async def test_what_is_no_list_is_told(triggering: Triggering, feed: Feed) -> None:
    await triggering.publish(poll(items="{{ response }}"))
    await feed.answer(1)

    async def told() -> bool:
        return "trigger.bad_items" in ((await triggering.state_of("p")).last_error or "")

    await until(told, 20)
    assert await triggering.started("p") == []


async def test_an_alarm_that_comes_twice_finds_the_same_fetch(triggering: Triggering, feed: Feed) -> None:
    revision = await triggering.publish(poll(every="1h"))
    body = TriggerDue(at=time.time(), revision=revision).model_dump_json().encode()
    await feed.fetch()
    for _ in range(3):
        await triggering.connection.publisher.publish(subjects.trigger_fire("default", triggering.name, "p"), body)

    async def all_delivered() -> bool:
        info = await triggering.connection.api(f"CONSUMER.INFO.{subjects.TRIGGERS}.{subjects.TRIGGER_CONSUMER}")
        return bool(info["delivered"]["consumer_seq"] >= 4 and info["num_ack_pending"] == 4)

    await until(all_delivered, 20)
    (only,) = await feed.runs.started("p")
    ended = Complete(output={"body": [{"id": 1}]})
    await feed.bench.append(only.run_id, subjects.COMPLETE, ended, "poll")
    assert await events(triggering, 1) == [1]

    async def all_seen_to() -> bool:
        info = await triggering.connection.api(f"CONSUMER.INFO.{subjects.TRIGGERS}.{subjects.TRIGGER_CONSUMER}")
        return not info["num_ack_pending"] and not info["num_pending"]

    await until(all_seen_to, 20)
    assert len(await feed.runs.started("p")) == 1
    assert len(await triggering.started("p")) == 1


async def test_what_was_seen_is_forgotten_with_the_trigger(triggering: Triggering, feed: Feed) -> None:
    async def seen() -> bool:
        return await triggering.state.get(subjects.trigger_seen_key("default", triggering.name, "p")) is not None

    await triggering.publish(poll())
    await feed.answer(1)
    await until(seen, 20)
    await triggering.publish()

    async def forgotten() -> bool:
        return not await seen()

    await until(forgotten, 20)
