"""Ordered steps: their triggers, their types, and mistakes at the places where they were made."""

from typing import Any

import pytest
from support.dialects import compiled, faults_of, native_of, places_of

from gnatwork_schemas.triggers import ScheduleTrigger, WebhookTrigger

_TRIGGER = {"type": "manual"}
_REQUEST = {"url": "https://example.com/"}


def ordered(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"trigger": _TRIGGER, "steps": list(steps), **more}


def step(type_: str, config: Any = None, id_: str = "a") -> dict[str, Any]:
    return {"id": id_, "type": type_, **({} if config is None else {"config": config})}


@pytest.mark.parametrize(
    ("type_", "config", "expected"),
    [
        (
            "http_request",
            {"path": "a/b", "method": "put"},
            WebhookTrigger(id="webhook", type="webhook", path="/a/b", method="PUT"),
        ),
        ("webhook", None, WebhookTrigger(id="webhook", type="webhook")),
        ("schedule", {"cron": "@daily"}, ScheduleTrigger(id="schedule", type="schedule", cron="@daily")),
        ("manual", {}, None),
    ],
)
def test_triggers(type_: str, config: Any, expected: Any) -> None:
    trigger = {"type": type_} if config is None else {"type": type_, "config": config}
    found = compiled(ordered(step("noop"), trigger=trigger)).triggers
    assert found == (() if expected is None else (expected,))


@pytest.mark.parametrize(
    ("trigger", "pointer", "code", "told"),
    [
        ({"type": "webhok"}, "/trigger/type", "trigger.invalid", "did you mean `webhook`"),
        ({"type": "cron", "config": {"cron": "61 * * * *"}}, "/trigger/config/cron", "trigger.bad_cron", ""),
        ({"type": "cron"}, "/trigger", "definition.invalid", "`cron` is missing"),
        ({"type": "webhook", "config": {"pth": "/a"}}, "/trigger/config/pth", "trigger.invalid", "did you mean `path`"),
        ({"type": "webhook", "config": {"id": "x"}}, "/trigger/config/id", "trigger.invalid", "there is no `id`"),
        ({"type": "webhook", "config": {"path": "/a b"}}, "/trigger/config/path", "definition.invalid", ""),
        ({"type": "manual", "config": {"x": 1}}, "/trigger/config/x", "definition.invalid", "there is no `x`"),
        ({"type": "manual", "extra": 1}, "/trigger/extra", "trigger.invalid", "there is no `extra`"),
        ({}, "/trigger", "trigger.invalid", "`type` is missing"),
        ("webhook", "/trigger", "trigger.invalid", "is an object"),
    ],
)
def test_mistakes_in_triggers(trigger: Any, pointer: str, code: str, told: str) -> None:
    ((*place, message),) = faults_of(ordered(step("noop"), trigger=trigger))
    assert place == [pointer, code]
    assert told in message


