"""Items that may not be run: leftovers, poison, and what others have claimed."""

import asyncio
import time
from typing import Any

import pytest
from support.executing import Scheduler, Sent, base_of, hosting, make_work
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import BlockContext
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Claimed, Error, Output
from gnatwork_schemas.subjects import claimed_event, error_event, output_event


class Counter:
    """A block that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, _ctx: BlockContext, _config: Any) -> Any:
        self.runs += 1
        return self.runs


async def with_outcome(scheduler: Scheduler, sent: Sent, attempt: int = 1, failed: bool = False) -> None:
    """Be the executor that stored an outcome and was killed before it acknowledged."""
    common: dict[str, Any] = {"task": "step", "attempt": attempt, "started_at": 1.0, "ended_at": 2.0}
    error = Error(**common, error=ErrorInfo(code="odd.bad", message="Odd."))
    body = error if failed else Output(**common, output=0)
    event = (error_event if failed else output_event)("step")
    await scheduler.history.append(base_of(sent.work), event, body.model_dump_json().encode())
    await scheduler.event(sent, event)


@pytest.mark.parametrize("failed", [False, True])
async def test_a_redelivered_item_with_an_outcome_is_not_run_again(
    nats_url: str, scheduler: Scheduler, failed: bool
) -> None:
    counter = Counter()
    sent = await scheduler.send("odd")
    await scheduler.take_away("odd", sent)
    await with_outcome(scheduler, sent, failed=failed)
    async with hosting(nats_url, block_of(counter.run)):
        await scheduler.settled(sent)
    assert counter.runs == 0
    assert len(scheduler.outcomes(sent)) == 1


@pytest.mark.parametrize("doubt", [{"again": True}, {"decided_at": time.time() - 10}], ids=["repeated", "stored late"])
async def test_so_is_one_whose_decision_was_repeated_or_is_old(
    nats_url: str, scheduler: Scheduler, doubt: dict[str, Any]
) -> None:
    counter = Counter()
    sent = await scheduler.send("odd", **doubt)
    await with_outcome(scheduler, sent)
    async with hosting(nats_url, block_of(counter.run)):
        await scheduler.settled(sent)
    assert counter.runs == 0


async def test_so_is_one_whose_run_has_ended(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    sent = await scheduler.send("odd", again=True)
    await scheduler.history.append(base_of(sent.work), "cancelled", b'{"v": 1}')
    async with hosting(nats_url, block_of(counter.run)):
        await scheduler.settled(sent)
    assert counter.runs == 0
    assert scheduler.outcomes(sent) == []


async def test_an_outcome_of_a_later_attempt_makes_an_item_a_leftover(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    sent = await scheduler.send("odd", again=True)
    await with_outcome(scheduler, sent, attempt=2)
    async with hosting(nats_url, block_of(counter.run)):
        await scheduler.settled(sent)
    assert counter.runs == 0


async def test_an_outcome_of_an_earlier_attempt_does_not(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    sent = await scheduler.send("odd", again=True, attempt=2)
    await with_outcome(scheduler, sent, failed=True)
    async with hosting(nats_url, block_of(counter.run)):
        assert await scheduler.output(sent) == 1


async def test_a_redelivered_item_without_an_outcome_is_run(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    sent = await scheduler.send("odd")
    await scheduler.take_away("odd", sent, times=2)
    async with hosting(nats_url, block_of(counter.run), max_deliveries=3):
        assert await scheduler.output(sent) == 1


async def test_an_item_that_kills_its_executors_is_given_up(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    sent = await scheduler.send("odd")
    await scheduler.take_away("odd", sent, times=3)
    async with hosting(nats_url, block_of(counter.run), max_deliveries=3):
        error = await scheduler.error(sent)
        await scheduler.settled(sent)
    assert (error["code"], error["retryable"]) == ("executor.lost", False)
    assert "3 times" in error["message"]
    assert counter.runs == 0


async def test_what_executors_hand_back_is_not_what_kills_them(nats_url: str, scheduler: Scheduler) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_ctx: BlockContext, _config: Any) -> Any:
        entered.set()
        await go_on.wait()

    sent = await scheduler.send("odd")
    for _ in range(4):
        async with hosting(nats_url, block_of(wait), max_deliveries=2, drain=0.01):
            await entered.wait()
            entered.clear()
    await scheduler.take_away("odd", sent)
    go_on.set()
    async with hosting(nats_url, block_of(wait), max_deliveries=2):
        assert await scheduler.output(sent) is None


async def test_nor_does_handing_back_make_up_for_those_that_vanish(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    entered = asyncio.Event()

    async def wait(_ctx: BlockContext, _config: Any) -> Any:
        entered.set()
        await asyncio.Event().wait()

    sent = await scheduler.send("odd")
    await scheduler.take_away("odd", sent)
    async with hosting(nats_url, block_of(wait), max_deliveries=2, drain=0.01):
        await entered.wait()
    await scheduler.take_away("odd", sent)
    async with hosting(nats_url, block_of(counter.run), max_deliveries=2):
        error = await scheduler.error(sent)
    assert (error["code"], counter.runs) == ("executor.lost", 0)


async def test_what_may_run_once_is_claimed_first(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    async with hosting(nats_url, block_of(counter.run), name="me"):
        sent = await scheduler.send("odd", idempotent=False)
        assert await scheduler.output(sent) == 1
    claim = Claimed.model_validate(await scheduler.event(sent, "block.step.claimed.1"))
    assert claim.executor == "me"


async def test_what_another_has_claimed_is_lost_with_it(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    work = make_work("odd", idempotent=False)
    claim = Claimed(executor="gone", token="theirs").model_dump_json().encode()
    await scheduler.history.append(base_of(work), claimed_event("step", 1), claim)
    sent = await scheduler.send_work(work)
    await scheduler.take_away("odd", sent)
    async with hosting(nats_url, block_of(counter.run)):
        error = await scheduler.error(sent)
        await scheduler.settled(sent)
    assert (error["code"], error["retryable"]) == ("executor.lost", False)
    assert counter.runs == 0


async def test_a_claimed_attempt_with_an_outcome_is_a_leftover(nats_url: str, scheduler: Scheduler) -> None:
    counter = Counter()
    sent = await scheduler.send("odd", idempotent=False)
    await scheduler.take_away("odd", sent)
    claim = Claimed(executor="gone", token="theirs").model_dump_json().encode()
    await scheduler.history.append(base_of(sent.work), claimed_event("step", 1), claim)
    await with_outcome(scheduler, sent)
    async with hosting(nats_url, block_of(counter.run)):
        await scheduler.settled(sent)
    assert len(scheduler.outcomes(sent)) == 1
    assert counter.runs == 0


@pytest.mark.parametrize("doubt", [{"again": True}, {"idempotent": False}], ids=["repeated", "to be claimed"])
async def test_what_is_left_of_a_run_that_was_put_away_is_not_run(
    nats_url: str, scheduler: Scheduler, doubt: dict[str, Any]
) -> None:
    """With its history went the outcomes, and the claims, of whoever ran it while this executor was frozen."""
    counter = Counter()
    sent = await scheduler.send_work(make_work("odd", **doubt), begins=False)
    async with hosting(nats_url, block_of(counter.run)):
        await scheduler.settled(sent)
    assert counter.runs == 0
