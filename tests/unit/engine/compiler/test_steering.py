"""`delay`, `wait` and `workflow`: blocks that the scheduler steers, without blocks inside."""

from typing import Any

import pytest
from support.definitions import CATALOGUE, block_of, compiled, faults_of, leaves_of, needs_of, noop

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.control_block import Kind
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.steering import STEERING


def step(type_: str, config: Any = None, **fields: Any) -> dict[str, Any]:
    given = {} if config is None else {"config": config}
    return {"blocks": [noop("src"), {"id": "it", "type": type_, **given, **fields}]}


@pytest.mark.parametrize(
    ("type_", "config", "expected"),
    [
        ("delay", {"for": "1h30m"}, {"for": "1h30m"}),
        ("delay", {"for": 0.5, "until": None}, {"for": 0.5}),
        ("delay", {"for": "{{ src.pause }}"}, None),
        ("delay", {"until": "2030-05-01T09:00:00Z"}, None),
        ("delay", {"until": "2030-05-01T09:00:00.25+02:00"}, None),
        ("delay", {"until": "{{ src.day }}T09:00:00Z"}, None),
        ("wait", None, {"signal": "it"}),
        ("wait", {}, {"signal": "it"}),
        ("wait", {"signal": "ok", "timeout": "7d"}, {"signal": "ok", "timeout": "7d"}),
        ("wait", {"signal": "ok-{{ src.n }}"}, None),
        ("wait", {"signal": "ok", "schema": {"const": "{{ not a template }}"}}, None),
        ("workflow", {"name": "child"}, {"name": "child"}),
        ("workflow", {"name": "child", "version": 3, "wait": False, "input": {"a": "{{ src }}"}}, None),
        ("workflow", {"name": "{{ src.name }}", "version": "{{ src.v }}", "input": None}, None),
    ],
)
def test_a_config_is_kept_with_its_templates(type_: str, config: Any, expected: Any) -> None:
    control_block = compiled(step(type_, config))
    it = block_of(control_block, "it")
    assert (it.type, it.kind) == (type_, type_)
    assert it.config == (expected or {key: value for key, value in config.items() if value is not None})
    mentioned = "src" in str(config)
    assert bool(leaves_of(it)) == mentioned
    assert needs_of(control_block)["it"] == ["src"] * mentioned


@pytest.mark.parametrize(
    ("type_", "config", "pointer", "code", "told"),
    [
        ("delay", None, "", "block.config_invalid", "`for`, a duration, or `until`, a time, and just one"),
        ("delay", {"for": "1s", "until": "{{ src }}"}, "/config", "block.config_invalid", "just one of them"),
        ("delay", {"for": "soon"}, "/config/for", "block.config_invalid", "a duration is a text such as"),
        ("delay", {"for": -1}, "/config/for", "block.config_invalid", "between 0 and ten years"),
        ("delay", {"fro": "1s"}, "/config/fro", "block.config_invalid", "did you mean `for`?"),
        ("delay", {"until": "tomorrow"}, "/config/until", "block.config_invalid", "RFC 3339"),
        ("delay", {"until": "2030-05-01T09:00:00"}, "/config/until", "block.config_invalid", "RFC 3339"),
        ("delay", {"until": "2030-02-31T09:00:00Z"}, "/config/until", "block.config_invalid", "RFC 3339"),
        ("delay", {"until": "{{ nope }}"}, "/config/until", "template.unknown_root", "`nope`"),
        ("delay", "{{ src }}", "/config", "block.config_invalid", "must be an object"),
        ("wait", {"signal": "No Name"}, "/config/signal", "block.config_invalid", "`No Name` can't be the name of one"),
        ("wait", {"schema": {"type": "x"}}, "/config/schema/type", "definition.invalid", "`schema` is not a JSON"),
        ("wait", {"timeout": "0s"}, "/config/timeout", "block.config_invalid", "must be more than 0"),
        ("wait", {"timeout": "{{ src }}"}, "/config/timeout", "block.config_invalid", "a duration is a text"),
        ("wait", 7, "/config", "block.config_invalid", "must be an object"),
        ("workflow", None, "", "block.config_invalid", "there is no `config`, and in it `name` is missing"),
        ("workflow", {}, "/config", "block.config_invalid", "`name` is missing"),
        ("workflow", {"name": "No Name"}, "/config/name", "block.config_invalid", "can't be the name of a workflow"),
        ("workflow", {"name": "x", "version": 0}, "/config/version", "block.config_invalid", "a number from 1"),
        ("workflow", {"name": "x", "version": "2"}, "/config/version", "block.config_invalid", "a number from 1"),
        ("workflow", {"name": "x", "wait": "{{ src }}"}, "/config/wait", "block.config_invalid", "true or false"),
        ("workflow", {"name": "x", "input": "{{ it }}"}, "/config/input", "template.not_upstream", "its own output"),
    ],
)  # fmt: skip
def test_a_mistake_stands_at_its_place(type_: str, config: Any, pointer: str, code: str, told: str) -> None:
    ((found, found_code, message),) = faults_of(step(type_, config))
    assert (found, found_code) == (f"/blocks/1{pointer}", code)
    assert told in message


