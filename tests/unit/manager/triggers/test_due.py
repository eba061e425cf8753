"""What is due of a schedule: given what is settled and the time, when it looks, then what begins."""

import pytest

from gnatwork_manager.triggers.due import Due, due, forgotten, settled, switched_off, switched_on
from gnatwork_manager.triggers.rhythms import cron_rhythm, interval
from gnatwork_schemas.triggers import Catchup, PollingTrigger, ScheduleTrigger, TriggerState

#: 2027-01-01, midnight UTC.
DAY = 1_798_761_600.0
MINUTE = 60.0
HOUR = 3600.0


def hourly(catchup: Catchup = "latest", cron: str = "0 * * * *", **fields: int) -> ScheduleTrigger:
    return ScheduleTrigger.model_validate({"id": "t", "type": "schedule", "cron": cron, "catchup": catchup, **fields})


def due_of(trigger: ScheduleTrigger, nominal: float, now: float) -> Due:
    return due(trigger, cron_rhythm(trigger), nominal, now)


@pytest.mark.parametrize(
    ("catchup", "settled_for", "late", "expected"),
    [
        # On time, or as late as the server's timers are.
        ("none", HOUR, 0.0, [0.0]),
        ("latest", HOUR, 0.3, [0.0]),
        ("all", HOUR, 0.3, [0.0]),
        # A manager was killed, and another one comes to it.
        ("none", HOUR, 59.0, [0.0]),
        ("latest", HOUR, 59.0, [0.0]),
        # Nobody was there.
        ("none", HOUR, 61.0, []),
        ("latest", HOUR, 61.0, [0.0]),
        ("all", HOUR, 61.0, [0.0]),
        # For hours.
        ("none", 5 * HOUR, 10 * MINUTE, []),
        ("latest", 5 * HOUR, 10 * MINUTE, [0.0]),
        ("all", 5 * HOUR, 10 * MINUTE, [-4 * HOUR, -3 * HOUR, -2 * HOUR, -HOUR, 0.0]),
        # And is back right on time.
        ("none", 5 * HOUR, 1.0, [0.0]),
        ("latest", 5 * HOUR, 1.0, [0.0]),
        ("all", 3 * HOUR, 1.0, [-2 * HOUR, -HOUR, 0.0]),
        # It is settled already.
        ("all", 0.0, 10.0, []),
        ("latest", 0.0, 10.0, []),
    ],
)
def test_what_is_due(catchup: Catchup, settled_for: float, late: float, expected: list[float]) -> None:
    found = due_of(hourly(catchup), DAY - settled_for, DAY + late)
    assert found == Due(tuple(DAY + time for time in expected), DAY)


def test_before_its_first_time_nothing_is_due() -> None:
    assert due_of(hourly(), DAY + 1, DAY + HOUR - 1) == Due((), DAY + 1)


def test_of_very_many_that_were_missed_only_the_last_count() -> None:
    found = due_of(hourly("all", max_catchup=2), DAY - 10 * HOUR, DAY + 10 * MINUTE)
    assert found == Due((DAY - HOUR, DAY), DAY)


def test_what_comes_each_second_has_missed_nothing_while_a_manager_was_exchanged() -> None:
    every_second = hourly("none", "* * * * * *")
    assert due_of(every_second, DAY, DAY + 4.2) == Due((DAY + 1, DAY + 2, DAY + 3, DAY + 4), DAY + 4)


def test_a_schedule_that_is_switched_on_begins_now() -> None:
    state = switched_on(TriggerState(fired=7), hourly(), 5, DAY)
    assert (state.nominal, state.times, state.revision, state.fired) == (DAY, "0 * * * * UTC", 5, 7)


def test_a_poll_that_is_switched_on_is_due_at_once() -> None:
    poll = PollingTrigger.model_validate({"id": "p", "type": "polling", "every": "1h", "fetch": {"url": "http://a"}})
    state = switched_on(TriggerState(), poll, 5, DAY)
    assert state.nominal is not None
    assert state.nominal < interval(poll).latest(DAY) <= DAY


def test_a_new_version_with_the_same_times_goes_on() -> None:
    state = switched_on(TriggerState(), hourly(), 5, DAY)
    assert switched_on(state, hourly("all"), 6, DAY + HOUR) == state


def test_with_other_times_it_begins_anew() -> None:
    state = switched_on(TriggerState(), hourly(), 5, DAY)
    changed = switched_on(state, hourly(cron="30 * * * *"), 6, DAY + HOUR)
    assert (changed.nominal, changed.revision) == (DAY + HOUR, 6)


def test_what_passed_while_it_was_off_does_not_count() -> None:
    off = switched_off(switched_on(TriggerState(), hourly(), 5, DAY), 6)
    assert (off.times, off.nominal) == (None, None)
    assert switched_on(off, hourly(), 7, DAY + HOUR).nominal == DAY + HOUR


def test_who_knows_an_earlier_revision_changes_nothing() -> None:
    on = switched_on(TriggerState(), hourly(), 5, DAY)
    assert switched_off(on, 4) == on
    off = switched_off(on, 6)
    assert switched_on(off, hourly(), 5, DAY + HOUR) == off


def test_time_is_settled_forwards_only_and_only_for_the_same_times() -> None:
    on = switched_on(TriggerState(), hourly(), 5, DAY)
    moved = settled(on, hourly(), DAY + HOUR, "run")
    assert (moved.nominal, moved.last_run) == (DAY + HOUR, "run")
    assert settled(moved, hourly(), DAY, "earlier") == moved
    assert settled(on, hourly(cron="30 * * * *"), DAY + HOUR, "run") == on


@pytest.mark.parametrize("every", [1.0, 1.001, 7.5, 60.0, 3600.0])
@pytest.mark.parametrize("now", [DAY, DAY + 0.001, DAY + 1234.567])
def test_polls_come_at_even_distances(every: float, now: float) -> None:
    poll = PollingTrigger.model_validate({"id": "p", "type": "polling", "every": every, "fetch": {"url": "http://a"}})
    rhythm = interval(poll)
    first, second, third = rhythm.upcoming(now, 3)
    assert now < first <= now + every
    assert second - first == pytest.approx(every)
    assert third - second == pytest.approx(every)
    assert rhythm.latest(first) == first
    assert rhythm.latest(second - 0.001) == first
    assert rhythm.latest(now) <= now


def test_nothing_is_kept_of_a_trigger_that_is_gone_but_when_it_went() -> None:
    on = switched_on(TriggerState(fired=7, last_run="run-1"), hourly(), 5, DAY)
    assert forgotten(on, 4) == on
    gone = forgotten(on, 6)
    assert gone == TriggerState(revision=6)
    # Who has not heard of it does not bring it back; whoever publishes it again does, as one that is new.
    assert switched_on(gone, hourly(), 5, DAY + 10) == gone
    assert switched_on(gone, hourly(), 7, DAY + 10).nominal == DAY + 10
    assert forgotten(TriggerState(), 6) == TriggerState()
