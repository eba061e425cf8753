"""Stored workflows with triggers, written as managers write them, and what their triggers have started."""

import time
from collections import Counter
from typing import Any

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_engine.compiler import compile_workflow, digest, encode
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Start
from gnatwork_schemas.triggers import TRIGGER, TriggerState
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow
from support.managing import BLOCK_TYPES

#: Does nothing.
IDLE = {"blocks": [{"id": "a", "type": "noop"}]}


class Triggering:
    """One workflow in the namespace `default`, and its triggers."""

    def __init__(self, connection: Connection, name: str = "triggered") -> None:
        self.connection = connection
        self.name = name
        self.history = History(connection, 8)
        self.state = Bucket(connection, subjects.STATE_BUCKET)

    async def publish(self, *triggers: dict[str, Any], definition: dict[str, Any] | None = None) -> int:
        """Store a version with these triggers, `{type: schedule, …}`; the revision of the document."""
        types = {block_type.type: block_type for block_type in BLOCK_TYPES}
        control_block, _ = compile_workflow({**(definition or IDLE), "name": self.name}, types)
        name = digest(data := encode(control_block))
        await self.state.put(subjects.control_block_key(name), data)
        workflow = StoredWorkflow(
            name=self.name,
            published=1,
            versions={"1": StoredVersion(control_block=name, created_at=time.time())},
            defined=tuple(TRIGGER.validate_python(trigger) for trigger in triggers),
        )
        key = subjects.workflow_key("default", self.name)
        return await self.state.put(key, workflow.model_dump_json().encode())

    async def remove(self) -> None:
        """Remove the workflow."""
        await self.state.delete(subjects.workflow_key("default", self.name))

    async def started(self, trigger: str | None = "t") -> list[Start]:
        """The runs that a trigger has begun, or all triggers, in the order in which they were stored."""
        pattern = f"history.*.default.{self.name}.*.{subjects.START}"
        messages = await read_all(self.connection, subjects.HISTORY, pattern)
        starts = [Start.model_validate_json(message.data) for message in messages]
        return [start for start in starts if trigger in {None, start.trigger.id}]

    async def times(self, trigger: str = "t") -> Counter[str]:
        """The nominal times for which a schedule has begun runs, each with their number."""
        return Counter(start.trigger.details["scheduled_at"] for start in await self.started(trigger))

    async def alarms(self) -> list[str]:
        """The triggers that have an alarm."""
        pattern = subjects.trigger_schedule("default", self.name, "*")
        messages = await read_all(self.connection, subjects.TRIGGERS, pattern)
        return [subjects.parse_trigger(message.subject)[2] for message in messages]

    async def state_of(self, trigger: str = "t") -> TriggerState:
        """What has become of a trigger."""
        entry = await self.state.get(subjects.trigger_state_key("default", self.name, trigger))
        return TriggerState.model_validate_json(entry.value) if entry else TriggerState()

    async def put_state(self, trigger: str = "t", **fields: Any) -> None:
        """What managers have left."""
        key = subjects.trigger_state_key("default", self.name, trigger)
        await self.state.put(key, TriggerState(**fields).model_dump_json().encode())
