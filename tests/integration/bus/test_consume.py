import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import ensure_consumer, reconcile
from gnatwork_bus.topology import executor_consumer
from gnatwork_schemas import subjects

NOOP = subjects.executor_consumer("noop", subjects.NORMAL_LANE)


class Inbox:
    """Keeps deliveries, and tells when there are enough."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self._news = asyncio.Event()

    def take(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._news.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not enough():
                self._news.clear()
                await self._news.wait()


async def fill(connection: Connection, count: int, first: int = 0) -> None:
    await asyncio.gather(
        *(
            connection.publisher.publish(f"block.noop.normal.default.r.t{n}.1.input", str(n).encode())
            for n in range(first, first + count)
        )
    )


async def noop_consumer(connection: Connection) -> None:
    await ensure_consumer(connection, executor_consumer("noop"))


async def info(connection: Connection) -> dict[str, int]:
    reply = await connection.api(f"CONSUMER.INFO.{subjects.WORK}.{NOOP}")
    return {name: reply[name] for name in ("num_pending", "num_ack_pending", "num_redelivered")}


async def test_what_is_not_settled_is_bounded(bus: Connection) -> None:
    await noop_consumer(bus)
    await fill(bus, 100)
    inbox = Inbox()
    consumer = Consumer(bus, subjects.WORK, NOOP, batch=10, handle=inbox.take)
    await consumer.start()
    await inbox.until(lambda: len(inbox.deliveries) == 10)
    assert (consumer.in_flight, (await info(bus))["num_pending"]) == (10, 90)
    for number in range(100):
        await inbox.until(lambda wanted=number: len(inbox.deliveries) > wanted)  # type: ignore[misc]  # a default binds
        inbox.deliveries[number].ack()
    await consumer.stop()
    await bus.flush()
    assert [delivery.data for delivery in inbox.deliveries] == [str(n).encode() for n in range(100)]
    assert await info(bus) == {"num_pending": 0, "num_ack_pending": 0, "num_redelivered": 0}


async def test_the_bound_also_holds_after_a_connection_was_lost(bus: Connection, nats_url: str) -> None:
    """The server keeps open requests for a while, and would serve them beside those that are made anew."""
    await noop_consumer(bus)
    inbox = Inbox()
    async with Connection.open(nats_url, name="consumer") as connection:
        consumer = Consumer(connection, subjects.WORK, NOOP, batch=10, handle=inbox.take)
        await consumer.start()
        await connection.flush()
        back = asyncio.Event()
        connection.on_reconnect(back.set)
        assert connection.nc._transport is not None
        connection.nc._transport.close()  # type: ignore[no-untyped-call]  # of the client library
        async with asyncio.timeout(30):
            await back.wait()
        await fill(bus, 60)
        await inbox.until(lambda: len(inbox.deliveries) >= 10)
        await consumer.stop()
    assert await info(bus) == {"num_pending": 50, "num_ack_pending": 10, "num_redelivered": 0}


async def test_what_is_handed_back_comes_again(bus: Connection) -> None:
    await noop_consumer(bus)
    await fill(bus, 1)
    inbox = Inbox()
    consumer = Consumer(bus, subjects.WORK, NOOP, batch=10, handle=inbox.take)
    await consumer.start()
    await inbox.until(lambda: len(inbox.deliveries) == 1)
    inbox.deliveries[0].nak()
    await inbox.until(lambda: len(inbox.deliveries) == 2)
    again = inbox.deliveries[1]
    assert (again.delivered, again.sequence) == (2, inbox.deliveries[0].sequence)
    again.term("no one can read it")
    await consumer.stop()
    await bus.flush()
    assert (await info(bus))["num_ack_pending"] == 0


async def test_a_handler_that_raises_gets_the_message_again(bus: Connection) -> None:
    await noop_consumer(bus)
    await fill(bus, 1)
    inbox = Inbox()

    def stumble(delivery: Delivery) -> None:
        inbox.take(delivery)
        if delivery.delivered == 1:
            raise ValueError("stumbled")
        delivery.ack()

    consumer = Consumer(bus, subjects.WORK, NOOP, batch=10, handle=stumble)
    await consumer.start()
    await inbox.until(lambda: len(inbox.deliveries) == 2)
    await consumer.stop()


async def test_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    async with server, Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        await noop_consumer(connection)
        inbox = Inbox()

        def take(delivery: Delivery) -> None:
            inbox.take(delivery)
            delivery.ack()

        consumer = Consumer(connection, subjects.WORK, NOOP, batch=10, handle=take)
        await consumer.start()
        await fill(connection, 5)
        await inbox.until(lambda: len(inbox.deliveries) == 5)
        back = asyncio.Event()
        connection.on_reconnect(back.set)
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        await server.stop()
        await server.start()
        async with asyncio.timeout(20):
            await back.wait()
        await fill(connection, 5, first=5)
        await inbox.until(lambda: {delivery.data for delivery in inbox.deliveries} >= {b"5", b"6", b"7", b"8", b"9"})
        await consumer.stop()


async def test_one_client_at_a_time_is_active_and_another_takes_over(bus: Connection, nats_url: str) -> None:
    shard = subjects.scheduler_consumer(1)
    first, second = Inbox(), Inbox()
    breaks: list[str] = []

    def pinned(connection: Connection, inbox: Inbox, name: str) -> Consumer:
        return Consumer(
            connection,
            subjects.HISTORY,
            shard,
            batch=10,
            handle=inbox.take,
            expires=1.0,
            pinned_group=subjects.SCHEDULER_GROUP,
            on_break=lambda: breaks.append(name),
        )

    async with Connection.open(nats_url, name="other") as other:
        one, two = pinned(bus, first, "one"), pinned(other, second, "two")
        await one.start()
        await bus.publisher.publish("history.1.default.w.r.start", b"{}")
        await first.until(lambda: len(first.deliveries) == 1)
        await two.start()
        await bus.publisher.publish("history.1.default.w.r.block.a.output", b"{}")
        await first.until(lambda: len(first.deliveries) == 2)
        assert (one.pinned, two.pinned, second.deliveries) == (True, False, [])
        await one.stop()
        for delivery in first.deliveries:
            delivery.nak()
        await second.until(lambda: len(second.deliveries) == 2)
        assert two.pinned
        assert "two" in breaks
        await two.stop()
