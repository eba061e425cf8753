"""The schema of the input, and inputs against it."""

from typing import Any

import pytest
from support.definitions import compiled, faults_of, noop

from gnatwork_engine.compiler import check_input

SCHEMA = {
    "type": "object",
    "required": ["url"],
    "properties": {"url": {"type": "string", "format": "uri"}, "at": {"type": "string", "format": "date-time"}},
    "additionalProperties": False,
}


def workflow(schema: Any) -> dict[str, Any]:
    return {"input": schema, "blocks": [noop("a")]}


@pytest.mark.parametrize(
    "schema", [None, True, False, {}, SCHEMA, {"$schema": "http://json-schema.org/draft-07/schema#"}]
)
def test_a_schema_is_kept_as_it_is(schema: Any) -> None:
    assert compiled(workflow(schema)).input == schema


@pytest.mark.parametrize(
    ("schema", "pointer", "told"),
    [
        ({"type": 7}, "/input/type", "`input` is not a JSON Schema: must be"),
        ({"type": "objct"}, "/input/type", "did you mean `object`?"),
        ({"properties": {"a": {"minimum": "x"}}}, "/input/properties/a/minimum", "must be a number, not a text"),
        ({"properties": []}, "/input/properties", "must be an object, not an array"),
        ({"pattern": "("}, "/input/pattern", "must be of the format `regex`"),
        ({"pattern": "(?:a{1000}){1000}"}, "/input/pattern", "must be of the format `regex`"),
        ({"items": {"$ref": "http://127.0.0.1:1/x"}}, "/input/items/$ref", "`http://127.0.0.1:1/x` can't be had"),
        ({"$ref": "file:///etc/passwd"}, "/input/$ref", "schemas are never fetched"),
        ({"allOf": [{}, {"$ref": "other.json"}]}, "/input/allOf/1/$ref", "put it into `$defs` of this one"),
        ({"$ref": "#/$defs/nope"}, "/input/$ref", "`#/$defs/nope` can't be had"),
        ({"$schema": "https://example.org/mine"}, "/input/$schema", "`https://example.org/mine` can't be had"),
    ],
)
def test_what_is_no_schema_is_told_at_its_place(schema: Any, pointer: str, told: str) -> None:
    ((found, code, message),) = faults_of(workflow(schema))
    assert (found, code) == (pointer, "definition.invalid")
    assert told in message


@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        ("text", "/input", "must be an object, not a text"),
        (None, "/input", "must be an object, not null"),
        ({}, "/input", "`url` is missing"),
        ({"url": "no url"}, "/input/url", "must be of the format `uri`"),
        ({"url": "https://x.y/", "at": "noon"}, "/input/at", "must be of the format `date-time`"),
        ({"url": "https://x.y/", "ur/l": 1}, "/input/ur~1l", "there is no `ur/l` here; did you mean `url`?"),
    ],
)
def test_an_input_that_fails_the_schema(value: Any, pointer: str, message: str) -> None:
    (fault,) = check_input(compiled(workflow(SCHEMA)), value)
    assert (fault.pointer, fault.code, fault.message) == (pointer, "input.invalid", message)


def test_an_input_that_meets_the_schema() -> None:
    assert check_input(compiled(workflow(SCHEMA)), {"url": "https://x.y/", "at": "2026-01-01T12:00:00Z"}) == ()


@pytest.mark.parametrize("schema", [None, True, {}])
def test_a_workflow_that_takes_anything_takes_anything(schema: Any) -> None:
    for value in (None, {"a": [1]}, "x"):
        assert check_input(compiled(workflow(schema)), value) == ()


def test_a_workflow_that_takes_nothing_takes_nothing() -> None:
    assert [fault.message for fault in check_input(compiled(workflow(False)), None)] == ["is not allowed here"]


def test_references_inside_the_schema_work() -> None:
    tree = {"$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}, "$ref": "#/$defs/t"}
    control_block = compiled(workflow(tree))
    assert check_input(control_block, [[], [[]]]) == ()
    assert [fault.pointer for fault in check_input(control_block, [[], [7]])] == ["/input/1/0"]


def test_the_list_of_faults_is_bounded() -> None:
    assert len(check_input(compiled(workflow({"items": {"type": "string"}})), [1] * 1000)) == 100
