"""A small catalogue, and what the compiler makes of definitions with it."""

from typing import Any

import pytest

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.errors import DefinitionError
from gnatwork_schemas.template import PathExpression

_TEXT = {"type": "string"}
_SCHEMAS: dict[str, dict[str, Any] | bool] = {
    "noop": True,
    "get": {
        "type": "object",
        "additionalProperties": False,
        "required": ["url"],
        "properties": {
            "url": {"type": "string", "format": "uri", "maxLength": 30},
            "method": {"enum": ["GET", "POST", "DELETE"]},
            "retries": {"type": "integer", "minimum": 0, "maximum": 5},
            "headers": {"type": "object", "additionalProperties": _TEXT},
            "json": True,
            "body": {"anyOf": [_TEXT, {"type": "null"}]},
            "tags": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 3, "uniqueItems": True},
            "auth": {"oneOf": [{"$ref": "#/$defs/Basic"}, {"$ref": "#/$defs/Bearer"}]},
        },
        "not": {"required": ["json", "body"]},
        "$defs": {
            "Basic": {
                "type": "object",
                "additionalProperties": False,
                "required": ["user", "password"],
                "properties": {"user": _TEXT, "password": _TEXT},
            },
            "Bearer": {
                "type": "object",
                "additionalProperties": False,
                "required": ["token"],
                "properties": {"token": _TEXT},
            },
        },
    },
    "broken": {"type": "objct"},
    "condition": {
        "type": "object",
        "additionalProperties": False,
        "required": ["if"],
        "properties": {"if": {"type": ["string", "boolean"]}, "values": {"type": "object"}},
    },
    "switch": {
        "type": "object",
        "additionalProperties": False,
        "required": ["cases"],
        "properties": {
            "on": {"anyOf": [_TEXT, {"type": "null"}]},
            "cases": {"type": "object", "minProperties": 1},
            "default": {"anyOf": [_TEXT, {"type": "null"}]},
            "values": {"type": "object"},
        },
    },
    "transform": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"set": {"type": "object"}, "expression": _TEXT, "values": {"type": "object"}},
    },
}
_SCHEMAS["filter"] = _SCHEMAS["condition"]


_ENTRIES = [
    *(
        BlockType(type=type_, title=type_, summary=type_, config_schema=schema, output_schema=True)
        for type_, schema in _SCHEMAS.items()
    ),
    BlockType(type="answer", title="", summary="", config_schema=True, output_schema=True, responds=True),
    BlockType(type="plain", title="", summary="", config_schema=True, output_schema=True, plain=True),
    BlockType(type="scarce", title="", summary="", config_schema=True, output_schema=True, concurrency=3),
    BlockType(type="gate", title="", summary="", config_schema=True, output_schema=True, ports=("open", "shut")),
]
CATALOGUE = {entry.type: entry for entry in _ENTRIES}


def compiled(raw: Any) -> ControlBlock:
    """The control block of a definition without mistakes."""
    return compile_definition(raw, CATALOGUE)


def faults_of(raw: Any) -> list[tuple[str, str, str]]:
    """Pointer, code and message of every mistake."""
    with pytest.raises(DefinitionError) as caught:
        compile_definition(raw, CATALOGUE)
    return [(fault.pointer, fault.code, fault.message) for fault in caught.value.faults]


def places_of(raw: Any) -> list[tuple[str, str]]:
    """Pointer and code of every mistake."""
    return [(pointer, code) for pointer, code, _ in faults_of(raw)]


def noop(id_: str, **fields: Any) -> dict[str, Any]:
    """A block that can't be wrong by itself."""
    return {"id": id_, "type": "noop", **fields}


def needs_of(control_block: ControlBlock) -> dict[str, list[str]]:
    """What each block waits for, as one would write it."""
    return {
        block.id: [need.block if need.port == "out" else f"{need.block}.{need.port}" for need in block.needs]
        for block in control_block.blocks
    }


def block_of(control_block: ControlBlock, id_: str) -> ControlledBlock:
    """The block of this id, outside of loops and groups."""
    return next(block for block in control_block.blocks if block.id == id_)


def leaves_of(block: ControlledBlock) -> dict[str, tuple[str, int]]:
    """What the templates of a config that are each one path lead to, and how many scopes outwards, by place."""
    return {
        ".".join(map(str, leaf.at)): (".".join(map(str, part.path)), part.up)
        for leaf in block.templates
        for part in leaf.parts
        if isinstance(part, PathExpression)
    }
