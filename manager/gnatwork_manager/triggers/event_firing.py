"""Starts the runs of event triggers: one for each message that counts, whichever manager hears it."""

import logging
from dataclasses import dataclass

from gnatwork_bus.delivery import Delivery
from gnatwork_bus.live import Heard
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.deliveries import wait_again
from gnatwork_manager.triggers.event_filter import EventFilter
from gnatwork_manager.triggers.event_runs import CHAIN, Chains, run_of
from gnatwork_manager.triggers.firing import FiredRun, Firing
from gnatwork_manager.triggers.schedules import passes
from gnatwork_manager.triggers.seen_events import Seen, see
from gnatwork_manager.triggers.states import TriggerStates
from gnatwork_manager.triggers.table import Known
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.triggers import EventTrigger

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFiring:
    """What becomes of the messages that event triggers hear."""

    firing: Firing
    filter: EventFilter
    chains: Chains

    @property
    def states(self) -> TriggerStates:
        """The states of all triggers."""
        return self.firing.states

    async def fire(self, known: Known, trigger: EventTrigger, seen: Seen) -> FiredRun | None:
        """Begin the run of an event; None if the filter does not hold for it. Errors are noted, and go on."""
        with self.firing.attempt(known):
            if not await self.filter.takes(trigger, seen.event, seen.details):
                return None
        return await self.firing.fire(
            known, seen.event, seen.details, occurrence=seen.occurrence, traceparent=seen.traceparent
        )

    async def take(self, known: Known, heard: Heard) -> None:
        """A message of core NATS: what goes wrong now is gone."""
        try:
            with self.firing.attempt(known):
                seen = see(heard.subject, heard.data, heard.headers)
            if heard.subject.startswith(f"{subjects.LIVE_ROOT}."):
                of_run = await self._seen_of_run(known, heard, seen)
                if of_run is None:
                    return
                seen = of_run
            await self._fire(known, seen)
        except (ProblemError, GnatworkError) as error:
            log.info("the trigger %s starts nothing: %s", "/".join(known.key), error)

    async def take_stored(self, known: Known, delivery: Delivery) -> None:
        """A message of a stream: acknowledged once its run is stored."""
        try:
            with self.firing.attempt(known):
                seen = see(delivery.subject, delivery.data, delivery.headers or {})
            details = {**seen.details, "sequence": delivery.sequence}
            # Of a stream that was made anew, another message may have the same sequence.
            occurrence = f"stored:{delivery.subject}/{delivery.sequence}/{delivery.at:.6f}"
            await self._fire(known, seen._replace(details=details, occurrence=occurrence))
        except (ProblemError, GnatworkError) as error:
            if passes(error):
                delivery.nak(wait_again(delivery))
                return
            log.info("the trigger %s starts nothing: %s", "/".join(known.key), error)
        delivery.ack()

    async def _fire(self, known: Known, seen: Seen) -> None:
        if isinstance(known.trigger, EventTrigger):
            await self.fire(known, known.trigger, seen)

    async def _seen_of_run(self, known: Known, heard: Heard, seen: Seen) -> Seen | None:
        """An event of a run as a trigger sees it; None if it is none of its business, or may go round in a circle."""
        found = run_of(heard.headers)
        if found is None:
            return None
        run, sequence = found
        if run.namespace != known.namespace or run.workflow.startswith("_") or run.workflow == known.workflow:
            return None
        chain = await self.chains.of(run)
        if chain is None or known.workflow in chain:
            return None
        of_run = {"run_id": run.run_id, "workflow": run.workflow, "event": run.event, CHAIN: chain}
        return seen._replace(details={**seen.details, **of_run}, occurrence=f"history:{sequence}")
