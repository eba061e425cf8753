"""Loads a run: its control block, and its state as the fold of its whole history."""

import asyncio
import logging

from gnatwork_bus.history import History
from gnatwork_engine.core import Event, Plan, RunAddress, fold, parse_event
from gnatwork_scheduler.live_run import LiveRun
from gnatwork_scheduler.plans import Plans
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import MessageError
from gnatwork_schemas.messages import Start

log = logging.getLogger(__name__)

#: Runs that are loaded at the same time.
_PARALLEL = 32


class Loader:
    """Reads what the stream knows of a run."""

    def __init__(self, history: History, plans: Plans) -> None:
        self._history = history
        self._plans = plans
        self._slots = asyncio.Semaphore(_PARALLEL)

    def known_plan(self, event: Event) -> Plan | None:
        """The plan of a run that begins with this event, if it is in memory."""
        return self._plans.known(event.body.control_block) if isinstance(event.body, Start) else None

    async def load(self, run: LiveRun) -> None:
        """Fill in the run's plan and state; both stay None when its history has no start.

        Raises:
            MessageError: its start can't be read, or names a control block that does not exist.
            UnavailableError: NATS does not answer.
        """
        async with self._slots:
            address = RunAddress.of(run.base)
            stored = await self._history.load_live(address.namespace, address.run_id)
            # What is not below the base of the run's start is no part of it.
            stored = [message for message in stored if message.subject.startswith(f"{run.base}.")]
            if not stored or stored[0].subject != f"{run.base}.{subjects.START}":
                return
            first, *others = stored
            events = [parse_event(*first)]
            for message in others:
                try:
                    events.append(parse_event(*message))
                except MessageError as error:
                    # It is, or soon will be, among the dead letters.
                    log.debug("left out of the fold: %s", error)
            start = events[0].body
            if not isinstance(start, Start):
                return
            run.plan = await self._plans.get(start.control_block)
            run.state = fold(run.plan, events)
