"""Deleting runs that have ended."""

import asyncio
from dataclasses import dataclass

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import purge_run
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.reader import RunReader
from gnatwork_schemas import subjects

#: How often it is looked whether a scheduler has seen to the end of a run, and seconds in between.
_LOOKS = 30
_BETWEEN = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Remover:
    """Removes runs."""

    connection: Connection
    history: History
    payloads: Payloads
    statuses: Bucket
    reader: RunReader
    index: RunIndex

    async def delete(self, namespace: str, run_id: str) -> None:
        """Remove everything of a run; ProblemError `run.not_found`, `run.not_ended`, `engine.unavailable`."""
        base = await self.reader.base(namespace, run_id)
        end = await self.history.end(base)
        if end is None:
            raise ProblemError("run.not_ended", f"run {run_id} goes on")
        if not end.archived:
            await self._seen_to(subjects.parse_history(f"{base}.").shard, end.sequence)
        await purge_run(self.history, self.history.archive, self.payloads, self.statuses, namespace, run_id)
        self.index.remove(namespace, run_id)

    async def _seen_to(self, shard: int, sequence: int) -> None:
        """Return once the scheduler has done what an end calls for: others wait for a slot of the run, or for it."""
        consumer = f"CONSUMER.INFO.{subjects.HISTORY}.{subjects.scheduler_consumer(shard)}"
        for _ in range(_LOOKS):
            if (await self.connection.api(consumer))["ack_floor"]["stream_seq"] >= sequence:
                return
            await asyncio.sleep(_BETWEEN)
        raise ProblemError("engine.unavailable", "no scheduler has seen to the end of the run yet")
