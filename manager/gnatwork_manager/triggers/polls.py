"""Polls: fetches what a trigger watches, by a run of its own, and starts a run for each item that is new."""

import asyncio
import logging
import time
from dataclasses import replace
from typing import Any

from gnatwork_bus.kv import Bucket
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.submission import Submission
from gnatwork_manager.triggers.due import settled
from gnatwork_manager.triggers.firing import Firing, caller
from gnatwork_manager.triggers.polling import (
    Item,
    cursor_of,
    definition_of,
    items_of,
    read_seen,
    write_seen,
)
from gnatwork_manager.triggers.rhythms import interval
from gnatwork_manager.triggers.schedules import passes, written
from gnatwork_manager.triggers.table import Known
from gnatwork_manager.waits import Waits
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError, UnavailableError
from gnatwork_schemas.messages import Fired
from gnatwork_schemas.status import RunStatus
from gnatwork_schemas.triggers import PollingTrigger, TriggerState

log = logging.getLogger(__name__)

#: Polls of one manager at the same time: each holds what it has fetched.
_AT_ONCE = 32
#: Seconds that the end of a fetch is waited for, before it is asked anew whether there is one.
_PATIENCE = 30.0


class Polls:
    """Fires polling triggers."""

    def __init__(self, firing: Firing, waits: Waits, state: Bucket) -> None:
        self._firing = firing
        self._waits = waits
        self._state = state
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def fire(self, known: Known, trigger: PollingTrigger, state: TriggerState, at: float) -> float:
        """Poll, unless it was done for this time already; the time after which to poll again.

        Raises what passes, to be tried again: then the same fetch is found, and the same items.

        Args:
            known: the trigger, and what it starts.
            trigger: the same.
            state: what has become of it.
            at: the time at which the alarm went off, the same however often it is tried.
        """
        nominal = interval(trigger).latest(at)
        if nominal > (state.nominal or 0.0):
            if self._places.locked():
                # Where fetches do not end, polls must not be in the way of schedules.
                raise UnavailableError(f"{_AT_ONCE} polls are under way at this manager")
            async with self._places:
                await self._poll(known, trigger, state.cursor, nominal)
        return max(nominal, time.time())

    async def forget(self, namespace: str, workflow: str, id_: str) -> None:
        """Remove what was seen by a trigger that is no more."""
        key = subjects.trigger_seen_key(namespace, workflow, id_)
        if await self._state.get(key):
            await self._state.delete(key)

    async def _poll(self, known: Known, trigger: PollingTrigger, cursor: Any, nominal: float) -> None:
        key = subjects.trigger_seen_key(*known.key)
        try:
            with self._firing.attempt(known):
                response = await self._fetch(known, trigger, cursor, nominal)
                items, cursor = items_of(trigger, response), cursor_of(trigger, response)
        except (ProblemError, GnatworkError) as error:
            if passes(error):
                raise
            log.info("the trigger %s found nothing at %s: %s", "/".join(known.key), written(nominal), error)
        else:
            entry = await self._state.get(key)
            seen = read_seen(entry.value) if entry else {}
            for item in items:
                if item.digest not in seen:
                    await self._begin(known, item, nominal)
            if (now_seen := write_seen(items, seen)) != (entry.value if entry else b""):
                await self._state.put(key, now_seen)

        def polled(state: TriggerState) -> TriggerState:
            after = settled(state, trigger, nominal)
            return state if after is state else after.model_copy(update={"cursor": cursor})

        await self._firing.states.update(*known.key, polled)

    async def _fetch(self, known: Known, trigger: PollingTrigger, cursor: Any, nominal: float) -> Any:
        """The output of a run that fetches.

        Raises ProblemError `trigger.fetch_failed`, DefinitionError; UnavailableError while it has not ended.
        """
        submitter = self._firing.submitter
        submitter.check_room()
        labels = {"poll": f"{known.workflow}/{trigger.id}"}
        wanted = Submission(
            definition=definition_of(trigger),
            pointer="/fetch",
            input={} if cursor is None else {"cursor": cursor},
            labels=labels,
        )
        order = await submitter.order(wanted)
        fired = Fired(type=trigger.type, id=trigger.id, details={"scheduled_at": written(nominal)})
        checked = await submitter.accept(
            replace(order, trigger=fired, digest=lambda: ""), caller(known, f"poll@{nominal:.3f}")
        )
        try:
            async with self._waits.listen(checked) as wait:
                await submitter.begin(checked)
                outcome = await wait.within(_PATIENCE) if wait else None
        except ProblemError as error:
            if error.code != "run.not_found":
                raise
            # It began, and has been deleted since.
            raise ProblemError("trigger.fetch_failed", f"run {checked.run.run_id} is gone") from error
        run = outcome.run if outcome else None
        if run is None:
            raise UnavailableError(f"the run {checked.run.run_id}, which fetches, has not ended yet")
        if run["status"] != RunStatus.COMPLETED:
            raise ProblemError(
                "trigger.fetch_failed", f"run {run['run_id']} is {run['status']}{_because(run['error'])}"
            )
        return run["output"]

    async def _begin(self, known: Known, item: Item, nominal: float) -> None:
        """The run of an item; where it can never begin, that is noted in the trigger's state."""
        details = {"scheduled_at": written(nominal), "key": item.key}
        try:
            await self._firing.fire(known, item.value, details, occurrence=f"item@{item.digest.hex()}")
        except (ProblemError, GnatworkError) as error:
            if passes(error):
                raise
            log.info("the trigger %s starts nothing for an item: %s", "/".join(known.key), error)


def _because(error: dict[str, Any] | None) -> str:
    return f": {error['code']}: {error['message']}" if error else ""
