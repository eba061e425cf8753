"""Listens on behalf of event triggers, as long as they are switched on.

Every manager does so for all of them: the server hands each message to one of the managers.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping

from gnatwork_bus.alarms import TriggerKey
from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.event_consumers import event_consumers, remove_event_consumer
from gnatwork_bus.live import Heard, listening
from gnatwork_bus.patience import until_available
from gnatwork_manager.triggers.event_filter import EventFilter
from gnatwork_manager.triggers.event_firing import EventFiring
from gnatwork_manager.triggers.event_runs import Chains
from gnatwork_manager.triggers.event_sources import Source, consume, hear
from gnatwork_manager.triggers.firing import Firing
from gnatwork_manager.triggers.table import Known, TriggerTable
from gnatwork_manager.triggers.timetable import Timetable, asked
from gnatwork_schemas import subjects
from gnatwork_schemas.triggers import AnyTrigger, EventTrigger

log = logging.getLogger(__name__)

#: Seconds until a message is delivered again that no manager may know what to do with, for lack of news.
_NEWS_WAIT = 1.0
#: Seconds until a trigger listens again whose listening has failed.
_FAILED_WAIT = 10.0


class Events:
    """The event triggers of all namespaces."""

    def __init__(self, connection: Connection, table: TriggerTable, timetable: Timetable, firing: Firing) -> None:
        self._connection = connection
        self._table = table
        self._timetable = timetable
        chains = Chains(firing.submitter.history)
        #: What becomes of an event.
        self.firing = EventFiring(firing=firing, filter=EventFilter(connection), chains=chains)
        self._listening: dict[Source, asyncio.Task[None]] = {}
        #: Sources that are to be listened to, and those that are not any more.
        self._wanted: dict[TriggerKey, Source] = {}
        #: Streams that were made, or have lost a consumer.
        self._changed: set[str] = set()
        self._some = asyncio.Event()

    async def run(self) -> None:
        """Listen, for ever."""
        self._table.listen(self._heard_of)
        advisories = (subjects.STREAM_CREATED, subjects.CONSUMER_DELETED)
        try:
            async with listening(self._connection, advisories, self._advised):
                await self._remove_leftovers()
                while True:
                    self._some.clear()
                    await self._keep_up()
                    await self._some.wait()
        finally:
            await _ended(self._listening.values())

    def _heard_of(
        self,
        namespace: str,
        workflow: str,
        before: Mapping[str, AnyTrigger],
        after: Mapping[str, AnyTrigger],
        _revision: int,
    ) -> None:
        """A workflow's document has changed."""
        for id_ in before.keys() | after.keys():
            key, trigger = TriggerKey(namespace, workflow, id_), after.get(id_)
            self._wanted.pop(key, None)
            if source := _source(key, trigger):
                self._wanted[key] = source
        self._some.set()

    async def _listen(self, source: Source) -> None:
        """Listen until cancelled."""

        async def heard(message: Heard) -> None:
            if known := self._known(source):
                await self.firing.take(known, message)

        async def delivered(delivery: Delivery) -> None:
            if known := self._known(source):
                await self.firing.take_stored(known, delivery)
            else:
                # Switched off a moment ago; whoever knows it as switched on again takes it.
                delivery.nak(_NEWS_WAIT)

        def failed(message: str) -> None:
            self.firing.states.failed(source.key, message, round(time.time(), 3))

        while True:
            try:
                if source.stream is None:
                    await hear(self._connection, source, heard)
                else:
                    await consume(self._connection, source, delivered, failed)
            except Exception as error:
                log.exception("the trigger %s can't listen", "/".join(source.key))
                failed(f"it can't listen: {type(error).__name__}")
                await asyncio.sleep(_FAILED_WAIT)

    async def _keep_up(self) -> None:
        """Listen to what is wanted, and to nothing else; begin anew where a stream has changed."""
        changed, self._changed = self._changed, set()
        wanted = set(self._wanted.values())
        left = [source for source in self._listening if source not in wanted or source.stream in changed]
        await _ended([self._listening.pop(source) for source in left])
        for source in left:
            if source not in wanted and source.stream is not None:
                await self._remove(source.key, source.stream, source.consumer)
        for source in wanted - self._listening.keys():
            self._listening[source] = asyncio.create_task(self._listen(source), name="/".join(source.key))

    def _advised(self, subject: str, _data: bytes) -> None:
        """The server tells that a stream was made, or has lost a consumer."""
        stream, *consumer = subject.split(".")[5:]
        if any(source.stream == stream and consumer in ([], [source.consumer]) for source in self._wanted.values()):
            self._changed.add(stream)
            self._some.set()

    def _known(self, source: Source) -> Known | None:
        """The trigger as it is now; None while it does not fire."""
        known = self._table.get(*source.key)
        return known if known and known.trigger.enabled and self._wanted.get(source.key) == source else None

    async def _remove_leftovers(self) -> None:
        """Remove the consumers of triggers that went while no manager was there."""
        wanted = {(source.stream, source.consumer) for source in self._wanted.values()}
        try:
            found = await until_available(lambda: event_consumers(self._connection))
        except ApiError as error:
            log.warning("what consumers there are can't be told: %s", error)
            return
        for one in found:
            if (one.stream, one.name) not in wanted:
                await self._remove(one.key, one.stream, one.name)

    async def _remove(self, key: TriggerKey, stream: str, name: str) -> None:
        """Remove a consumer, unless the trigger has it: this manager may not have heard of it yet."""

        async def remove() -> None:
            trigger = await self._timetable.stored(key)
            if (source := _source(key, trigger)) and (source.stream, source.consumer) == (stream, name):
                return
            await remove_event_consumer(self._connection, stream, name)

        try:
            await until_available(lambda: asked(remove()))
        except ApiError as error:
            log.warning("the consumer %s of %s can't be removed: %s", name, stream, error)


def _source(key: TriggerKey, trigger: AnyTrigger | None) -> Source | None:
    """Where a trigger listens, if it does."""
    if isinstance(trigger, EventTrigger) and trigger.enabled:
        return Source(key, trigger.subject, trigger.stream)
    return None


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for them."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
