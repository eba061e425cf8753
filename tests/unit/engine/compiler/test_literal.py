"""Texts that no template may be a part of."""

from typing import Any

import pytest
from support.definitions import CATALOGUE

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.errors import DefinitionError

_STATEMENT = {"anyOf": [{"type": "string", "x-gnatwork-literal": True}, {"type": "null"}]}
ASK = BlockType(
    type="ask",
    title="Ask",
    summary="Asks.",
    config_schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "url": {"type": "string"},
            "statement": _STATEMENT,
            "parameters": {"type": "object"},
            "steps": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Step"}}, {"type": "null"}]},
        },
        "$defs": {
            "Step": {
                "type": "object",
                "properties": {
                    "statement": {"type": "string", "x-gnatwork-literal": True},
                    "parameters": {"type": "object"},
                    "then": {"$ref": "#/$defs/Step"},
                },
            }
        },
    },
    output_schema=True,
)


def faults_of(config: Any) -> list[tuple[str, str]]:
    try:
        compile_definition({"blocks": [{"id": "a", "type": "ask", "config": config}]}, {**CATALOGUE, "ask": ASK})
    except DefinitionError as error:
        return [(fault.pointer, fault.code) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"statement": "SELECT {{ input.x }}"}, "/statement"),
        ({"statement": "{{ input.x }}"}, "/statement"),
        ({"steps": [{"statement": "SELECT 1"}, {"statement": "SELECT {{ input.x }}"}]}, "/steps/1/statement"),
        ({"steps": [{"statement": "SELECT 1", "then": {"statement": "{{ input.x }}"}}]}, "/steps/0/then/statement"),
        ({"steps": ["{{ input.step }}"]}, "/steps/0"),
        ({"steps": "{{ input.steps }}"}, "/steps"),
        ("{{ input }}", ""),
    ],
)
def test_what_is_carried_out_is_written_out(config: Any, pointer: str) -> None:
    assert (f"/blocks/0/config{pointer}", "block.config_invalid") in faults_of(config)


@pytest.mark.parametrize(
    "config",
    [
        {"statement": "SELECT :x", "parameters": {"x": "{{ input.x }}", "y": {"z": "{{ input.y }}"}}},
        {"url": "{{ connections.shop.url }}", "steps": [{"statement": "SELECT 1", "parameters": "{{ input }}"}]},
    ],
)
def test_values_come_beside_it(config: Any) -> None:
    assert faults_of(config) == []
