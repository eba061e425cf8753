"""What of a large event a filter is given."""

from typing import Any

import pytest

from gnatwork_manager.triggers.event_filter import mentioned

EVENT = {"kind": "push", "repository": {"name": "a"}, "commits": ["large"] * 9}
DETAILS = {"headers": {"x": "1"}, "type": "webhook", "id": "hook"}


@pytest.mark.parametrize(
    ("expression", "event", "trigger"),
    [
        ("event.kind === 'push'", {"kind": "push"}, None),
        ("event.repository?.name && trigger.headers['x']", {"repository": {"name": "a"}}, {"headers": {"x": "1"}}),
        ("event.kind && event.repository.name", {"kind": "push", "repository": {"name": "a"}}, None),
        ("event.missing ?? true", {}, None),
        ("Object.keys(event).length && event.kind", EVENT, None),
        ("event.kind && Object.keys(event).length", EVENT, None),
        ("event[trigger.id]", EVENT, {"id": "hook"}),
        ("['kind'].map(event => event.length)", None, None),
    ],
)
def test_only_what_it_names(expression: str, event: Any, trigger: Any) -> None:
    found = mentioned(expression, {"event": EVENT, "trigger": DETAILS})
    assert (found.get("event"), found.get("trigger")) == (event, trigger)


@pytest.mark.parametrize("event", [[1, 2], "text", None])
def test_what_is_no_object_is_given_as_it_is(event: Any) -> None:
    assert mentioned("event.length", {"event": event, "trigger": {}}) == {"event": event}
