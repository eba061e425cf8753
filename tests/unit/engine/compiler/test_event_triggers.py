"""Event triggers: what they may listen to, and their filters."""

from typing import Any

import pytest
from support.definitions import CATALOGUE, faults_of, noop

from gnatwork_engine.compiler import compile_workflow


def listening(**trigger: Any) -> dict[str, Any]:
    return {"blocks": [noop("a")], "triggers": [{"id": "t", "type": "event", "subject": "orders.created", **trigger}]}


@pytest.mark.parametrize(
    "trigger",
    [
        {},
        {"subject": "orders.*.created", "stream": "ORDERS"},
        {"subject": "orders.>"},
        {"subject": "workflow.*.complete"},
        {"subject": "History.x"},
        {"filter": "event.total > 50 && trigger.subject.endsWith('d') && Math.abs(event.n) > 1"},
    ],
)
def test_what_can_be_listened_to(trigger: Any) -> None:
    assert len(compile_workflow(listening(**trigger), CATALOGUE).triggers) == 1


@pytest.mark.parametrize(
    ("trigger", "field", "code", "told"),
    [
        ({"subject": "history.>"}, "subject", "trigger.bad_subject", "belongs to Gnatwork"),
        ({"subject": "gnatwork.api.default.submit"}, "subject", "trigger.bad_subject", "belongs to Gnatwork"),
        ({"subject": "_INBOX.x"}, "subject", "trigger.bad_subject", "belongs to Gnatwork"),
        ({"subject": "$JS.EVENT.>"}, "subject", "trigger.bad_subject", "belongs to Gnatwork"),
        ({"subject": ">"}, "subject", "trigger.bad_subject", "begin with a name"),
        ({"subject": "*.created"}, "subject", "trigger.bad_subject", "begin with a name"),
        ({"subject": "orders..created"}, "subject", "trigger.bad_subject", "no subject"),
        ({"subject": "orders created"}, "subject", "trigger.bad_subject", "no subject"),
        ({"subject": "orders.>.created"}, "subject", "trigger.bad_subject", "whole token"),
        ({"subject": "orders.c*"}, "subject", "trigger.bad_subject", "whole token"),
        ({"stream": "HISTORY"}, "stream", "trigger.invalid", "own stream"),
        ({"stream": "KV_gnatwork_state"}, "stream", "trigger.invalid", "own stream"),
        ({"subject": "workflow.>", "stream": "MINE"}, "stream", "trigger.invalid", "leave out"),
        ({"filter": "event.total >\n> 1"}, "filter", "expression.syntax", "line 2"),
        ({"filter": "evnt.total > 1"}, "filter", "expression.unknown_name", "did you mean `event`"),
        ({"filter": "input.total > 1"}, "filter", "expression.unknown_name", "a filter sees"),
    ],
)
def test_what_can_not(trigger: Any, field: str, code: str, told: str) -> None:
    ((*place, message),) = faults_of(listening(**trigger))
    assert place == [f"/triggers/0/{field}", code]
    assert told in message


def test_the_filter_and_the_delivery_of_a_webhook_are_checked_as_well() -> None:
    hook = {"type": "webhook", "filter": "evnt.total > 1", "delivery": "{{ trigger.id }}"}
    found = faults_of({"blocks": [noop("a")], "triggers": [{"id": "t", **hook}]})
    assert [(pointer, code) for pointer, code, _ in found] == [
        ("/triggers/0/delivery", "template.unknown_root"),
        ("/triggers/0/filter", "expression.unknown_name"),
    ]
