"""The integrations that come with Gnatwork bring what managers can use."""

from importlib.metadata import entry_points
from typing import Any

import pytest

from gnatwork_blocks.integration import ENTRY_POINT_GROUP, Integration
from gnatwork_blocks.integrations import load_integration
from gnatwork_blocks.registry import describe, groups, load
from gnatwork_engine.compiler import compile_workflow
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.compiler.schemas import compiled
from gnatwork_engine.compiler.triggers import read_trigger
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.connections import VALUES
from gnatwork_schemas.integration import ConnectionKind, TriggerType
from gnatwork_schemas.service_trigger import TRIGGER_TYPES

_ENTRIES = {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
INTEGRATIONS: dict[str, Integration] = {
    name: found for name, entry in sorted(_ENTRIES.items()) if (found := load_integration(entry)) is not None
}
TRIGGERS = [trigger for one in INTEGRATIONS.values() for trigger in one.triggers]
CONNECTIONS = [connection for one in INTEGRATIONS.values() for connection in one.connections]
CATALOGUE: dict[str, BlockType] = {
    type_: describe(load(type_)) for name in INTEGRATIONS for type_ in groups().get(name, ())
}
_BEFORE = BlockType(type="before", title="Before", summary="Comes before.", config_schema=True, output_schema=True)
_BLOCKS = [(entry.type, index) for entry in CATALOGUE.values() for index, _ in enumerate(entry.examples)]


def test_they_are_there() -> None:
    assert set(INTEGRATIONS) == set(_ENTRIES)
    assert {"github", "google-sheets", "slack"} <= set(INTEGRATIONS)


def test_no_type_is_brought_twice() -> None:
    for types, own in ((TRIGGERS, TRIGGER_TYPES), (CONNECTIONS, tuple(VALUES))):
        names = [one.type for one in types]
        assert len({*names, *own}) == len(names) + len(own)


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda one: one.type)
def test_a_trigger_becomes_one_of_the_engines_own(trigger: TriggerType) -> None:
    compiled(trigger.config_schema)
    assert trigger.examples
    for example in trigger.examples:
        faults = Faults()
        made = read_trigger(example, (), faults, CATALOGUE, {trigger.type: trigger})
        assert not faults, faults.error().faults
        assert made is not None
        assert made.written == example


@pytest.mark.parametrize("connection", CONNECTIONS, ids=lambda one: one.type)
def test_a_connection_has_a_schema_of_texts_that_tells_what_is_secret(connection: ConnectionKind) -> None:
    compiled(connection.values_schema)
    properties: dict[str, Any] = connection.values_schema["properties"]
    assert set(connection.values_schema.get("required", ())) <= properties.keys()
    assert {field["type"] for field in properties.values()} == {"string"}
    assert connection.secret
    assert connection.help.endswith(".")


@pytest.mark.parametrize(("type_", "index"), _BLOCKS)
def test_the_examples_of_a_block_are_what_it_takes(type_: str, index: int) -> None:
    # What examples mention of blocks before.
    before = [{"id": name, "type": "before"} for name in ("issue", "news", "posted", "report")]
    blocks = [*before, {"id": "it", "type": type_, "config": CATALOGUE[type_].examples[index]}]
    compile_workflow({"blocks": blocks}, {**CATALOGUE, "before": _BEFORE})


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.type)
def test_a_block_says_what_it_is(entry: BlockType) -> None:
    assert entry.examples
    assert entry.summary.endswith(".")
    if "side-effects" in entry.capabilities:
        told = " ".join((load(entry.type).__doc__ or "").split())
        assert "repe" in told or "Done twice" in told, "say how it is kept from being done twice"
