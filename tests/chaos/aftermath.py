"""What is left in all streams, and in the hands of executors, once everything should be over."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from nats.aio.msg import Msg

from chaos.evidence import ENDS, STREAM
from chaos.recorder import STREAM as HISTORY
from chaos.recorder import SUBJECTS, Recorder, line
from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all

#: Seconds that what follows the last end may take: outcomes that no one waits for, and acknowledgements.
_PATIENCE = 30.0
#: Seconds between two looks.
_LOOK = 0.5
#: Seconds in which executors say what they do.
_ASK = 1.0


@dataclass(frozen=True)
class Aftermath:
    """Looks at the streams themselves."""

    nats: Connection
    folder: Path

    async def look(self, accepted: set[str], recorder: Recorder) -> dict[str, Any]:
        """What is left; the stream of events itself goes into a file."""
        deadline = time.monotonic() + _PATIENCE
        queued, statuses = await self._queued(), await self._statuses()
        while (queued or not self._all_ended(accepted, statuses)) and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK)  # no one is told when a message is acknowledged
            queued, statuses = await self._queued(), await self._statuses()
        stored = await read_all(self.nats, HISTORY, SUBJECTS)
        await recorder.until_sequence(stored[-1].sequence if stored else 0, _PATIENCE)
        with (self.folder / STREAM).open("wb") as file:
            file.writelines(map(line, stored))
        return {
            "queued": queued,
            "statuses": statuses,
            "dead_letters": [message.subject for message in await read_all(self.nats, "DEAD_LETTERS", "dead.>")],
            "figures": {"left_running": await self._running()},
        }

    async def _queued(self) -> list[str]:
        return [message.subject for message in await read_all(self.nats, "WORK", "block.>")]

    async def _statuses(self) -> dict[str, str]:
        """By run."""
        return {
            message.subject.rpartition(".")[2]: orjson.loads(message.data)["status"]
            for message in await read_all(self.nats, "KV_gnatwork_status", "$KV.gnatwork_status.>")
            if message.data
        }

    @staticmethod
    def _all_ended(accepted: set[str], statuses: dict[str, str]) -> bool:
        return all(statuses.get(run_id) in ENDS.values() for run_id in accepted)

    async def _running(self) -> int:
        """Attempts that executors say they are at, though there is nothing to be done any more."""
        counts: list[int] = []

        async def take(message: Msg) -> None:
            if message.data:
                endpoints = orjson.loads(message.data).get("endpoints") or ()
                counts.extend((endpoint.get("data") or {}).get("in_flight", 0) for endpoint in endpoints)

        inbox = self.nats.nc.new_inbox()
        subscription = await self.nats.nc.subscribe(inbox, cb=take)
        await self.nats.nc.publish("$SRV.STATS.gnatwork-executor", reply=inbox)
        await asyncio.sleep(_ASK)  # no one knows how many will answer
        await subscription.unsubscribe()
        return sum(counts)
