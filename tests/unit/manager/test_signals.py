"""Which data a signal may carry, by the blocks that wait for it."""

from typing import Any

import pytest

from gnatwork_manager.problems import ProblemError
from gnatwork_manager.signals import check_signal, parse_signal
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.template import PathExpression, TemplateLeaf, TemplatePart

NUMBER: dict[str, Any] = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
TEXT: dict[str, Any] = {"type": "string"}


def wait(id_: str, *, parts: tuple[TemplatePart, ...] = (), **config: Any) -> ControlledBlock:
    templates = (TemplateLeaf(at=("signal",), parts=parts),) if parts else ()
    return ControlledBlock(id=id_, type="wait", kind="wait", config=config, templates=templates)


def control_block(*blocks: ControlledBlock, on_failure: tuple[ControlledBlock, ...] = ()) -> ControlBlock:
    noop = ControlledBlock(id="noop", type="noop", config={"signal": "go", "schema": False})
    return ControlBlock(workflow="adhoc", blocks=(noop, *blocks), on_failure=on_failure)


def pointers(block: ControlBlock, name: str, data: Any) -> list[str]:
    return [fault.pointer for fault in check_signal(block, name, data)]


def test_data_meets_the_schema_of_the_block_that_names_the_signal() -> None:
    block = control_block(wait("ask", signal="go", schema=NUMBER))
    assert pointers(block, "go", {"n": 1}) == []
    assert pointers(block, "go", {"n": "1"}) == ["/data/n"]
    assert pointers(block, "go", None) == ["/data"]
    assert pointers(block, "stop", None) == []


def test_a_block_without_a_name_waits_for_its_own() -> None:
    assert pointers(control_block(wait("go", schema=NUMBER)), "go", 1) == ["/data"]


def test_blocks_are_found_wherever_they_are() -> None:
    inner = wait("ask", signal="go", schema=NUMBER)
    group = ControlledBlock(id="group", type="group", kind="group", config={}, blocks=(inner,))
    loop = ControlledBlock(id="each", type="loop", kind="loop", config={}, blocks=(group,))
    assert pointers(control_block(loop), "go", 1) == ["/data"]
    assert pointers(control_block(on_failure=(inner,)), "go", 1) == ["/data"]


def test_a_templated_name_matches_by_its_literal_parts() -> None:
    item = PathExpression(path=("item", "id"), source="item.id")
    block = control_block(wait("ask", parts=("approve-", item), schema=NUMBER))
    assert pointers(block, "approve-7", 1) == ["/data"]
    assert pointers(block, "approve-", 1) == ["/data"]
    assert pointers(block, "decline-7", 1) == []
    assert pointers(control_block(wait("ask", parts=(item,), schema=NUMBER)), "anything", 1) == ["/data"]


def test_what_a_program_waits_for_only_the_program_knows() -> None:
    item = PathExpression(path=("item",), source="item")
    script = ControlledBlock(id="s", type="script", kind="script", config=None)
    block = control_block(wait("ask", parts=(item,), schema=NUMBER), wait("go", schema=NUMBER), script)
    assert pointers(block, "anything", 1) == []
    assert pointers(block, "go", 1) == ["/data"]


def test_what_a_program_waits_for_now_is_checked() -> None:
    block = control_block(ControlledBlock(id="s", type="script", kind="script", config=None))
    asking = (wait("0", signal="go", schema=NUMBER),)
    assert [fault.pointer for fault in check_signal(block, "go", 1, asking)] == ["/data"]
    assert check_signal(block, "go", {"n": 1}, asking) == ()


def test_who_names_the_signal_comes_before_who_may() -> None:
    item = PathExpression(path=("item",), source="item")
    block = control_block(wait("any", parts=("a-", item), schema=TEXT), wait("one", signal="a-b", schema=NUMBER))
    assert pointers(block, "a-b", {"n": 1}) == []
    assert pointers(block, "a-b", "text") == ["/data"]
    assert pointers(block, "a-c", "text") == []


def test_of_several_blocks_one_is_enough() -> None:
    both = control_block(wait("one", signal="go", schema=NUMBER), wait("two", signal="go", schema=TEXT))
    assert [pointers(both, "go", data) for data in ({"n": 1}, "text", 5)] == [[], [], ["/data"]]
    open_ = control_block(wait("one", signal="go", schema=NUMBER), wait("two", signal="go"))
    assert pointers(open_, "go", 5) == []


def test_the_data_of_a_request() -> None:
    assert parse_signal("go", {}) is None
    assert parse_signal("go", {"data": [1]}) == [1]


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("", {}, "/name"),
        ("Go", {}, "/name"),
        ("a.b", {}, "/name"),
        (">", {}, "/name"),
        ("go\n", {}, "/name"),
        ("x" * 64, {}, "/name"),
        ("go", None, ""),
        ("go", [], ""),
        ("go", {"dat": 1}, "/dat"),
    ],
)
def test_what_is_no_signal_is_refused_at_its_place(name: str, value: Any, pointer: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_signal(name, value)
    assert (caught.value.code, caught.value.errors[0].pointer) == ("request.invalid", pointer)
