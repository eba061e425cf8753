"""Starts the runs of schedules: one for each nominal time, whoever is killed."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from gnatwork_bus.connection import ApiError
from gnatwork_bus.patience import PASSING
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.due import due, settled
from gnatwork_manager.triggers.firing import Firing
from gnatwork_manager.triggers.rhythms import cron_rhythm
from gnatwork_manager.triggers.table import Known
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.triggers import Overlap, ScheduleTrigger, TriggerState

log = logging.getLogger(__name__)

#: Problems that pass: the same start is tried again.
_PASSING_CODES = frozenset({"engine.unavailable", "engine.store_full"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedules:
    """Fires schedules."""

    firing: Firing

    async def fire(self, known: Known, trigger: ScheduleTrigger, state: TriggerState, now: float) -> float:
        """Begin what is due; the time up to which everything is settled then. Raises what passes, to be tried again."""
        nominal = state.nominal or now
        times, upto = due(trigger, cron_rhythm(trigger), nominal, now)
        last, run = state.last_run, None
        for at in times:
            if trigger.overlap == "skip" and last and await self._is_under_way(known, last):
                continue
            run = await self._begin(known, trigger, at) or run
            last = run or last
            if at != times[-1]:
                # Claims are remembered for a day: whoever goes on after that must not begin at the first one again.
                await self._settle(known, trigger, at, run)
        await self._settle(known, trigger, upto, run)
        return upto

    async def _settle(self, known: Known, trigger: ScheduleTrigger, upto: float, run: str | None) -> None:
        await self.firing.states.update(*known.key, lambda state: settled(state, trigger, upto, run))

    async def _begin(self, known: Known, trigger: ScheduleTrigger, at: float) -> str | None:
        """The run of a nominal time; None where it can never begin, which is noted in the trigger's state."""
        details = {"scheduled_at": written(at), "schedule": trigger.cron}
        overlap: Overlap = "allow" if trigger.overlap == "skip" else trigger.overlap
        try:
            run = await self.firing.fire(known, None, details, occurrence=f"@{at:.3f}", overlap=overlap)
        except (ProblemError, GnatworkError) as error:
            if passes(error):
                raise
            log.info("the trigger %s starts nothing at %s: %s", "/".join(known.key), written(at), error)
            return None
        return run.run_id

    async def _is_under_way(self, known: Known, run_id: str) -> bool:
        history = self.firing.submitter.history
        base = subjects.history_base(history.shard(run_id), known.namespace, known.workflow, run_id)
        return not await history.is_over(base)


def passes(error: Exception) -> bool:
    """Whether what went wrong may go right if it is tried again."""
    match error:
        case ProblemError():
            return error.code in _PASSING_CODES
        case ApiError():
            return error.status == HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return isinstance(error, PASSING)


def written(at: float) -> str:
    """A time as RFC 3339 has it."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
