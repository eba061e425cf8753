"""Triggers of types that integrations bring."""

from typing import Any

import pytest
from support.definitions import CATALOGUE, noop

from gnatwork_engine.compiler import compile_workflow
from gnatwork_schemas.errors import DefinitionError
from gnatwork_schemas.integration import TriggerType
from gnatwork_schemas.triggers import AnyTrigger, EventTrigger, PollingTrigger, WebhookTrigger


def type_of(trigger: dict[str, Any], **properties: Any) -> TriggerType:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return TriggerType(type="shop", title="Shop", summary="A shop.", config_schema=schema, trigger=trigger)


SHOP = type_of(
    {
        "type": "webhook",
        "path": "{{ config.path }}",
        "auth": "hmac",
        "signature": "github",
        "secret": "{{ connections.{{ config.connection }}.secret }}",
        "delivery": "{{ event.id }}",
        "filter": "{{ config.kinds }}.includes(event.kind) || event.shop === {{ config.shop }}",
        "input": {"order": "{{ event.order }}", "shop": "{{ config.shop }}"},
    },
    connection={"type": "string"},
    path={"type": "string"},
    shop={"type": "string", "default": 'the "one"'},
    kinds={"type": "array", "items": {"type": "string"}, "default": []},
)


def triggers_of(*written: Any, type_: TriggerType = SHOP) -> tuple[AnyTrigger, ...]:
    definition = {"blocks": [noop("a")], "triggers": list(written)}
    return compile_workflow(definition, CATALOGUE, {type_.type: type_}).triggers


def faults_of(*written: Any, type_: TriggerType = SHOP) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as error:
        triggers_of(*written, type_=type_)
    return [(fault.pointer, fault.code) for fault in error.value.faults]


def test_it_becomes_one_of_the_engine_and_keeps_what_was_written() -> None:
    written: dict[str, Any] = {
        "id": "new",
        "type": "shop",
        "connection": "main",
        "path": "/shop",
        "kinds": ["a", "b"],
        "enabled": False,
    }
    (trigger,) = triggers_of(written)
    assert trigger == WebhookTrigger(
        id="new",
        type="webhook",
        enabled=False,
        path="/shop",
        auth="hmac",
        signature="github",
        secret="{{ connections.main.secret }}",
        delivery="{{ event.id }}",
        filter='["a","b"].includes(event.kind) || event.shop === "the \\"one\\""',
        input={"order": "{{ event.order }}", "shop": 'the "one"'},
        written=written,
    )


def test_an_input_of_its_own_counts_and_what_is_not_given_is_left_out() -> None:
    (trigger,) = triggers_of({"id": "new", "type": "shop", "connection": "main", "input": "{{ event.order.id }}"})
    assert isinstance(trigger, WebhookTrigger)
    assert (trigger.input, trigger.path) == ("{{ event.order.id }}", None)
    assert trigger.filter == '[].includes(event.kind) || event.shop === "the \\"one\\""'


def test_a_default_stands_in_for_a_field_and_values_keep_their_type() -> None:
    type_ = type_of(
        {
            "type": "polling",
            "every": "{{ config.every ?? '5m' }}",
            "block": "get",
            "fetch": {"url": "https://shop.test/{{ config.path }}?n={{ config.n }}", "json": "{{ config.n }}"},
        },
        every={},
        path={"type": "string"},
        n={"type": "integer"},
    )
    (trigger,) = triggers_of({"id": "new", "type": "shop", "path": "a", "n": 3}, type_=type_)
    assert isinstance(trigger, PollingTrigger)
    assert (trigger.every, trigger.fetch) == (300.0, {"url": "https://shop.test/a?n=3", "json": 3})


def test_any_of_the_engines_triggers_can_be_meant() -> None:
    type_ = type_of({"type": "event", "subject": "shop.{{ config.name }}.created"}, name={"type": "string"})
    (trigger,) = triggers_of({"id": "new", "type": "shop", "name": "x"}, type_=type_)
    assert isinstance(trigger, EventTrigger)
    assert trigger.subject == "shop.x.created"
    bad = {"id": "new", "type": "shop", "name": "x y"}
    assert faults_of(bad, type_=type_) == [("/triggers/0/name", "trigger.bad_subject")]


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"conection": "main"}, [("/triggers/0/conection", "trigger.invalid")]),
        ({"connection": 7}, [("/triggers/0/connection", "trigger.invalid")]),
        ({"connection": "main", "path": "no slash"}, [("/triggers/0/path", "trigger.invalid")]),
        ({"connection": "two words"}, [("/triggers/0/connection", "trigger.invalid")]),
        ({}, [("/triggers/0", "trigger.invalid")]),
        ({"connection": "main", "id": "Ü"}, [("/triggers/0/id", "trigger.invalid")]),
        ({"connection": "main", "enabled": "yes"}, [("/triggers/0/enabled", "trigger.invalid")]),
        ({"connection": "main", "input": "{{ evnt }}"}, [("/triggers/0/input", "template.unknown_root")]),
        ({"connection": "main", "input": {"a": ["{{ x"]}}, [("/triggers/0/input/a/0", "template.invalid")]),
        ({"connection": "main", "written": {}}, [("/triggers/0/written", "trigger.invalid")]),
        ({"connection": "main", "type": "shp"}, [("/triggers/0/type", "trigger.unknown_type")]),
    ],
)
def test_what_is_wrong_is_told_of_what_was_written(fields: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    found = faults_of({"id": "new", "type": "shop", **fields})
    assert [(pointer, _family(code)) for pointer, code in found] == [(p, _family(c)) for p, c in faults]


def _family(code: str) -> str:
    return "trigger.invalid" if code == "definition.invalid" else code


def test_two_of_one_id_are_still_found() -> None:
    one = {"id": "new", "type": "shop", "connection": "main"}
    assert faults_of(one, one) == [("/triggers/1/id", "trigger.invalid")]


def test_no_one_can_write_what_only_the_compiler_writes() -> None:
    assert faults_of({"id": "new", "type": "webhook", "written": {"type": "x"}}) == [
        ("/triggers/0/written", "definition.invalid")
    ]


def test_a_type_never_stands_for_one_of_the_engines_own_or_for_another_type() -> None:
    own = type_of({"type": "schedule", "cron": "@daily"}).model_copy(update={"type": "webhook"})
    (trigger,) = triggers_of({"id": "new", "type": "webhook"}, type_=own)
    assert isinstance(trigger, WebhookTrigger)
    circle = type_of({"type": "shop"})
    assert faults_of({"id": "new", "type": "shop"}, type_=circle) == [("/triggers/0/type", "trigger.unknown_type")]


@pytest.mark.parametrize(
    "type_",
    [
        type_of({"type": "webhook", "path": "{{ config.path | upper }}"}),
        type_of({"type": "webhook"}).model_copy(update={"config_schema": {"type": "nonsense"}}),
    ],
)
def test_a_type_that_is_itself_wrong_is_told_of(type_: TriggerType) -> None:
    assert faults_of({"id": "new", "type": "shop"}, type_=type_) == [("/triggers/0/type", "trigger.invalid")]


def test_a_poll_asks_by_a_block_that_is_there() -> None:
    poll = {"id": "p", "type": "polling", "every": "1m", "fetch": {}}
    assert faults_of({**poll, "block": "git"}) == [("/triggers/0/block", "block.unknown_type")]
