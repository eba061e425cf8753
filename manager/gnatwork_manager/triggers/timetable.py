"""Keeps the alarms of triggers that go by the clock in step with the workflows' documents.

Every manager does so, whoever changed the document: what it writes is the same, and never in the place of what
follows from a later revision. Nothing is looked at from time to time, only when something changes, when a manager
starts, and when NATS is back; but for alarms that the server has refused.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from pydantic import ValidationError

from gnatwork_bus.alarms import Alarms, TriggerKey
from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.direct import leader_get
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_bus.publisher import RefusedError
from gnatwork_manager.triggers.due import forgotten, switched_off, switched_on
from gnatwork_manager.triggers.polls import Polls
from gnatwork_manager.triggers.rhythms import rhythm_of, times_of
from gnatwork_manager.triggers.states import TriggerStates
from gnatwork_manager.triggers.table import TriggerTable
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import MessageTooLargeError, UnavailableError
from gnatwork_schemas.messages import TriggerDue
from gnatwork_schemas.triggers import AnyTrigger
from gnatwork_schemas.workflow import StoredWorkflow

log = logging.getLogger(__name__)

#: Triggers that are seen to at the same time.
_AT_ONCE = 64
#: Seconds until what the server has refused is tried again, if nothing changes before.
_REFUSED_WAIT = 60.0


class Timed(NamedTuple):
    """A trigger that fires by the clock, or None for one that does so no more; by a document of this revision."""

    trigger: AnyTrigger | None
    revision: int
    #: Whether there is no such trigger any more.
    gone: bool = False


class Timetable:
    """All triggers that fire by the clock."""

    def __init__(
        self, connection: Connection, state: Bucket, table: TriggerTable, states: TriggerStates, polls: Polls
    ) -> None:
        self._connection = connection
        self._state = state
        self._table = table
        self._states = states
        self._polls = polls
        self._alarms = Alarms(connection)
        self._timed: dict[TriggerKey, Timed] = {}
        #: Those that are still to be seen to.
        self._changed: dict[TriggerKey, Timed] = {}
        #: Those for which the server has refused what there is to do.
        self._refused: dict[TriggerKey, Timed] = {}
        self._look = True
        self._some = asyncio.Event()

    def get(self, key: TriggerKey) -> Timed | None:
        """A trigger that fires by the clock, as far as this manager knows."""
        return self._timed.get(key)

    async def run(self) -> None:
        """Keep in step, for ever."""
        self._table.listen(self._heard)
        self._connection.on_reconnect(self._look_again)
        try:
            while True:
                if self._look:
                    self._look = False
                    await until_available(lambda: asked(self._look_at_all()))
                changed, self._changed, self._refused = {**self._refused, **self._changed}, {}, {}
                await self._see_to(changed)
                if not self._changed and not self._look:
                    self._some.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_REFUSED_WAIT if self._refused else None):
                            await self._some.wait()
        finally:
            self._connection.forget(self._look_again)

    async def arm(self, key: TriggerKey, timed: Timed) -> None:
        """Set the alarm of a trigger for its first time that is not settled yet; UnavailableError."""
        trigger, now = timed.trigger, time.time()
        if trigger is None:
            return
        state = await self._states.update(*key, lambda state: switched_on(state, trigger, timed.revision, now))
        # Otherwise whoever knows a later revision sees to it.
        if state.times == times_of(trigger) and state.nominal is not None:
            await self.set_next(key, timed, state.nominal)

    async def set_next(self, key: TriggerKey, timed: Timed, after: float) -> None:
        """Set the alarm of a trigger for its first time after another; UnavailableError."""
        rhythm = rhythm_of(timed.trigger) if timed.trigger else None
        if rhythm and (upcoming := rhythm.upcoming(after, 1)):
            await self._alarms.set(key, TriggerDue(at=upcoming[0], revision=timed.revision))

    async def stored(self, key: TriggerKey) -> AnyTrigger | None:
        """A trigger as the leader of the bucket knows it; None when there is none. UnavailableError."""
        subject = self._state.subject(subjects.workflow_key(key.namespace, key.workflow))
        message = await leader_get(self._connection, self._state.stream_name, subject)
        entry = self._state.entry(message) if message else None
        try:
            return StoredWorkflow.model_validate_json(entry.value).triggers().get(key.trigger) if entry else None
        except ValidationError:
            # The table has said so, and knows none of its triggers either.
            return None

    def _heard(
        self,
        namespace: str,
        workflow: str,
        before: Mapping[str, AnyTrigger],
        after: Mapping[str, AnyTrigger],
        revision: int,
    ) -> None:
        """A workflow's document has changed."""
        for id_ in before.keys() | after.keys():
            key, trigger = TriggerKey(namespace, workflow, id_), after.get(id_)
            if trigger is not None and is_timed(trigger):
                self._timed[key] = self._changed[key] = Timed(trigger, revision)
            elif self._timed.pop(key, None) is not None:
                self._changed[key] = Timed(None, revision, gone=trigger is None)
        self._some.set()

    def _look_again(self) -> None:
        self._look = True
        self._some.set()

    async def _look_at_all(self) -> None:
        """See to all triggers without an alarm, and to alarms that are left over from triggers that are gone."""
        alarms = await self._alarms.all()
        for key, due in alarms.items():
            if key not in self._timed:
                trigger = await self.stored(key)
                if trigger is None or not is_timed(trigger):
                    self._changed.setdefault(key, Timed(None, due.revision, gone=trigger is None))
        for key, timed in self._timed.items():
            if key in alarms and alarms[key].revision == timed.revision:
                # Whoever has set it has done all that follows from that revision.
                self._changed.pop(key, None)
            else:
                self._changed[key] = timed

    async def _see_to(self, changed: Mapping[TriggerKey, Timed]) -> None:
        places = asyncio.Semaphore(_AT_ONCE)

        async def see_to(key: TriggerKey, timed: Timed) -> None:
            async with places:
                await until_available(lambda: self._try(key, timed))

        async with asyncio.TaskGroup() as tasks:
            for key, timed in changed.items():
                tasks.create_task(see_to(key, timed))

    async def _try(self, key: TriggerKey, timed: Timed) -> None:
        """See to a trigger; what the server refuses holds up no other. Raises what passes."""
        try:
            await asked(self._see_to_one(key, timed))
        except (ApiError, MessageTooLargeError, RefusedError) as error:
            log.warning("the alarm of the trigger %s is refused: %s", "/".join(key), error)
            if timed.trigger is not None:
                self._states.failed(key, f"its alarm is refused: {error}", time.time())
            self._refused[key] = timed

    async def _see_to_one(self, key: TriggerKey, timed: Timed) -> None:
        if timed.trigger is None:
            change = forgotten if timed.gone else switched_off
            state = await self._states.update(*key, lambda state: change(state, timed.revision))
            await self._alarms.drop(key, timed.revision)
            if timed.gone and state.times is None:
                await self._polls.forget(*key)
            return
        try:
            await self.arm(key, timed)
        except ValueError as error:
            log.warning("the trigger %s does not fire: %s", "/".join(key), error)
            self._states.failed(key, str(error), time.time())


async def asked(work: Awaitable[None]) -> None:
    """What `work` does; UnavailableError while the cluster has no leader."""
    try:
        await work
    except ApiError as error:
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise UnavailableError(error.description) from error
        raise


def is_timed(trigger: AnyTrigger) -> bool:
    """Whether a trigger fires by the clock."""
    return trigger.enabled and times_of(trigger) is not None
