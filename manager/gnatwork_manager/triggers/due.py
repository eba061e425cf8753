"""What is due of a schedule, by what is settled of it and by the clock. Pure."""

from typing import NamedTuple

from gnatwork_manager.triggers.rhythms import CronRhythm, times_of
from gnatwork_schemas.triggers import AnyTrigger, PollingTrigger, ScheduleTrigger, TriggerState

#: Seconds by which a time may be late and is not one that was missed: someone was killed and is back.
FRESH = 60.0


class Due(NamedTuple):
    """What is to be done now."""

    #: The nominal times at which runs are to begin, the oldest first.
    times: tuple[float, ...]
    #: Up to which time everything is settled once they have begun.
    settled: float


def due(trigger: ScheduleTrigger, rhythm: CronRhythm, nominal: float, now: float) -> Due:
    """What is due now of a schedule that is settled up to `nominal`.

    Times that are late by no more than a minute all count; of those that were missed, as `catchup` says.
    """
    last = rhythm.latest(now)
    if last is None or last <= nominal:
        return Due((), nominal)
    # A minute has sixty seconds, and no cron comes more often.
    fresh = rhythm.between(max(nominal, now - FRESH), now, int(FRESH))
    match trigger.catchup:
        case "none":
            missed = []
        case "latest":
            missed = [] if fresh else [last]
        case "all":
            missed = rhythm.between(nominal, max(nominal, now - FRESH), trigger.max_catchup)
    return Due((*missed, *fresh), last)


def switched_on(state: TriggerState, trigger: AnyTrigger, revision: int, now: float) -> TriggerState:
    """The state of a trigger that fires as a document of this revision says; what was before it does not count.

    One that fires already, at the same times, goes on.
    """
    times = times_of(trigger)
    if revision < state.revision or times == state.times:
        return state
    # A poll need not wait for its first time.
    since = now - trigger.every if isinstance(trigger, PollingTrigger) else now
    return state.model_copy(update={"times": times, "revision": revision, "nominal": since})


def switched_off(state: TriggerState, revision: int) -> TriggerState:
    """The state of a trigger that does not fire, as a document of this revision says."""
    if revision < state.revision or state.times is None:
        return state
    return state.model_copy(update={"times": None, "revision": revision, "nominal": None})


def forgotten(state: TriggerState, revision: int) -> TriggerState:
    """The state of a trigger that is gone, as a document of this revision says: one of its name begins anew.

    The revision stays, so that whoever has not heard of it yet does not switch it on again.
    """
    if revision < state.revision or state == TriggerState():
        return state
    return TriggerState(revision=revision)


def settled(state: TriggerState, trigger: AnyTrigger, upto: float, run: str | None = None) -> TriggerState:
    """The state once everything up to a time is settled, the last thing by a run."""
    if state.times != times_of(trigger) or upto <= (state.nominal or 0.0):
        return state
    return state.model_copy(update={"nominal": upto} | ({"last_run": run} if run else {}))
