"""What a worker does with deliveries, without a server."""

import asyncio
from typing import Any, cast

import pytest

from gnatwork_bus.delivery import Delivery
from gnatwork_executor import worker
from gnatwork_executor.ports import Hosted, Ports
from gnatwork_executor.statistics import Statistics
from gnatwork_executor.worker import Worker


async def test_an_item_that_comes_again_while_it_is_refused_is_refused_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As while the store is full: otherwise one bad item would take all places, one by one."""
    room = asyncio.Event()

    async def refuse(delivery: Delivery, *_: Any) -> None:
        await room.wait()
        delivery.term("no")

    monkeypatch.setattr(worker, "refuse", refuse)
    statistics = Statistics()
    host = Worker({"odd": Hosted(cast("Any", None), statistics)}, cast("Ports", None))
    answers: list[bytes] = []
    deliveries = [
        Delivery(
            "block.odd.normal.default.run.step.1.input",
            b"no JSON",
            None,
            f"$JS.ACK.WORK.exec-odd-normal.{times}.7.{times}.1795164503911488346.0",
            lambda _, body: answers.append(body),
        )
        for times in (1, 2)
    ]
    for delivery in deliveries:
        host.handle(delivery)
    assert (answers, statistics.dead_letters, statistics.in_flight) == ([b""], 1, 1)
    room.set()
    await host.drain(5, asyncio.Event())
    assert (answers, statistics.in_flight) == ([b"", b"+TERM no"], 0)
