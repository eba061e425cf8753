"""Whole definitions: defaults, encoding, digests, and input at random."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.definitions import CATALOGUE, compiled, faults_of, needs_of, noop

from gnatwork_engine.compiler import compile_definition, digest, encode
from gnatwork_engine.compiler.encode import MAX_SIZE
from gnatwork_engine.json_tree import at_path, from_pointer
from gnatwork_schemas.codes import CODES
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.errors import DefinitionError

EVERYTHING = {
    "name": "everything",
    "description": "All fields there are.",
    "input": {"type": "object"},
    "steps": [
        {
            "id": "page",
            "type": "get",
            "name": "The page",
            "config": {"url": "{{ input.url }}", "headers": {"z": "1", "a": "2"}},
            "retry": {"max_attempts": 4, "initial": "500ms", "on": ["http.status"]},
            "timeout": "1m30s",
            "on_error": "continue",
            "idempotent": False,
        },
        {"id": "last", "type": "noop", "needs": ["page.error"], "join": "always", "config": "{{ page.body }}"},
    ],
    "timeout": "2h",
    "retry": {"max_attempts": 2},
    "labels": {"team": "a"},
    "output": "{{ last }}",
}


def test_all_fields_reach_the_control_block() -> None:
    control_block = compiled(EVERYTHING)
    page, last = control_block.blocks
    assert (control_block.workflow, control_block.timeout, control_block.labels) == ("everything", 7200, {"team": "a"})
    assert control_block.input == {"type": "object"}
    assert (page.timeout, page.on_error, page.idempotent, page.join) == (90, "continue", False, "all")
    assert (last.timeout, last.on_error, last.idempotent, last.join) == (60, "fail", True, "always")
    assert needs_of(control_block) == {"page": [], "last": ["page.error"]}
    assert control_block.output is not None
    assert control_block.output.config == "{{ last }}"


def test_retry_is_the_blocks_else_the_workflows_else_the_default() -> None:
    page, last = compiled(EVERYTHING).blocks
    assert page.retry == Retry(max_attempts=4, initial=0.5, on=("http.status",))
    assert last.retry == Retry(max_attempts=2)
    assert compiled({"blocks": [noop("a")]}).blocks[0].retry == Retry()


def test_the_smallest_definition() -> None:
    control_block = compiled({"blocks": [{"id": "a", "type": "noop"}]})
    assert encode(control_block) == b'{"v":1,"workflow":"adhoc","blocks":[{"id":"a","type":"noop","config":{}}]}'


def test_an_encoded_control_block_is_read_as_it_was() -> None:
    for raw in (EVERYTHING, {"blocks": [noop("a", config={"0": ["{{ run.id ?? null }} x"]})]}):
        control_block = compiled(raw)
        assert ControlBlock.model_validate_json(encode(control_block)) == control_block


def test_the_same_definition_has_the_same_digest() -> None:
    first = digest(encode(compiled(EVERYTHING)))
    assert first == digest(encode(compiled(EVERYTHING)))
    assert first.startswith("sha256-")
    assert len(first) == len("sha256-") + 64
    assert first != digest(encode(compiled({**EVERYTHING, "timeout": "3h"})))


def test_keys_of_a_config_keep_their_order() -> None:
    config = compiled(EVERYTHING).blocks[0].config
    assert isinstance(config, dict)
    assert list(config["headers"]) == ["z", "a"]  # type: ignore[arg-type]  # JSON
    assert encode(compiled(EVERYTHING)).index(b'"z":"1"') < encode(compiled(EVERYTHING)).index(b'"a":"2"')


def test_what_compiles_to_more_than_a_message_holds_is_refused() -> None:
    ((pointer, code, message),) = faults_of({"blocks": [noop("a", config="x" * MAX_SIZE)]})
    assert (pointer, code) == ("", "definition.too_large")
    assert "compiles to 900 KiB, more than 900" in message
    compiled({"blocks": [noop("a", config="x" * (MAX_SIZE - 1000))]})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["{{ a }}", "{{ b.x ?? 1 }}", "{{", "a", "b", "noop", "get", "loop", "a.error"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "x", "url", "$ref"]), inner),
    max_leaves=10,
)
fields = [
    *["id", "type", "name", "config", "needs", "join", "retry", "timeout", "on_error", "idempotent"],
    *["when", "for_each", "compensate", "priority", "blocks", "steps", "items", "next", "x"],
]
types = [
    *["noop", "get", "gate", "condition", "switch", "transform"],
    *["loop", "group", "delay", "wait", "workflow", "nope"],
]
expressions = st.sampled_from(["a.x", "a +", "blocks.b", "item", "index", "previous.a", "error", "true", "{{ a }}"])
ids = st.sampled_from(["a", "b", "c", "input", "a b"])
configs = json_values | st.dictionaries(
    st.sampled_from(["items", "while", "until", "if", "on", "cases", "expression", "for", "signal", "name", "as"]),
    expressions | json_values,
    max_size=3,
)
blocks = st.recursive(
    json_values,
    lambda inner: (
        st.fixed_dictionaries(
            {"id": ids | json_values, "type": st.sampled_from(types) | json_values},
            optional={
                "config": configs,
                "blocks": st.lists(inner, max_size=3),
                "when": expressions | json_values,
                "for_each": st.fixed_dictionaries({"items": json_values}) | json_values,
                "compensate": st.fixed_dictionaries({"type": st.sampled_from(types), "config": configs}) | json_values,
                "needs": st.lists(st.sampled_from(["a", "b", "c.error", "a.open", "d"]), max_size=3) | json_values,
                "retry": json_values,
                "timeout": st.sampled_from(["1s", "x", 3]) | json_values,
            },
        )
        | st.dictionaries(st.sampled_from(fields), json_values)
    ),
    max_leaves=4,
)
definitions = st.one_of(
    json_values,
    st.dictionaries(
        st.sampled_from(
            ["name", "input", "timeout", "retry", "labels", "output", "triggers", "script", "concurrency", "y"]
        ),
        json_values,
        max_size=3,
    ).flatmap(
        lambda rest: st.fixed_dictionaries(
            {key: st.just(value) for key, value in rest.items()},
            optional={
                "blocks": st.lists(blocks, max_size=4),
                "steps": st.lists(blocks, max_size=4) | json_values,
                "on_failure": st.lists(blocks, max_size=2) | json_values,
            },
        )
    ),
)


@given(definitions)
@settings(deadline=None, max_examples=400)
def test_any_json_compiles_or_is_refused_with_places_that_exist(raw: Any) -> None:
    with contextlib.suppress(DefinitionError):
        control_block = compile_definition(raw, CATALOGUE)
        assert ControlBlock.model_validate_json(encode(control_block)) == control_block
        return
    with pytest.raises(DefinitionError) as caught:
        compile_definition(raw, CATALOGUE)
    assert caught.value.faults
    for fault in caught.value.faults:
        at_path(raw, from_pointer(fault.pointer))
        assert fault.code in CODES
        assert fault.message
