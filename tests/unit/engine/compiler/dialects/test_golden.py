"""Definitions as three families of systems write them, and the native ones that they stand for."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dialects import CATALOGUE, compiled, native_of

from gnatwork_engine.compiler import compile_workflow
from gnatwork_engine.json_tree import at_path, from_pointer, to_pointer
from gnatwork_schemas.errors import DefinitionError

_GOLDEN = {path.stem: json.loads(path.read_text()) for path in sorted(Path(__file__).parent.glob("golden/*.json"))}
_UNLIKE_ANYTHING = {"unlike": "anything"}
_WORDS = (
    *(
        "name",
        "description",
        "retry",
        "timeout",
        "next",
        "position",
        "ref",
        "config",
        "params",
        "when",
        "needs",
        "type",
    ),
    *("enabled", "id", "input", "auth", "body", "json", "labels", "trueSteps", "concurrency", "stopOnFailure", "steps"),
)


@pytest.mark.parametrize("name", _GOLDEN)
def test_a_definition_stands_for_a_native_one(name: str) -> None:
    assert native_of(_GOLDEN[name]["sent"]) == _GOLDEN[name]["native"]


@pytest.mark.parametrize("name", _GOLDEN)
def test_both_compile_to_the_same(name: str) -> None:
    assert compiled(_GOLDEN[name]["sent"]) == compiled(_GOLDEN[name]["native"])


def _objects(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The places of all objects in a JSON value."""
    if isinstance(value, dict):
        return [path, *(found for key, inner in value.items() for found in _objects(inner, (*path, key)))]
    if isinstance(value, list):
        return [found for index, inner in enumerate(value) for found in _objects(inner, (*path, index))]
    return []


_PLACES = [(name, place) for name, golden in _GOLDEN.items() for place in _objects(golden["sent"])]


@given(st.sampled_from(_PLACES), st.sampled_from(_WORDS) | st.text(min_size=1, max_size=12))
def test_a_key_is_never_dropped(place: tuple[str, tuple[str | int, ...]], key: str) -> None:
    name, path = place
    sent = json.loads(json.dumps(_GOLDEN[name]["sent"]))
    holder = at_path(sent, path)
    if key in holder:
        return
    holder[key] = _UNLIKE_ANYTHING
    if not (pointers := _pointers(sent)):
        assert native_of(sent) != _GOLDEN[name]["native"]
        return
    assert any(pointer.startswith(to_pointer(path)) for pointer in pointers)


def _pointers(sent: Any) -> list[str]:
    """The places of all mistakes in a definition."""
    try:
        compile_workflow(sent, CATALOGUE)
    except DefinitionError as error:
        return [fault.pointer for fault in error.faults]
    return []


def _everywhere(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """All places in a JSON value but the outermost."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, one in inner for place in ((*path, key), *_everywhere(one, (*path, key)))]


_ANYWHERE = [(name, place) for name, golden in _GOLDEN.items() for place in _everywhere(golden["sent"])]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "{{ x.y }}", "{{", "d", "get", "1", ""]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "steps", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.sampled_from(_ANYWHERE), _JSON)
def test_every_mistake_has_a_place_in_what_was_sent(place: tuple[str, tuple[str | int, ...]], value: Any) -> None:
    name, path = place
    sent = json.loads(json.dumps(_GOLDEN[name]["sent"]))
    at_path(sent, path[:-1])[path[-1]] = value
    for pointer in _pointers(sent):
        at_path(sent, from_pointer(pointer))
