"""Schedules and polls of a definition: a mistake in cron, time zone or request is named at its place."""

from typing import Any

import pytest

from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.triggers import read_triggers
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.errors import DefinitionError
from gnatwork_schemas.triggers import ScheduleTrigger


def read(**fields: Any) -> ScheduleTrigger:
    faults = Faults()
    (trigger,) = read_triggers([{"id": "nightly", "type": "schedule", **fields}], faults)
    faults.stop_if_any()
    assert isinstance(trigger, ScheduleTrigger)
    return trigger


def faults_of(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as raised:
        read(**fields)
    return [(fault.pointer, fault.code) for fault in raised.value.faults]


@pytest.mark.parametrize("cron", ["0 3 * * *", "30 0 3 * * *", "@daily", "0 9 * * MON-FRI", "0 0 L * *"])
def test_what_a_schedule_may_say(cron: str) -> None:
    assert read(cron=cron, timezone="Europe/Madrid").cron == cron


@pytest.mark.parametrize("cron", ["every day", "61 * * * *", "0 0 30 2 *", "@fortnightly"])
def test_what_is_no_cron(cron: str) -> None:
    assert faults_of(cron=cron) == [("/triggers/0/cron", "trigger.bad_cron")]


def test_both_mistakes_are_named_at_once() -> None:
    assert faults_of(cron="* * *", timezone="Mars/Olympus") == [
        ("/triggers/0/cron", "trigger.bad_cron"),
        ("/triggers/0/timezone", "trigger.bad_timezone"),
    ]


@pytest.mark.parametrize(
    ("fetch", "wrong"),
    [
        ({"url": "http://a/{{ cursor }}"}, []),
        ({"url": "http://a", "timeout": "{{ cursor }}"}, []),
        ({"url": "http://a", "timeout": []}, ["/triggers/0/fetch/timeout"]),
        ({"address": "http://a"}, ["/triggers/0/fetch", "/triggers/0/fetch/address"]),
    ],
)
def test_what_a_poll_fetches_meets_the_schema_of_the_block(fetch: dict[str, Any], wrong: list[str]) -> None:
    schema = {
        "type": "object",
        "required": ["url"],
        "properties": {"url": {"type": "string"}, "timeout": {"type": "string"}},
        "additionalProperties": False,
    }
    block_type = BlockType(type="fetch", title="Fetch", summary="", config_schema=schema, output_schema=True)
    faults = Faults()
    read_triggers([{"id": "p", "type": "polling", "every": "1m", "fetch": fetch}], faults, {"fetch": block_type})
    found = [(fault.pointer, fault.code) for fault in faults.error().faults] if faults else []
    assert sorted(found) == [(pointer, "block.config_invalid") for pointer in wrong]
