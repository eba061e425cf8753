import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_engine.json_tree import at_path, from_pointer, to_pointer, too_deep

steps = st.lists(st.one_of(st.text(), st.integers(min_value=0, max_value=10**6)))


@given(steps)
def test_a_pointer_leads_back_to_its_path(path: list[str | int]) -> None:
    assert from_pointer(to_pointer(path)) == tuple(map(str, path))


def test_a_pointer_escapes_tilde_and_slash() -> None:
    assert to_pointer(("a/b", "m~n", 0, "")) == "/a~1b/m~0n/0/"


def test_a_pointer_begins_with_a_slash() -> None:
    with pytest.raises(ValueError, match="not a JSON Pointer"):
        from_pointer("a")


def test_a_path_is_followed_through_objects_and_arrays() -> None:
    assert at_path({"a": [{"": 7}]}, ("a", "0", "")) == 7
    with pytest.raises(LookupError):
        at_path({"a": 1}, ("a", "b"))


def test_the_first_value_that_is_too_deep_is_found() -> None:
    assert too_deep([[[]], {"a": {}}], 2) is None
    assert too_deep([1, {"a": [[]]}], 2) == (1, "a", 0)
    assert too_deep("text", 0) is None


def test_depth_is_measured_without_recursion() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert too_deep(value, 64) == (0,) * 65
