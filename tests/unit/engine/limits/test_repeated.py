"""Limit keys whose events come again, after later ones have come."""

from typing import Any

from gnatwork_engine.core.actions import Grant, Refuse
from gnatwork_engine.core.event import Event
from gnatwork_engine.limits import LimitState, apply_limit, decide_limit
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import LimitAcquire, TimerFired

BASE = subjects.limit_base(8, "default", subjects.limit_key("rate", "default", "w", ""))


def acquire(sequence: int, at: float = 0.0, **fields: Any) -> Event:
    body = LimitAcquire.model_validate({"holder": f"r{sequence}", "max": 1, **fields})
    return Event(BASE, subjects.LIMIT_ACQUIRE, sequence, at, body)


def test_each_refusal_is_owed_until_it_is_told() -> None:
    events = [acquire(number, kind="concurrency", on_limit="reject") for number in range(1, 3001)]
    state: LimitState | None = None
    for event in events:
        state = apply_limit(state, event)
    assert state
    assert decide_limit(state, events[0]) == (Grant("r1", "concurrency", None, 0),)
    assert all(decide_limit(state, event) == (Refuse(f"r{event.sequence}", 1),) for event in events[1:])


def test_so_is_each_beginning_at_a_rate() -> None:
    state: LimitState | None = None
    for number in range(1, 6001):
        state = apply_limit(state, acquire(number, kind="rate", max=2000, per=1.0))
    assert state
    rounds = [
        Event(BASE, subjects.timer_fired_event("next"), 6000 + second, float(second), TimerFired(timer="next"))
        for second in (1, 2)
    ]
    for event in rounds:
        state = apply_limit(state, event)
    assert [len([one for one in decide_limit(state, event) if isinstance(one, Grant)]) for event in rounds] == [
        2000
    ] * 2
    assert all(decide_limit(state, acquire(number, kind="rate", max=2000, per=1.0)) for number in range(1, 2001))
    assert state.snapshot().holding == ()


def test_what_only_some_folds_see_lets_nobody_in() -> None:
    """The timer being set, which is not handled, and a snapshot, which may be, are no causes of anything."""
    first, second = (acquire(number, kind="rate", per=1.0) for number in (1, 2))
    snapshot = apply_limit(apply_limit(None, first), second).snapshot().model_copy(update={"upto": 2})
    events = [
        first,
        second,
        Event(BASE, subjects.timer_event("next"), 3, 5.0, None),
        Event(BASE, subjects.LIMIT_SNAPSHOT, 4, 5.0, snapshot),
        fired := Event(BASE, subjects.timer_fired_event("next"), 5, 6.0, TimerFired(timer="next")),
    ]
    for seen in (events, events[3:], [first, second, fired]):
        state: LimitState | None = None
        for event in seen:
            state = apply_limit(state, event)
        assert state
        assert decide_limit(state, fired) == (Grant("r2", "rate", None, 0),)
