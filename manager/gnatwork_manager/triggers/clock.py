"""Triggers that go by the clock: their alarms, and what comes of them."""

import asyncio
from dataclasses import dataclass
from typing import Self

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.triggers.fires import Fires
from gnatwork_manager.triggers.firing import Firing
from gnatwork_manager.triggers.polls import Polls
from gnatwork_manager.triggers.schedules import Schedules
from gnatwork_manager.triggers.table import TriggerTable
from gnatwork_manager.triggers.timetable import Timetable
from gnatwork_manager.waits import Waits


@dataclass(frozen=True, slots=True)
class Clock:
    """Fires triggers when it is time, together with all other managers."""

    timetable: Timetable
    fires: Fires

    @classmethod
    def of(cls, connection: Connection, state: Bucket, table: TriggerTable, firing: Firing, waits: Waits) -> Self:
        """Put together for one manager."""
        polls = Polls(firing, waits, state)
        timetable = Timetable(connection, state, table, firing.states, polls)
        return cls(timetable, Fires(connection, table, timetable, Schedules(firing=firing), polls))

    async def run(self) -> None:
        """Go, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.timetable.run(), name="timetable")
            tasks.create_task(self.fires.run(), name="fires")
