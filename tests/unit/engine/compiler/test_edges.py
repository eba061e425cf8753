"""Needs, ports, and the order of steps."""

import pytest
from support.definitions import compiled, faults_of, needs_of, noop

from gnatwork_schemas.control_block import ControlBlock


def gate(id_: str) -> dict[str, str]:
    return {"id": id_, "type": "gate"}


def test_needs_name_blocks_and_their_ports() -> None:
    control_block = compiled(
        {
            "blocks": [
                noop("z", needs=["g.open", "g.shut", "g.error", "g", "a.out", "a", "a.error"], join="any"),
                gate("g"),
                noop("a"),
            ]
        }
    )
    assert needs_of(control_block) == {
        "z": ["g.open", "g.shut", "g.error", "g", "a", "a.error"],
        "g": [],
        "a": [],
    }


@pytest.mark.parametrize(
    ("need", "message"),
    [
        ("gaet", "there is no block `gaet`; did you mean `gate-1`?"),
        ("GATE-1", "there is no block `GATE-1`; did you mean `gate-1`?"),
        ("", "there is no block ``"),
        ("gate-1.opne", "`gate-1` has no port `opne`; did you mean `open`?; it has `out`, `error`, `open`, `shut`"),
        ("gate-1.", "`gate-1` has no port ``; it has `out`, `error`, `open`, `shut`"),
        ("gate-1.open.x", "`gate-1` has no port `open.x`; did you mean `open`?; it has `out`, `error`, `open`, `shut`"),
        ("other.open", "`other` has no port `open`; it has `out`, `error`"),
        ("input", "there is no block `input`"),
    ],
)
def test_an_unknown_need_is_told_with_what_may_be_meant(need: str, message: str) -> None:
    raw = {"blocks": [gate("gate-1"), noop("other"), noop("a", needs=["other", need])]}
    assert faults_of(raw) == [("/blocks/2/needs/1", "definition.unknown_need", message)]


def test_ports_of_a_block_whose_type_is_not_known_are_not_judged() -> None:
    raw = {"blocks": [{"id": "a", "type": "gato"}, noop("b", needs=["a.open"])]}
    assert [(pointer, code) for pointer, code, _ in faults_of(raw)] == [("/blocks/0/type", "block.unknown_type")]


def test_each_step_waits_for_the_one_before_it() -> None:
    control_block = compiled({"steps": [noop("a"), noop("b"), noop("c", needs=["a"])]})
    assert needs_of(control_block) == {"a": [], "b": ["a"], "c": ["a", "b"]}


def test_a_step_that_needs_the_one_before_it_by_a_port_has_said_how() -> None:
    control_block = compiled({"steps": [noop("a"), noop("rescue", needs=["a.error"]), noop("c", needs=["rescue"])]})
    assert needs_of(control_block) == {"a": [], "rescue": ["a.error"], "c": ["rescue"]}


def test_blocks_do_not_wait_for_their_neighbours() -> None:
    assert needs_of(compiled({"blocks": [noop("a"), noop("b")]})) == {"a": [], "b": []}


def test_suggestions_are_left_out_where_they_would_take_long() -> None:
    raw = {"blocks": [noop(f"block-{n}") for n in range(2000)] + [noop("a", needs=["blok-1"])]}
    assert faults_of(raw)[0][2] == "there is no block `blok-1`"


def test_needs_survive_the_journey_through_the_store() -> None:
    control_block = compiled({"blocks": [noop("a"), noop("b", needs=["a.error", "a"])]})
    assert ControlBlock.model_validate_json(control_block.model_dump_json()) == control_block
