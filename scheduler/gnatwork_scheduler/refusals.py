"""Events that no one can handle: kept for people or removed, counted, and never in the way."""

import asyncio
import contextlib
import logging
import time

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.dead_letters import bury
from gnatwork_bus.delivery import Delivery
from gnatwork_engine.core import RunState, parse_event
from gnatwork_scheduler.messages import Outgoing, failure_of_unreadable, released
from gnatwork_scheduler.open_events import OpenEvents
from gnatwork_scheduler.statistics import Statistics
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import GnatworkError, MessageError
from gnatwork_schemas.messages import LimitGranted

log = logging.getLogger(__name__)


class Refusals:
    """Refuses events of a shard."""

    def __init__(
        self,
        connection: Connection,
        events: OpenEvents,
        statistics: Statistics,
        tasks: asyncio.TaskGroup,
        *,
        shards: int,
    ) -> None:
        self._connection = connection
        self._events = events
        self._statistics = statistics
        self._tasks = tasks
        self._shards = shards

    def refuse(self, delivery: Delivery, error: MessageError, state: RunState | None = None) -> None:
        """An event can't be read; `state` is that of its run, if it is known, which may wait for just this event."""
        self._statistics.refused += 1
        failure = failure_of_unreadable(state, event_of(delivery), error, time.time()) if state else None
        self._tasks.create_task(self._bury(delivery, error, failure))

    def drop(self, delivery: Delivery) -> None:
        """An event of a run that never started, or was purged: no one will ever ask for it."""
        self._statistics.orphaned += 1
        self._tasks.create_task(self._drop(delivery))

    async def _bury(self, delivery: Delivery, error: MessageError, failure: Outgoing | None) -> None:
        log.warning("%s", error)
        info = ErrorInfo(code=error.code, message=str(error))
        subject, sequence = delivery.subject, delivery.sequence
        try:
            await bury(self._connection, subjects.HISTORY, subject, sequence, info, delivery.data, delivery.at)
            if failure:
                await self._connection.publisher.publish(*failure)
            if "." not in event_of(delivery):
                # An end is appended on condition that nothing but the start has a single token.
                await self._delete(sequence)
        except GnatworkError:
            self._events.retry(delivery)
        else:
            self._events.refuse(delivery, str(error))

    async def _drop(self, delivery: Delivery) -> None:
        log.info("%s belongs to no run and is deleted", delivery.subject)
        try:
            if event_of(delivery) == subjects.LIMIT_GRANTED:
                await self._give_back(delivery)
            await self._delete(delivery.sequence)
        except GnatworkError:
            self._events.retry(delivery)
        else:
            self._events.ack(delivery)

    async def _give_back(self, delivery: Delivery) -> None:
        """A slot for a run that is no more."""
        event = parse_event(delivery.subject, delivery.sequence, delivery.at, delivery.data)
        if isinstance(event.body, LimitGranted):
            await self._connection.publisher.publish(*released(event.base, event.body, self._shards))

    async def _delete(self, sequence: int) -> None:
        with contextlib.suppress(ApiError):  # it is gone already
            await self._connection.api(f"STREAM.MSG.DELETE.{subjects.HISTORY}", {"seq": sequence})


def event_of(delivery: Delivery) -> str:
    """The event that a history subject names; nothing when it is none."""
    try:
        return subjects.split_history(delivery.subject)[1]
    except ValueError:
        return ""