def test_the_id_is_no_signal_when_it_is_no_name() -> None:
    ((pointer, code, message),) = faults_of({"blocks": [{"id": "Approval", "type": "wait"}]})
    assert (pointer, code) == ("/blocks/0", "block.config_invalid")
    assert message.startswith("give a `signal`: the block's id, `Approval`, can't be")


def test_waits_for_one_signal_take_the_same_data() -> None:
    def wait(id_: str, **config: Any) -> dict[str, Any]:
        return {"id": id_, "type": "wait", "config": config}

    text, number = {"type": "string"}, {"type": "number"}
    compiled({"blocks": [wait("a", signal="s", schema=text), wait("b", signal="s", schema=text), wait("c")]})
    group = {"id": "g", "type": "group", "blocks": [wait("s", schema=number)]}
    ((pointer, code, message),) = faults_of({"blocks": [wait("a", signal="s", schema=text), group]})
    assert (pointer, code) == ("/blocks/1/blocks/0/config", "definition.invalid")
    assert message == "the signal `s` has another `schema` at /blocks/0/config/signal; give both the same"
    assert faults_of({"blocks": [wait("a", signal="s", schema=text), wait("b", signal="s")]})


def test_a_child_run_is_tried_again_and_has_its_time() -> None:
    raw = step("workflow", {"name": "x"}, timeout="2h", retry={"max_attempts": 3})
    it = block_of(compiled(raw), "it")
    assert (it.patience, it.timeout, it.retry) == (7200, 60, Retry(max_attempts=3))
    it = block_of(compiled({**step("workflow", {"name": "x"}), "retry": {"max_attempts": 2}}), "it")
    assert (it.patience, it.retry) == (None, Retry(max_attempts=2))


def test_steering_types_are_no_affair_of_executors() -> None:
    catalogue = {**CATALOGUE, "delay": CATALOGUE["noop"]}
    control_block = compile_definition(step("delay", {"for": "1s"}), catalogue)
    assert block_of(control_block, "it").kind == "delay"


def test_steering_types_are_suggested() -> None:
    ((_, code, message),) = faults_of(step("dealy", {"for": "1s"}))
    assert (code, message) == (
        "block.unknown_type",
        "no executor has announced the block type `dealy`; did you mean `delay`?",
    )


def test_every_steering_type_is_a_kind_with_examples() -> None:
    kinds = set(Kind.__args__) - {"task", "each"}  # type: ignore[attr-defined]  # Literal
    assert set(STEERING) == kinds
    for type_, entry in STEERING.items():
        for config in entry.examples:
            inside = {"blocks": [noop("page")]} if type_ in {"loop", "group"} else {}
            raw = {"blocks": [noop("page"), {"id": "it", "type": type_, "config": config, **inside}]}
            assert block_of(compiled(raw), "it").kind == type_
