"""The window that the rate of a webhook is counted in."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_manager.triggers.rates import Window


def test_the_calls_of_the_window_before_count_less_and_less() -> None:
    window = Window(10.0, 5, taken=8, before=0)
    assert window.room(10, 55.0) == 2
    later = window.at(60.0)
    assert later == Window(10.0, 6, taken=0, before=8)
    assert [later.room(10, now) for now in (60.0, 62.5, 65.0, 69.99)] == [2, 4, 6, 9]


def test_after_a_quiet_window_all_is_forgotten() -> None:
    assert Window(10.0, 5, taken=8, before=9).at(70.0) == Window(10.0, 7)


def test_a_clock_that_is_behind_changes_nothing() -> None:
    window = Window(10.0, 5, taken=10, before=3)
    assert window.at(49.0) == window
    assert window.room(10, 49.0) < 1


@given(
    limit=st.integers(1, 1000),
    taken=st.integers(0, 1000),
    before=st.integers(0, 1000),
    share=st.floats(0, 0.999),
    per=st.floats(0.1, 86_400),
)
def test_there_is_room_after_the_wait_and_not_long_before(
    limit: int, taken: int, before: int, share: float, per: float
) -> None:
    now = (100 + share) * per
    window = Window(per, int(now // per), min(taken, limit), min(before, limit))
    if window.room(limit, now) >= 1:
        return
    wait = window.wait(limit, now)
    assert 0 < wait <= 2 * per
    then = now + wait * (1 + 1e-6) + 1e-6 * per
    assert window.at(then).room(limit, then) >= 1
    early = now + wait * 0.99 - 1e-3 * per
    if early > now:
        assert window.at(early).room(limit, early) < 1


@pytest.mark.parametrize("rate", [(5, 1.0), (100, 60.0), (1, 3600.0)])
def test_a_caller_that_never_rests_gets_its_rate_and_no_more(rate: tuple[int, float]) -> None:
    limit, per = rate
    window, times = Window(per, 0), []
    for step in range(5000):
        now = step * per / 100
        window = window.at(now)
        if window.room(limit, now) >= 1:
            window = window._replace(taken=window.taken + 1)
            times.append(now)
    whole = 5000 / 100
    assert limit * (whole - 2) * 0.5 <= len(times) <= limit * (whole + 1)
    worst = max(sum(start <= time < start + per for time in times) for start in times)
    assert worst <= math.ceil(1.5 * limit) + 1
