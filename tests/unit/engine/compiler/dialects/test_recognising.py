"""Which language a definition is written in."""

from typing import Any

import pytest
from support.dialects import compiled, faults_of, places_of

_STEP = {"id": "a", "type": "noop"}
_ACTION = {"id": "a", "name": "A", "type": "ACTION", "ref": "noop"}


@pytest.mark.parametrize(
    ("raw", "pointer", "told"),
    [
        ({"entryStepId": "a", "blocks": [_STEP]}, "/blocks", "the native language, but /entryStepId to a step graph"),
        ({"trigger": {"type": "manual"}, "steps": [_ACTION]}, "/steps/0/ref", "a step graph, but /trigger to ordered"),
        ({"trigger": {"type": "manual"}, "triggers": [], "steps": [_STEP]}, "/triggers", "the native language"),
        (
            {"steps": [{**_STEP, "position": 1, "needs": ["b"]}]},
            "/steps/0/needs",
            "but /steps/0/position to typed steps",
        ),
        ({"steps": [{**_STEP, "needs": ["b"]}, {**_ACTION, "next": "a"}]}, "/steps/1/ref", "a step graph"),
        ({"entryStepId": "a", "retryMaxAttempts": 3, "steps": [_ACTION]}, "/retryMaxAttempts", "typed steps"),
    ],
)
def test_a_mixture_is_refused_where_the_second_language_begins(raw: Any, pointer: str, told: str) -> None:
    first = faults_of(raw)[0]
    assert first[:2] == (pointer, "definition.invalid")
    assert told in first[2]


def test_a_type_alone_tells_of_typed_steps() -> None:
    block = compiled({"steps": [{"id": "a", "type": "http_request", "config": {"url": "https://example.com"}}]})
    assert block.control_block.blocks[0].type == "fetch"


def test_a_trigger_makes_the_same_type_one_of_ordered_steps() -> None:
    step = {"id": "a", "type": "http_request", "config": {"url": "https://example.com/{{payload.x}}"}}
    found = compiled({"trigger": {"type": "manual"}, "steps": [step]})
    assert found.control_block.blocks[0].type == "fetch"
    assert found.triggers == ()


def test_what_has_no_mark_is_native() -> None:
    assert places_of({"steps": [{"id": "a", "type": "nope"}]}) == [("/steps/0/type", "block.unknown_type")]
