"""What checks work with: a server, the engine that the suite plays, and the executors under examination."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_cli.conformance.engine import PATIENCE, Engine
from gnatwork_cli.conformance.executors import Executors, required
from gnatwork_cli.conformance.item import Item
from gnatwork_cli.conformance.verdict import Unmet
from gnatwork_schemas import subjects

#: Seconds between two looks at what the server does not tell by itself.
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Bench:
    """All of it."""

    engine: Engine
    #: None where someone else has started them.
    processes: Executors | None = None
    #: None where it is not the suite's own.
    server: EmbeddedServer | None = None

    @property
    def executors(self) -> Executors:
        """The executors, to be started and killed; Inapplicable where the suite has not started them."""
        return required(self.processes)

    async def until_ready(self, pulls: int = 1) -> None:
        """Wait until the type is in the catalogue and so many pulls wait for its work; Unmet when that takes long."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._is_ready(pulls):
                    if self.processes and self.processes.ended:
                        raise Unmet(f"the executor ended before it pulled any work: {self.processes.last_words()}")
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            words = f": {self.processes.last_words()}" if self.processes else ""
            raise Unmet(f"no executor pulls work of {self.engine.type} within {PATIENCE:g} s{words}") from None

    async def until_taken(self, item: Item) -> Mapping[str, Any]:
        """Wait until an item is in the hands of an executor; what the server says of the consumer then."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            info = await self.engine.consumer()
            if info and info["delivered"]["stream_seq"] >= item.sequence:
                return info
            await asyncio.sleep(_LOOK)
        raise Unmet(f"no executor took the item within {PATIENCE:g} s")

    async def until_through(self) -> None:
        """Wait until an executor has done what it got by now, as far as it does one thing after the other."""
        await self.engine.outcome(await self.engine.send({"do": "echo", "value": "through"}))

    async def give_back(self, taken: Mapping[str, Any]) -> None:
        """Have the item that was taken last delivered again at once, as the server does when `ack_wait` is over."""
        consumer, delivered = taken["name"], taken["delivered"]
        place = f"1.{delivered['stream_seq']}.{delivered['consumer_seq']}"
        self.engine.connection.send(f"{subjects.ACK_PREFIX}{subjects.WORK}.{consumer}.{place}.0.0", b"-NAK")
        await self.engine.connection.flush()

    async def take_away(self, times: int) -> None:
        """Be executors that take the one ordinary item there is and vanish, so often, each at once."""
        left, taken = times, asyncio.Event()

        def vanish(delivery: Delivery) -> None:
            nonlocal left
            left -= 1
            delivery.nak()
            if not left:
                taken.set()

        durable = subjects.executor_consumer(self.engine.type, subjects.NORMAL_LANE)
        consumer = Consumer(
            self.engine.connection, subjects.WORK, durable, batch=1, handle=vanish, room=lambda: min(1, left)
        )
        await consumer.start()
        try:
            async with asyncio.timeout(PATIENCE):
                await taken.wait()
        except TimeoutError:
            raise Unmet(f"the item did not come back within {PATIENCE:g} s") from None
        finally:
            await consumer.stop()

    async def _is_ready(self, pulls: int) -> bool:
        if await self.engine.entry() is None:
            return False
        info = await self.engine.consumer()
        return info is not None and info["num_waiting"] >= pulls
