"""Executors that lose NATS, are not heard of, or host blocks that never stop."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.executing import Scheduler, Sent, base_of, hosting
from support.odd_blocks import block_of
from support.processes import executor_process

from gnatwork_blocks.sdk import BlockContext
from gnatwork_bus import topology
from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.follow import follow
from gnatwork_bus.reconcile import reconcile
from gnatwork_executor import worker
from gnatwork_schemas.messages import Output
from gnatwork_schemas.subjects import HISTORY, output_event


class Gate:
    """A block that waits, and counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.entered, self.open = asyncio.Event(), asyncio.Event()

    async def run(self, _ctx: BlockContext, _config: Any) -> Any:
        self.runs += 1
        self.entered.set()
        await self.open.wait()
        return "went through"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    """A server that the test may kill."""
    async with EmbeddedServer(tmp_path / "nats") as server:
        yield server


@pytest.fixture
async def away(server: EmbeddedServer) -> AsyncIterator[Scheduler]:
    """The scheduler's side at that server."""
    async with Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        yield await Scheduler.watching(connection)


async def kill(server: EmbeddedServer, connection: Connection) -> None:
    gone = asyncio.Event()
    connection.on_disconnect(gone.set)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.stop()
    await gone.wait()


async def stored_output(scheduler: Scheduler, sent: Sent) -> Output:
    pattern = f"{base_of(sent.work)}.{output_event('step')}"
    async with contextlib.aclosing(follow(scheduler.connection, HISTORY, pattern)) as messages:
        return Output.model_validate_json((await anext(messages)).data)


async def test_an_outcome_outlives_the_server(server: EmbeddedServer, away: Scheduler) -> None:
    gate = Gate()
    async with hosting(server.url, block_of(gate.run)):
        sent = await away.send("odd")
        await gate.entered.wait()
        await kill(server, away.connection)
        gate.open.set()
        await server.start()
        assert (await stored_output(away, sent)).output == "went through"
        # And it goes on as before.
        again = await away.send("odd")
        assert (await stored_output(away, again)).output == "went through"
    assert gate.runs == 2


async def test_what_waits_for_a_place_is_left_to_the_server_when_that_goes_away(
    server: EmbeddedServer, away: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topology, "EXECUTOR_ACK_WAIT", 1.0)
    gate = Gate()
    async with hosting(server.url, block_of(gate.run), concurrency=1):
        await away.send("odd")
        await gate.entered.wait()
        urgent = await away.send("odd", lane="high")
        while (await away.connection.api("CONSUMER.INFO.WORK.exec-odd-high"))["num_ack_pending"] == 0:
            pass
        await kill(server, away.connection)
        gate.open.set()
        await server.start()
        assert (await stored_output(away, urgent)).output == "went through"
    assert gate.runs == 2


async def test_it_leaves_although_nats_is_away(server: EmbeddedServer, away: Scheduler) -> None:
    gate = Gate()
    async with hosting(server.url, block_of(gate.run), drain=0.05):
        await away.send("odd")
        await gate.entered.wait()
        await kill(server, away.connection)
        gate.open.set()


async def test_the_server_hears_of_long_work(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RENEW_EVERY", 0.02)
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run)):
        sent = await scheduler.send("odd")
        await scheduler.wire.several(3, lambda seen: seen.data == b"+WPI")
        gate.open.set()
        await scheduler.settled(sent)


async def test_an_item_that_comes_again_while_it_is_worked_on_runs_once(
    nats_url: str, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RENEW_EVERY", 0.02)
    gate = Gate()
    async with hosting(nats_url, block_of(gate.run), max_deliveries=1):
        sent = await scheduler.send("odd")
        renewed = await scheduler.settled(sent, b"+WPI")
        # The server gives up on us, as after a long silence.
        scheduler.connection.send(renewed.subject, b"-NAK")
        other = await scheduler.send("odd")
        await scheduler.settled(other, b"+WPI")
        gate.open.set()
        assert await scheduler.output(sent) == "went through"
        await scheduler.settled(sent)
        await scheduler.settled(other)
    assert gate.runs == 2
    assert len(scheduler.outcomes(sent)) == 1
    assert (await scheduler.connection.api("STREAM.INFO.WORK"))["state"]["messages"] == 0


STUBBORN = """
import asyncio
from gnatwork_blocks.sdk import Block
from gnatwork_executor import attempt, serve

class Stubborn(Block):
    type, title, summary = "odd", "Odd", "Does not stop."
    async def run(self, ctx, config):
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass

attempt.GRACE = 0.1
serve.hostable = lambda names: ((Stubborn,), {})
"""


async def test_a_process_leaves_without_blocks_that_do_not_stop(nats_url: str, scheduler: Scheduler) -> None:
    async with executor_process(nats_url, "odd", drain=0.1, prepare=STUBBORN) as process:
        sent = await scheduler.send("odd")
        await scheduler.event(sent, "block.step.started")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 1
    await scheduler.settled(sent, b"-NAK")
