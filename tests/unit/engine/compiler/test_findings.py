"""Corners of schemas that are rare in configs."""

from typing import Any

import pytest

from gnatwork_engine.compiler.findings import Unknowns
from gnatwork_engine.compiler.schemas import check

_FORMS = {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 5}]}
_IF = {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}


@pytest.mark.parametrize(
    ("schema", "value", "path", "message"),
    [
        (False, 1, (), "is not allowed here"),
        ({"const": 7}, 8, (), "must be 7"),
        (_FORMS, 6, (), "has several of its possible forms at once; leave out what belongs to another"),
        (_FORMS, 1.5, (), "must be at least 5"),
        (_IF, {"a": 1}, (), "`b` is missing"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, (), "`b` is missing"),
        ({"properties": {"a": {"pattern": "^x"}}}, {"a": "y"}, ("a",), "must match `^x`"),
        ({"exclusiveMinimum": 0}, 0, (), "must be more than 0"),
        ({"exclusiveMaximum": 0}, 0, (), "must be less than 0"),
        ({"minLength": 1}, "", (), "must have at least 1 characters"),
        ({"minProperties": 1}, {}, (), "must have at least 1 entries"),
        ({"maxProperties": 0}, {"a": 1}, (), "must have at most 0 entries"),
        ({"unevaluatedProperties": False}, {"a": 1}, ("a",), "there is no `a` here"),
        ({"multipleOf": 2}, 3, (), "3 is not a multiple of 2"),
        ({"not": {}}, "x" * 500, (), '{} is not allowed for "' + "x" * 177 + "…"),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, (), '"ab" is longer than 1 character'),
    ],
)  # fmt: skip
def test_a_finding(schema: Any, value: Any, path: tuple[str, ...], message: str) -> None:
    assert check(schema, value) == [(path, message)]


def test_the_same_is_said_once() -> None:
    assert len(check({"allOf": [{"type": "string"}, {"type": "string"}]}, 1)) == 1


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (_IF, {"a": "?"}),
        ({"contains": {"const": 1}}, ["?"]),
        ({"enum": [["x"]]}, ["?"]),
        ({"not": {"const": ["x"]}}, ["?"]),
        ({"oneOf": [{"items": {"type": "string"}}, {"items": {"type": "integer"}}]}, ["?"]),
        ({"anyOf": [{"items": {"type": "integer"}}, {"type": "object"}]}, ["?"]),
    ],
)
def test_what_depends_on_an_unknown_place_is_left_open(schema: Any, value: Any) -> None:
    place = ("a",) if isinstance(value, dict) else (0,)
    assert check(schema, value, Unknowns([place])) == []


def test_of_a_large_value_only_the_first_mistake_is_told() -> None:
    schema = {"items": {"type": "string"}}
    assert len(check(schema, [1] * 10)) == 10
    assert check(schema, [1] * 500_000) == [((0,), "must be a text, not a number")]


def test_a_value_that_nests_too_deeply_is_refused() -> None:
    deep: Any = 1
    for _ in range(1000):
        deep = [deep]
    schema = {
        "$defs": {"list": {"type": ["array", "string"], "items": {"$ref": "#/$defs/list"}}},
        "$ref": "#/$defs/list",
    }
    assert check(schema, deep) == [((), "nests too deeply to be checked; make it flatter")]
