"""What comes of alarms: a queue that all managers share, each message acknowledged once its effect is stored."""

import asyncio
import logging
import time

from pydantic import ValidationError

from gnatwork_bus.alarms import TriggerKey
from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.patience import until_available
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import TRIGGER_ACK_WAIT, trigger_consumer
from gnatwork_manager.triggers.deliveries import renewed, wait_again
from gnatwork_manager.triggers.polls import Polls
from gnatwork_manager.triggers.rhythms import times_of
from gnatwork_manager.triggers.schedules import Schedules, passes
from gnatwork_manager.triggers.table import TriggerTable
from gnatwork_manager.triggers.timetable import Timetable, is_timed
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import TriggerDue
from gnatwork_schemas.triggers import PollingTrigger, ScheduleTrigger

log = logging.getLogger(__name__)

#: Fires that one manager sees to at the same time.
_AT_ONCE = 256
#: Seconds until one is delivered again where this manager has not heard of the trigger yet.
_NEWS_WAIT = 0.5


class Fires:
    """Sees to triggers whose alarm has gone off."""

    def __init__(
        self,
        connection: Connection,
        table: TriggerTable,
        timetable: Timetable,
        schedules: Schedules,
        polls: Polls,
    ) -> None:
        self._connection = connection
        self._table = table
        self._states = schedules.firing.states
        self._timetable = timetable
        self._schedules = schedules
        self._polls = polls
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take what is due, for ever. What is not done at the end is for other managers to do."""
        await until_available(lambda: ensure_consumer(self._connection, trigger_consumer()))
        stream, durable = subjects.TRIGGERS, subjects.TRIGGER_CONSUMER
        consumer = Consumer(self._connection, stream, durable, batch=_AT_ONCE, handle=self._take)
        await consumer.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await consumer.stop()
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _take(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._see_to(delivery), name=delivery.subject)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _see_to(self, delivery: Delivery) -> None:
        key = TriggerKey(*subjects.parse_trigger(delivery.subject))
        try:
            due = TriggerDue.model_validate_json(delivery.data)
        except ValidationError as error:
            delivery.term(f"no alarm of a trigger: {error.errors(include_url=False)[0]['msg']}")
            return
        try:
            async with renewed(delivery, TRIGGER_ACK_WAIT):
                done = await self._fire(key, due, delivery.at)
        except Exception as error:
            wait = wait_again(delivery)
            level = logging.DEBUG if passes(error) else logging.ERROR
            log.log(level, "the trigger %s is tried again in %.0f s", "/".join(key), wait, exc_info=error)
            delivery.nak(wait)
        else:
            if done:
                delivery.ack()
            else:
                delivery.nak(_NEWS_WAIT)
        finally:
            if not delivery.settled:
                delivery.nak()

    async def _fire(self, key: TriggerKey, due: TriggerDue, at: float) -> bool:
        """Do what is due of a trigger and set its next alarm; False when this manager does not know enough of it."""
        timed, known = self._timetable.get(key), self._table.get(*key)
        if timed is None or timed.trigger is None or known is None or timed.revision < due.revision:
            # It is gone, or has just been made or changed by way of another manager.
            trigger = await self._timetable.stored(key)
            return trigger is None or not is_timed(trigger)
        trigger = timed.trigger
        state = await self._states.get(*key)
        if state.times != times_of(trigger):
            await self._timetable.arm(key, timed)
            return True
        match trigger:
            case ScheduleTrigger():
                # Clocks of managers may be behind that of the server.
                after = await self._schedules.fire(known, trigger, state, max(at, time.time()))
            case PollingTrigger():
                after = await self._polls.fire(known, trigger, state, at)
            case _:
                return True
        await self._timetable.set_next(key, timed, after)
        return True
