"""Two managers side by side behave as one, and what one of them leaves behind the other goes on with."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.hooking import hooks_of, put_workflow, start_of_run, state_once, webhook
from support.managing import Bench, open_bench, until

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.claims import Claim, Claims, claim_key
from gnatwork_schemas import subjects

RUN_ID = "01a1f97f-ac7f-7bd3-a3d6-84a493c201cd"


class Pair(NamedTuple):
    one: Bench
    two: Bench


@pytest.fixture
async def pair(bench: Bench, bus: Connection, nats_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    async with open_bench(bus, nats_url, tmp_path / "second") as second:
        yield Pair(bench, second)


async def test_what_one_publishes_the_other_takes_calls_for(pair: Pair) -> None:
    await put_workflow(pair.one, webhook(input=1))
    async with hooks_of(pair.two) as outside:

        async def taken() -> bool:
            return (await outside.post("/orders")).status_code == 202

        await until(taken)
        await pair.one.http.post("/workflows/shop/triggers/hook/disable")

        async def refused() -> bool:
            return (await outside.post("/orders")).status_code == 404

        await until(refused)


async def test_the_same_delivery_to_both_at_once_is_one_run(pair: Pair) -> None:
    await put_workflow(pair.one, webhook())
    async with hooks_of(pair.one) as first, hooks_of(pair.two) as second:

        async def known() -> bool:
            return (await second.post("/orders", headers={"webhook-id": "ready"})).status_code != 404

        await until(known)
        for number in range(10):
            calls = (
                outside.post("/orders", json=number, headers={"webhook-id": f"msg_{number}"})
                for outside in (first, second, first, second)
            )
            replies = await asyncio.gather(*calls)
            assert {reply.status_code for reply in replies} <= {200, 202}
            assert len({reply.json()["run_id"] for reply in replies}) == 1
    # Each run is counted once, by whichever manager began it.
    await state_once(pair.one, lambda state: state.fired == 11)


async def test_a_delivery_that_was_claimed_by_one_that_died_is_begun_by_the_next(pair: Pair) -> None:
    await put_workflow(pair.one, webhook())
    claims = Claims(Bucket(pair.one.connection, subjects.IDEMPOTENCY_BUCKET))
    claim = Claim(RUN_ID, "")
    assert not (await claims.take("default", "shop/hook/msg_1", claim, "occurrence")).repeated
    async with hooks_of(pair.one) as outside:
        reply = await outside.post("/orders", json={"a": 1}, headers={"webhook-id": "msg_1"})
    assert reply.json()["run_id"] == RUN_ID
    assert (await start_of_run(pair.one, RUN_ID)).input == {"a": 1}
    await state_once(pair.one, lambda state: (state.fired, state.last_run) == (1, RUN_ID))


async def test_the_keys_of_occurrences_are_a_space_of_their_own() -> None:
    assert claim_key("default", "a", "occurrence") != claim_key("default", "a")
    made_up = claim_key("default", "occurrence.a")
    assert made_up.count(".") == 1
    assert claim_key("default", "a", "occurrence").count(".") == 2


async def test_a_rate_holds_for_both_together(pair: Pair) -> None:
    await put_workflow(pair.one, webhook(rate_limit={"max": 60, "per": "1h"}))
    async with hooks_of(pair.one) as first, hooks_of(pair.two) as second:

        async def known() -> bool:
            return (await second.post("/orders")).status_code != 404

        await until(known)
        both = [first, second] * 60
        codes = [(await outside.post("/orders")).status_code for outside in both]
    accepted = codes.count(202) + 1
    assert set(codes) == {202, 429}
    # What the other one has taken of the rate, three calls at a time, and not used.
    assert 58 <= accepted <= 60


async def test_counts_of_both_add_up(pair: Pair) -> None:
    await put_workflow(pair.one, webhook())
    async with hooks_of(pair.one) as first, hooks_of(pair.two) as second:

        async def known() -> bool:
            return (await second.post("/orders")).status_code != 404

        await until(known)
        await asyncio.gather(*(outside.post("/orders") for outside in [first, second] * 15))
    await state_once(pair.two, lambda state: state.fired == 31)


async def test_a_manager_that_starts_knows_all_webhooks_before_it_listens(
    bench: Bench, bus: Connection, nats_url: str, tmp_path: Path
) -> None:
    await put_workflow(bench, webhook())
    async with open_bench(bus, nats_url, tmp_path / "late") as late, hooks_of(late) as outside:
        assert (await outside.post("/orders")).status_code == 202
    # What it had gathered was written before it ended.
    await state_once(bench, lambda state: state.fired == 1)
