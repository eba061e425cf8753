"""Plays manager, executors and clients, for tests of the scheduler on the wire."""

import asyncio
import itertools
from typing import Any

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_engine.core import RunAddress
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error, Output, Start, Work
from gnatwork_schemas.status import RunSummary
from support.wire import Seen, Wire

SHARDS = 8
_RUNS = itertools.count(1)


class Playing:
    """Everyone but the scheduler."""

    def __init__(self, connection: Connection, wire: Wire) -> None:
        self.connection = connection
        self.wire = wire
        self.history = History(connection, SHARDS)
        self.status = Bucket(connection, subjects.STATUS_BUCKET)
        self.state = Bucket(connection, subjects.STATE_BUCKET)

    @classmethod
    async def begin(cls, connection: Connection) -> "Playing":
        """Listen to all that is stored."""
        return cls(connection, await Wire.tap(connection, subjects.LIVE_SUBJECTS, subjects.WORK_SUBJECTS))

    async def start(
        self,
        *blocks: ControlledBlock,
        value: Any = None,
        headers: dict[str, str] | None = None,
        beginning: dict[str, Any] | None = None,
        **fields: Any,
    ) -> RunAddress:
        """Start a run of these blocks; `beginning` are further fields of the start, `fields` of the control block."""
        number = next(_RUNS)
        run_id = f"01931d2e-0000-7000-8000-{number:012x}"
        address = RunAddress(subjects.shard_of(run_id, SHARDS), "default", "played", run_id)
        control_block = ControlBlock(workflow="played", blocks=blocks, **fields)
        digest = f"sha256-{number:064x}"
        await self.state.put(subjects.control_block_key(digest), control_block.model_dump_json().encode())
        start = Start(run_id=run_id, workflow="played", control_block=digest, input=value, **(beginning or {}))
        await self.history.append(
            address.base,
            subjects.START,
            start.model_dump_json().encode(),
            headers=headers,
            expect=(subjects.run_borders(address.base), 0),
        )
        return address

    async def work(self, run: RunAddress, task: str, attempt: int = 1, type_: str = "noop") -> Work:
        """The work item of an attempt, once it is queued."""
        item = subjects.WorkSubject(type_, subjects.NORMAL_LANE, run.namespace, run.run_id, task, attempt)
        seen = await self._first(lambda message: message.subject == subjects.work_item(item))
        return Work.model_validate_json(seen.data)

    async def output(self, work: Work, value: Any = None) -> None:
        """The attempt succeeds."""
        body = Output(task=work.task, attempt=work.attempt, output=value, started_at=1, ended_at=2, executor="played")
        await self.connection.publisher.publish(work.output_subject, body.model_dump_json().encode())

    async def error(self, work: Work, **fields: Any) -> None:
        """The attempt fails."""
        error = ErrorInfo(**{"code": "played.error", "message": "no", **fields})
        body = Error(task=work.task, attempt=work.attempt, error=error, started_at=1, ended_at=2, executor="played")
        await self.connection.publisher.publish(work.error_subject, body.model_dump_json().encode())

    async def event(self, run: RunAddress, name: str) -> Any:
        """The body of the run's first event of this name, once it is stored."""
        seen = await self._first(lambda message: message.subject == subjects.live_event(run.run_id, name))
        return orjson.loads(seen.data) if seen.data else None

    async def summary(self, run: RunAddress, status: str) -> RunSummary:
        """The run's status document, once it has this status."""
        key = subjects.status_key(run.namespace, run.run_id)
        async with asyncio.timeout(20):
            while True:
                entry = await self.status.get(key)
                if entry and (summary := RunSummary.model_validate_json(entry.value)).status == status:
                    return summary

    async def _first(self, wanted: Any) -> Seen:
        async with asyncio.timeout(20):
            return await self.wire.first(wanted)


async def runs_in_memory(playing: Playing) -> int:
    """How many runs the scheduler says it has in memory."""
    stats = orjson.loads((await playing.connection.request("$SRV.STATS.gnatwork-scheduler")).data)
    return int(stats["endpoints"][0]["data"]["runs"])
