import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_executor.shares import ConcurrencyError, shares


def test_one_type_has_all_places() -> None:
    assert shares(100, {"noop": None}) == {"noop": 100}


def test_types_share_evenly() -> None:
    assert sorted(shares(100, {"a": None, "b": None, "c": None}).values()) == [33, 33, 34]


def test_what_a_limited_type_cannot_use_goes_to_the_others() -> None:
    assert shares(100, {"a": None, "scraper": 4, "b": None}) == {"scraper": 4, "a": 48, "b": 48}


def test_each_type_needs_a_place() -> None:
    with pytest.raises(ConcurrencyError, match="1 for 2 types"):
        shares(1, {"a": None, "b": None})


@given(
    st.dictionaries(st.text(min_size=1), st.none() | st.integers(1, 200), min_size=1, max_size=9),
    st.integers(9, 300),
)
def test_all_have_a_place_and_none_is_given_twice(limits: dict[str, int | None], concurrency: int) -> None:
    places = shares(concurrency, limits)
    assert places.keys() == limits.keys()
    assert sum(places.values()) <= concurrency
    assert all(1 <= count <= (limits[type_] or concurrency) for type_, count in places.items())
    if None in limits.values():
        assert sum(places.values()) == concurrency
