"""The triggers of one manager: everything of this room put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gnatwork_bus.patience import until_available
from gnatwork_manager.triggers.clock import Clock
from gnatwork_manager.triggers.events import Events
from gnatwork_manager.triggers.firing import Firing
from gnatwork_manager.triggers.rates import RateLimits
from gnatwork_manager.triggers.secrets import ConnectionValues
from gnatwork_manager.triggers.states import TriggerStates
from gnatwork_manager.triggers.store import TriggerStore
from gnatwork_manager.triggers.table import TriggerTable
from gnatwork_manager.triggers.views import TriggerViews

#: Seconds that a manager takes at its end to write what it has gathered.
_LAST_WRITE = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Triggers:
    """What all triggers have in common, and what watches on behalf of them."""

    table: TriggerTable
    states: TriggerStates
    firing: Firing
    store: TriggerStore
    views: TriggerViews
    clock: Clock
    events: Events
    rates: RateLimits
    secrets: ConnectionValues

    @contextlib.asynccontextmanager
    async def known(self) -> AsyncIterator[None]:
        """All triggers have been read; at the end, what is still to be written of them is."""
        await until_available(self.table.refresh)
        self.table.listen(self.states.heard)
        try:
            yield
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WRITE):
                    await self.states.write()

    async def run(self) -> None:
        """Watch, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.table.follow(), name="trigger-table")
            tasks.create_task(self.states.run(), name="trigger-states")
            tasks.create_task(self.clock.run(), name="trigger-clock")
            tasks.create_task(self.events.run(), name="trigger-events")
