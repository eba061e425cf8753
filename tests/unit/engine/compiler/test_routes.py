"""Ports: which ones a need may name, and how outputs say which one was taken."""

from typing import Any

import pytest
from support.definitions import block_of, compiled, faults_of, needs_of, noop

STEPS: dict[str, dict[str, Any]] = {
    "condition": {"config": {"if": "input.x"}},
    "switch": {"config": {"cases": {"a": "input.a", "b-2": "input.b"}, "default": "c"}},
    "filter": {"config": {"if": "input.x"}},
    "transform": {"config": {"expression": "1"}},
    "gate": {},
    "noop": {},
    "group": {"blocks": [noop("x")]},
    "delay": {"config": {"for": "1s"}},
    "wait": {},
}


@pytest.mark.parametrize(
    ("type_", "ports", "routes"),
    [
        ("condition", ["true", "false"], "port"),
        ("switch", ["a", "b-2", "c"], "port"),
        ("filter", [], "pass"),
        ("transform", [], None),
        ("gate", ["open", "shut"], "port"),
        ("noop", [], None),
        ("group", [], None),
        ("delay", [], None),
        ("wait", [], None),
    ],
)
def test_the_ports_of_a_type(type_: str, ports: list[str], routes: str | None) -> None:
    it = {"id": "it", "type": type_, **STEPS[type_]}
    needs = ["it", "it.error", *(f"it.{port}" for port in ports)]
    control_block = compiled({"blocks": [it, noop("after", needs=needs)]})
    assert needs_of(control_block)["after"] == needs
    assert block_of(control_block, "it").routes == routes
    ((pointer, code, message),) = faults_of({"blocks": [it, noop("after", needs=["it.nope"])]})
    assert (pointer, code) == ("/blocks/1/needs/0", "definition.unknown_need")
    assert message.endswith(f"it has {', '.join(f'`{port}`' for port in ('out', 'error', *ports))}")


def test_a_block_that_runs_per_item_has_no_ports_of_its_own() -> None:
    each = {"id": "it", "type": "condition", **STEPS["condition"], "for_each": {"items": [1]}}
    control_block = compiled({"blocks": [each, noop("after", needs=["it.error"])]})
    (inner,) = block_of(control_block, "it").blocks
    assert (block_of(control_block, "it").routes, inner.routes) == (None, None)
    ((_, _, message),) = faults_of({"blocks": [each, noop("after", needs=["it.true"])]})
    assert message == "`it` has no port `true`; it has `out`, `error`"


def test_those_whose_error_a_block_handles_are_listed_in_the_order_of_its_needs() -> None:
    raw = {"blocks": [noop("a"), noop("b"), noop("c"), noop("d", needs=["c.error", "b", "a.error", "b.error"])]}
    assert block_of(compiled(raw), "d").handles == ("c", "a", "b")
    assert block_of(compiled(raw), "a").handles == ()


def test_a_type_with_few_slots_says_so() -> None:
    control_block = compiled({"blocks": [{"id": "a", "type": "scarce"}, noop("b")]})
    assert [block.type_concurrency for block in control_block.blocks] == [3, None]


def test_priority_is_the_lane() -> None:
    control_block = compiled({"blocks": [noop("a", priority="high"), noop("b")]})
    assert [block.lane for block in control_block.blocks] == ["high", "normal"]
