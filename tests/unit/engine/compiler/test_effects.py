"""Fields that could have no effect where they stand."""

from typing import Any

import pytest
from support.definitions import compiled, faults_of, noop

INSIDE = {"blocks": [noop("x")]}
STEPS: dict[str, dict[str, Any]] = {
    "loop": {"config": {"items": [1]}, **INSIDE},
    "group": INSIDE,
    "delay": {"config": {"for": "1s"}},
    "wait": {},
    "workflow": {"config": {"name": "x"}},
    "script": {"config": {"source": "function main() {}"}},
}
HAS_EFFECT = {
    "workflow": {"retry", "timeout", "compensate"},
    "script": {"timeout", "compensate", "priority"},
}
FIELDS: dict[str, Any] = {
    "retry": {"max_attempts": 2},
    "timeout": "1s",
    "idempotent": True,
    "compensate": {"type": "noop"},
    "priority": "normal",
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("type_", STEPS)
def test_what_would_be_ignored_is_refused(type_: str, field: str) -> None:
    raw = {"blocks": [{"id": "a", "type": type_, **STEPS[type_], field: FIELDS[field]}]}
    if field in HAS_EFFECT.get(type_, ()):
        compiled(raw)
        return
    ((pointer, code, message),) = faults_of(raw)
    assert (pointer, code) == (f"/blocks/0/{field}", "definition.no_effect")
    assert message.startswith(f"`{field}` has no effect on a `{type_}`: ")


@pytest.mark.parametrize("type_", STEPS)
def test_what_has_an_effect_everywhere(type_: str) -> None:
    it = {"id": "a", "type": type_, **STEPS[type_], "when": "input.x", "join": "any", "on_error": "continue"}
    found = compiled({"blocks": [noop("b"), {**it, "needs": ["b.error"], "name": "A", "retry": None}]}).blocks[2]
    assert (found.on_error, found.handles) == ("continue", ("b",))


def test_the_time_of_a_child_run_that_is_not_waited_for() -> None:
    raw = {"blocks": [{"id": "a", "type": "workflow", "config": {"name": "x", "wait": False}, "timeout": "1s"}]}
    ((pointer, code, message),) = faults_of(raw)
    assert (pointer, code) == ("/blocks/0/timeout", "definition.no_effect")
    assert "does not wait for the child run" in message


@pytest.mark.parametrize("type_", ["noop", "workflow", "script"])
def test_nothing_is_undone_in_what_handles_a_failure(type_: str) -> None:
    it = {"id": "b", "type": type_, **STEPS.get(type_, {}), "compensate": {"type": "noop"}}
    ((pointer, code, message),) = faults_of({"blocks": [noop("a")], "on_failure": [it]})
    assert (pointer, code) == ("/on_failure/0/compensate", "definition.no_effect")
    assert "which runs when all compensations are over" in message
