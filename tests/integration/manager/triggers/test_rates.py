"""Rates, counted for several managers by one document."""

import asyncio

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.rates import RateLimits
from gnatwork_schemas import subjects
from gnatwork_schemas.triggers import WebhookRate

KEY = ("default", "shop", "hook")


class Clock:
    """The time, as long as nobody changes it."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(bus: Connection) -> Bucket:
    return Bucket(bus, subjects.STATE_BUCKET)


async def admitted(limits: RateLimits, rate: WebhookRate, calls: int) -> int:
    """How many of so many calls at once are let in."""
    results = await asyncio.gather(*(limits.take(KEY, rate) for _ in range(calls)), return_exceptions=True)
    refused = [one for one in results if one is not None]
    assert all(isinstance(one, ProblemError) and one.code == "hook.rate_limited" for one in refused)
    return calls - len(refused)


async def test_no_more_than_the_rate_is_let_in_by_any_number_of_managers(state: Bucket, clock: Clock) -> None:
    rate = WebhookRate(max=100, per=60)
    managers = [RateLimits(state, clock) for _ in range(3)]
    counts = await asyncio.gather(*(admitted(limits, rate, 80) for limits in managers))
    assert 100 - 2 * 5 <= sum(counts) <= 100


async def test_most_calls_cost_no_round_trip(state: Bucket, clock: Clock, bus: Connection) -> None:
    rate = WebhookRate(max=1000, per=60)
    limits = RateLimits(state, clock)
    for _ in range(1000):
        await limits.take(KEY, rate)
    entry = await state.get(subjects.trigger_rate_key(*KEY))
    assert entry
    # One write for each twentieth of the rate.
    assert entry.revision == 20
    for _ in range(10):
        with pytest.raises(ProblemError):
            await limits.take(KEY, rate)
    assert (await state.find(subjects.trigger_rate_key(*KEY)))[1] == 20


async def test_there_is_room_again_after_the_time_that_was_told(state: Bucket, clock: Clock) -> None:
    rate = WebhookRate(max=10, per=60)
    limits = RateLimits(state, clock)
    assert await admitted(limits, rate, 20) == 10
    with pytest.raises(ProblemError) as refused:
        await limits.take(KEY, rate)
    clock.now += int(refused.value.headers["Retry-After"])
    assert await admitted(limits, rate, 1) == 1


async def test_another_rate_begins_anew(state: Bucket, clock: Clock) -> None:
    limits = RateLimits(state, clock)
    assert await admitted(limits, WebhookRate(max=1, per=60), 2) == 1
    assert await admitted(RateLimits(state, clock), WebhookRate(max=1, per=30), 2) == 1
