"""Alarms of triggers: one message each, which the server moves to the queue of managers when it is due."""

from typing import NamedTuple

from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import leader_get, read_all
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.timers import scheduled
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.messages import TriggerDue


class TriggerKey(NamedTuple):
    """What tells a trigger from all others."""

    namespace: str
    workflow: str
    trigger: str


class Alarms:
    """The alarms of all triggers, at most one for each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> dict[TriggerKey, TriggerDue]:
        """Those that are set."""
        pattern = subjects.trigger_schedule("*", "*", "*")
        messages = await read_all(self._connection, subjects.TRIGGERS, pattern)
        return {TriggerKey(*subjects.parse_trigger(message.subject)): _due(message) for message in messages}

    async def set(self, key: TriggerKey, due: TriggerDue) -> None:
        """Set the alarm of a trigger, in the place of another that is not of a later revision."""
        subject = subjects.trigger_schedule(*key)
        headers = scheduled(due.at, subjects.trigger_fire(*key))
        # There is none, mostly: that of a trigger that has just fired is gone.
        sequence = 0
        while True:
            try:
                await self._connection.publisher.publish(
                    subject,
                    due.model_dump_json().encode(),
                    {**headers, header_names.EXPECTED_LAST_SUBJECT_SEQUENCE: str(sequence)},
                )
            except ConflictError:
                found = await self._find(subject)
                sequence = found.sequence if found else 0
                if found and (_due(found) == due or _due(found).revision > due.revision):
                    return
            else:
                return

    async def drop(self, key: TriggerKey, revision: int) -> None:
        """Remove the alarm of a trigger, unless it is of a later revision than this."""
        subject = subjects.trigger_schedule(*key)
        found = await self._find(subject)
        if found and _due(found).revision <= revision:
            request = {"filter": subject, "seq": found.sequence + 1}
            await self._connection.api(f"STREAM.PURGE.{subjects.TRIGGERS}", request)

    async def _find(self, subject: str) -> StoredMessage | None:
        return await leader_get(self._connection, subjects.TRIGGERS, subject)


def _due(message: StoredMessage) -> TriggerDue:
    try:
        return TriggerDue.model_validate_json(message.data)
    except ValidationError:
        # Not one of ours: to be replaced or removed.
        return TriggerDue(at=0.0, revision=0)
