"""`when`: a condition ahead of its block."""

from support.definitions import CATALOGUE, block_of, compiled, faults_of, leaves_of, needs_of, noop

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.definition import Retry
from gnatwork_schemas.errors import DefinitionError


def test_the_condition_waits_in_the_place_of_its_block() -> None:
    raw = {
        "blocks": [
            *[noop("a"), noop("b"), noop("c"), noop("d")],
            noop(
                "it", when="a.x > 1", needs=["b.error"], join="any", config=["{{ c }}", "{{ error }}"], priority="low"
            ),
            noop("after", config="{{ it }}"),
        ],
    }
    control_block = compiled(raw)
    assert [block.id for block in control_block.blocks] == ["a", "b", "c", "d", "it:when", "it", "after"]
    assert needs_of(control_block)["it:when"] == ["b.error", "a", "c"]
    assert needs_of(control_block)["it"] == ["it:when.true"]
    assert needs_of(control_block)["after"] == ["it"]
    when, it = block_of(control_block, "it:when"), block_of(control_block, "it")
    assert (when.type, when.kind, when.routes, when.lane) == ("condition", "task", "port", "low")
    assert when.config == {"if": "a.x > 1", "values": {"a": "{{ a ?? null }}"}}
    assert when.retry == Retry(max_attempts=3)
    assert (when.join, it.join) == ("any", "all")
    assert when.handles == it.handles == ("b",)
    assert leaves_of(it) == {"0": ("blocks.c", 0), "1": ("error", 0)}


def test_a_step_is_passed_over_if_its_condition_does_not_hold() -> None:
    control_block = compiled({"steps": [noop("a"), noop("b", when="a"), noop("c")]})
    # What is skipped stands in nobody's way, and the condition has been met.
    assert needs_of(control_block) == {"a": [], "b:when": ["a"], "b": ["b:when.true"], "c": ["b", "b:when"]}


def test_a_step_that_says_how_it_waits_is_not_passed_on_to() -> None:
    control_block = compiled({"steps": [noop("a", when="input"), noop("b", needs=["a"]), noop("c", join="any")]})
    assert needs_of(control_block)["b"] == ["a"]
    control_block = compiled({"steps": [noop("a", when="input"), noop("b", join="any")]})
    assert needs_of(control_block)["b"] == ["a"]


def test_beside_for_each_it_is_asked_once() -> None:
    raw = {"blocks": [noop("a"), noop("it", when="a.x", for_each={"items": "{{ input }}"})]}
    control_block = compiled(raw)
    assert [block.kind for block in control_block.blocks] == ["task", "task", "each"]
    assert needs_of(control_block)["it"] == ["it:when.true"]
    raw["blocks"][1]["when"] = "item.x"
    ((pointer, code, message),) = faults_of(raw)
    assert (pointer, code) == ("/blocks/1/when", "expression.unknown_name")
    assert "there is an `item` only inside" in message


def test_inside_a_loop_it_is_asked_per_item() -> None:
    raw = {"blocks": [{"id": "l", "type": "loop", "config": {"items": [1]}, "blocks": [noop("x", when="item > 1")]}]}
    when, x = block_of(compiled(raw), "l").blocks
    assert leaves_of(when) == {"values.item": ("item", 0)}
    assert [(need.block, need.port) for need in x.needs] == [("x:when", "true")]


def test_the_error_is_known_to_the_condition_of_the_handler() -> None:
    raw = {"blocks": [noop("a"), noop("b", needs=["a.error"], when="error.code === 'x'")]}
    assert leaves_of(block_of(compiled(raw), "b:when")) == {"values.error": ("error", 0)}


def test_a_block_can_not_ask_for_itself() -> None:
    assert faults_of({"blocks": [noop("a", when="a.x")]}) == [
        ("/blocks/0/when", "template.not_upstream", "`a` mentions its own output")
    ]


def test_a_circle_by_way_of_a_condition_is_found() -> None:
    ((pointer, code, message),) = faults_of({"blocks": [noop("a", when="b"), noop("b", needs=["a"])]})
    assert (pointer, code) == ("/blocks/0/when", "template.not_upstream")
    assert "`a` waits for `b` waits for `a`" in message


def test_without_an_executor_for_conditions_there_is_no_when() -> None:
    catalogue = {type_: entry for type_, entry in CATALOGUE.items() if type_ != "condition"}
    try:
        compile_definition({"blocks": [noop("a", when="1")]}, catalogue)
    except DefinitionError as error:
        ((pointer, code, message),) = [(fault.pointer, fault.code, fault.message) for fault in error.faults]
    assert (pointer, code) == ("/blocks/0/when", "block.unknown_type")
    assert message == "no executor has announced the block type `condition`; start one with the `logic` blocks"