@pytest.mark.parametrize(
    ("one", "pointer", "code", "told"),
    [
        (step("send_letter", {"to": "{{payload.x}}"}), "/type", "block.unknown_type", "`send-letter`"),
        (step("send_email", {"text": "{{payload.x}}", "tto": 1}), "/config/tto", "block.config_invalid", "no `tto`"),
        (step("send_email", "{{payload.x"), "/config", "template.invalid", ""),
        (
            step("filter", {"expression": "payload.total >"}),
            "/config/expression",
            "expression.syntax",
            "line 1, column",
        ),
        (step("filter", {"expression": "1 &&\n !total"}), "/config/expression", "expression.unknown_name", "`total`"),
        (step("filter", {"expresion": "1"}), "/config/expresion", "block.config_invalid", "there is no `expresion`"),
        (step("filter", {"expression": "1", "if": "2"}), "/config/if", "block.config_invalid", "there is no `if`"),
        (step("noop", {"x": ["{{payoad.x}}"]}), "/config/x/0", "template.unknown_root", "did you mean `payload`"),
        (step("noop", {"x": "{{steps.b.y}}"}), "/config/x", "template.unknown_root", "no block `b`"),
        (step("noop", {"x": "{{a.y}}"}), "/config/x", "template.unknown_root", "`steps.a`"),
        (step("noop", {"x": "{{steps.a}}"}), "/config/x", "template.not_upstream", "its own output"),
        (step("noop", {"x": "{{payload.}}"}), "/config/x", "template.invalid", "a name after"),
        (
            step("http", {"url": "https://example.com", "mehtod": "GET"}),
            "/config/mehtod",
            "block.config_invalid",
            "`method`",
        ),
        (step("http", {**_REQUEST, "method": "FLY"}), "/config/method", "block.config_invalid", "must be one of"),
        (step("http", {**_REQUEST, "timeout": 1.5}), "/config/timeout", "block.config_invalid", "milliseconds"),
        (step("http", {**_REQUEST, "timeout": "soon"}), "/config/timeout", "definition.invalid", "a duration"),
        (step("http", {**_REQUEST, "body": 1, "json": 1}), "/config/json", "block.config_invalid", "one of the two"),
        (step("http", {"method": "GET"}), "/config", "block.config_invalid", "`url` is missing"),
        (step("http"), "", "block.config_invalid", "`url` is missing"),
        (step("delay", {"ms": 1, "seconds": 1}), "/config", "block.config_invalid", "just one"),
        (step("delay", {"ms": "soon"}), "/config/ms", "block.config_invalid", ""),
        (step("delay", {"minutes": 1}), "/config/minutes", "block.config_invalid", "there is no `minutes`"),
        (step("delay", {"for": "1 hour"}), "/config/for", "block.config_invalid", "a duration"),
        (step("noop", id_="a b"), "/id", "definition.invalid", "`id`"),
        (step("noop", id_="input"), "/id", "definition.reserved_id", ""),
        ({**step("noop"), "retry": 3}, "/retry", "definition.invalid", "in the native language there is one"),
        ({**step("noop"), "cnfig": 3}, "/cnfig", "definition.invalid", "did you mean `config`"),
        ({"id": "a"}, "", "definition.invalid", "`type` is missing"),
        ("noop", "", "definition.invalid", "a block is an object"),
    ],
)
def test_mistakes_in_steps(one: Any, pointer: str, code: str, told: str) -> None:
    (fault, *_) = [fault for fault in faults_of(ordered(one)) if fault[0] == f"/steps/0{pointer}"]
    assert fault[1] == code
    assert told in fault[2]


def test_all_mistakes_are_told_at_once() -> None:
    raw = ordered(
        step("send_letter"), step("filter", {"expression": "("}, "b"), {**step("noop", "{{x}}", "c"), "y": 1}, z=1
    )
    assert sorted(places_of(raw)) == [
        ("/steps/0/type", "block.unknown_type"),
        ("/steps/1/config/expression", "expression.syntax"),
        ("/steps/2/config", "template.unknown_root"),
        ("/steps/2/y", "definition.invalid"),
        ("/z", "definition.invalid"),
    ]


def test_a_step_does_not_see_a_later_one() -> None:
    raw = ordered(step("filter", {"expression": "steps.b > 1"}), step("noop", 1, "b"))
    assert places_of(raw) == [("/steps/0/config/expression", "template.not_upstream")]


def test_the_same_id_twice_is_told_with_the_place_of_the_first() -> None:
    ((pointer, code, message),) = faults_of(ordered(step("noop"), step("noop")))
    assert (pointer, code) == ("/steps/1/id", "definition.duplicate_id")
    assert "/steps/0" in message


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"a": "{{payload.x}}"}, {"json": {"a": "{{ input.x }}"}}),
        ("{{payload}}", {"json": "{{ input }}"}),
        ("x={{payload.x}}", {"body": "x={{ input.x }}"}),
        ([1], {"json": [1]}),
        (False, {"json": False}),
    ],
)
def test_bodies_of_requests(body: Any, sent: Any) -> None:
    native = native_of(ordered(step("http_request", {**_REQUEST, "body": body})))
    assert native["steps"][0]["config"] == {**_REQUEST, **sent}


def test_a_name_that_addresses_can_not_have_is_rewritten_or_refused() -> None:
    assert native_of(ordered(step("noop"), name="Größte Bestellung #1"))["name"] == "grosste-bestellung-1"
    assert places_of(ordered(step("noop"), name="订单")) == [("/name", "definition.invalid")]


@pytest.mark.parametrize(
    ("given", "native"),
    [({}, "{{ connections.mailer }}"), ({"connection": "{{connections.post}}"}, "{{ connections.post }}")],
)
def test_mail_goes_by_way_of_the_connection_of_that_name_unless_a_step_has_another(
    given: dict[str, str], native: str
) -> None:
    raw = ordered(step("send_email", {"to": "{{payload.to}}", "text": "Hot.", **given}))
    (translated,) = native_of(raw)["steps"]
    assert translated["type"] == "send-email"
    assert translated["config"] == {"connection": native, "to": "{{ input.to }}", "text": "Hot."}
