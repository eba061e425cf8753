"""The fields of a definition: what is wrong with them is told in plain words, at its place."""

from typing import Any

import pytest
from support.definitions import compiled, faults_of, noop, places_of

from gnatwork_engine.compiler.outline import MAX_DEPTH, MAX_DOCUMENT_SIZE
from gnatwork_schemas.definition import MAX_BLOCKS


def block(**fields: Any) -> dict[str, Any]:
    return {"blocks": [noop("a", **fields)]}


@pytest.mark.parametrize("raw", [None, [], "x", 7, True])
def test_a_definition_is_an_object(raw: Any) -> None:
    assert faults_of(raw) == [("", "definition.invalid", "a definition is a JSON object with `blocks` or `steps`")]


@pytest.mark.parametrize(
    ("raw", "pointer", "told"),
    [
        ({}, "", "there are no `blocks`"),
        ({"blocks": None}, "", "there are no `blocks`"),
        ({"blocks": [noop("a")], "steps": [noop("b")]}, "/steps", "give one of the two"),
        ({"blocks": {}}, "/blocks", "is an array"),
        ({"steps": "x"}, "/steps", "is an array"),
        ({"blocks": []}, "/blocks", "add a block"),
        ({"steps": []}, "/steps", "add a block"),
        ({"blocks": [1]}, "/blocks/0", "is an object with an `id` and a `type`"),
        ({"blocks": [{"id": "a"}]}, "/blocks/0", "`type` is missing"),
        ({"blocks": [{"type": "noop"}]}, "/blocks/0", "`id` is missing"),
        (block(id="a b"), "/blocks/0/id", "must be 1 to 64 letters"),
        (block(id=7), "/blocks/0/id", "`id` must be a text"),
        (block(type="No Op"), "/blocks/0/type", "lower-case letters"),
        (block(confg={}), "/blocks/0/confg", "there is no `confg`; did you mean `config`?"),
        (block(zzz={}), "/blocks/0/zzz", "there is no `zzz`"),
        (block(needs="b"), "/blocks/0/needs", "must be an array"),
        (block(needs=[1]), "/blocks/0/needs/0", "`needs[0]` must be a text"),
        (block(join="some"), "/blocks/0/join", "must be 'all', 'any' or 'always'"),
        (block(on_error="ignore"), "/blocks/0/on_error", "must be 'fail' or 'continue'"),
        (block(idempotent="yes"), "/blocks/0/idempotent", "must be true or false"),
        (block(name="x" * 201), "/blocks/0/name", "at most 200 characters"),
        (block(timeout="soon"), "/blocks/0/timeout", "a duration is a text such as '500ms'"),
        (block(timeout=True), "/blocks/0/timeout", "a duration is a text such as '10s'"),
        (block(timeout="0s"), "/blocks/0/timeout", "must be more than 0"),
        (block(timeout="20000d"), "/blocks/0/timeout", "between 0 and ten years"),
        (block(timeout="{{ input.t }}"), "/blocks/0/timeout", "a duration is a text"),
        (block(retry=3), "/blocks/0/retry", "must be an object"),
        (block(retry={"maxAttempts": 3}), "/blocks/0/retry/maxAttempts", "did you mean `max_attempts`?"),
        (block(retry={"max_attempts": "3"}), "/blocks/0/retry/max_attempts", "must be a whole number"),
        (block(retry={"max_attempts": 0}), "/blocks/0/retry/max_attempts", "must be at least 1"),
        (block(retry={"jitter": 2}), "/blocks/0/retry/jitter", "must be at most 1"),
        (block(retry={"factor": "x"}), "/blocks/0/retry/factor", "must be a number"),
        (block(retry={"on": [1]}), "/blocks/0/retry/on/0", "`on[0]` must be a text"),
        ({**block(), "name": "My Flow"}, "/name", "lower-case letters"),
        ({**block(), "nmae": "x"}, "/nmae", "did you mean `name`?"),
        ({**block(), "description": 1}, "/description", "must be a text"),
        ({**block(), "timeout": -1}, "/timeout", "between 0 and ten years"),
        ({**block(), "labels": []}, "/labels", "must be an object"),
        ({**block(), "labels": {"a": 1}}, "/labels/a", "must be a text"),
        ({**block(), "labels": {"a": "x" * 257}}, "/labels/a", "at most 256 characters"),
        ({**block(), "labels": {"": "x"}}, "/labels/", "the name `` must have at least 1 characters"),
        ({**block(), "labels": {str(n): "x" for n in range(33)}}, "/labels", "at most 32 entries"),
        ({**block(), "input": 7}, "/input", "is a JSON Schema"),
        ({**block(), "input": "{{ x }}"}, "/input", "is a JSON Schema"),
    ],
)  # fmt: skip
def test_a_mistake_stands_at_its_place_in_plain_words(raw: Any, pointer: str, told: str) -> None:
    ((found, code, message),) = faults_of(raw)
    assert (found, code) == (pointer, "definition.invalid")
    assert told in message


def test_all_mistakes_are_told_together() -> None:
    raw = {
        "nam": "x",
        "timeout": "x",
        "input": {"type": 7},
        "output": "{{ nope }}",
        "blocks": [
            noop("a", join="x"),
            noop("b", needs=["c"], config="{{ a. }}"),
            {"id": "b", "type": "got"},
            {"id": "g", "type": "get", "config": {}},
        ],
    }
    assert sorted(places_of(raw)) == [
        ("/blocks/0/join", "definition.invalid"),
        ("/blocks/1/config", "template.invalid"),
        ("/blocks/1/needs/0", "definition.unknown_need"),
        ("/blocks/2/id", "definition.duplicate_id"),
        ("/blocks/2/type", "block.unknown_type"),
        ("/blocks/3/config", "block.config_invalid"),
        ("/input/type", "definition.invalid"),
        ("/nam", "definition.invalid"),
        ("/output", "template.unknown_root"),
        ("/timeout", "definition.invalid"),
    ]


def test_a_block_of_the_wrong_shape_still_has_its_id() -> None:
    raw = {"blocks": [noop("a", join="x"), noop("b", needs=["a.error"], config="{{ a.x }}")]}
    assert places_of(raw) == [("/blocks/0/join", "definition.invalid")]


def test_the_list_of_mistakes_is_bounded() -> None:
    found = faults_of({"blocks": [noop(f"b{n}", x=1) for n in range(1000)]})
    assert len(found) == 101
    assert found[-1][2] == "900 more mistakes are not listed; mend these first"


def test_long_names_are_cut_in_messages() -> None:
    for pointer, _, message in faults_of({"blocks": [noop("a", **{"x" * 5000: 1}, needs=["y" * 5000])]}):
        assert pointer.startswith("/blocks/0/")
        assert len(message) < 200


def test_a_definition_that_nests_too_deeply_is_refused_without_recursion() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    ((pointer, code, message),) = faults_of(block(config=deep))
    assert code == "definition.invalid"
    assert pointer.startswith("/blocks/0/config/0/0")
    assert f"deeper than {MAX_DEPTH}" in message


def test_a_definition_may_nest_as_deep_as_the_limit() -> None:
    levels = MAX_DEPTH - len(("blocks", 0))  # of the config, so that the last one has MAX_DEPTH values around it
    deep: Any = "{{ input }}"
    for _ in range(levels):
        deep = {"x": deep}
    assert len(compiled(block(config=deep)).blocks[0].templates[0].at) == levels
    assert places_of(block(config={"x": deep})) == [("/blocks/0/config" + "/x" * levels, "definition.invalid")]


@pytest.mark.parametrize("value", ["\ud800", 2**70, object(), {1: 2}], ids=["half a pair", "2**70", "object", "key"])
def test_what_is_not_json_is_refused(value: Any) -> None:
    ((pointer, code, message),) = faults_of(block(config={"x": value}))
    assert (pointer, code) == ("", "definition.invalid")
    assert message.startswith("this can't be written as JSON")


def test_a_definition_that_is_too_large_is_refused() -> None:
    assert places_of(block(config="x" * MAX_DOCUMENT_SIZE)) == [("", "definition.too_large")]
    assert places_of({"blocks": [noop(f"b{n}") for n in range(MAX_BLOCKS + 1)]}) == [
        ("/blocks", "definition.too_large")
    ]


def test_what_was_sent_stays_as_it_is() -> None:
    raw = {"blocks": [noop("a", config={"x": [1]}), noop("b", config="{{ a }}")]}
    control_block = compiled(raw)
    assert raw == {"blocks": [noop("a", config={"x": [1]}), noop("b", config="{{ a }}")]}
    assert control_block.blocks[0].config is not raw["blocks"][0]["config"]
