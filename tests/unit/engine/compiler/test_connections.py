"""Connections: mentioned in configs of blocks that executors run, and nowhere else."""

from typing import Any

import pytest
from support.definitions import block_of, compiled, faults_of, noop, places_of

_TOKEN = "{{ connections.gh.token }}"
_CALL = {"url": "https://x.test", "headers": {"A": f"token {_TOKEN}"}}
_MISPLACED = "connection.misplaced"


def _paths(block: Any) -> list[Any]:
    return [part.path for leaf in block.templates for part in leaf.parts if not isinstance(part, str)]


def test_a_config_may_mention_a_value_of_a_connection() -> None:
    block = block_of(compiled({"blocks": [{"id": "a", "type": "get", "config": _CALL}]}), "a")
    assert _paths(block) == [("connections", "gh", "token")]


def test_so_may_what_undoes_a_block_what_lies_in_loops_and_what_runs_on_failure() -> None:
    call: dict[str, Any] = {"type": "get", "config": _CALL}
    control_block = compiled(
        {
            "blocks": [
                {"id": "a", **call, "compensate": call},
                {"id": "b", "type": "loop", "config": {"items": [1]}, "blocks": [{"id": "c", **call}]},
                {"id": "d", **call, "for_each": {"items": [1]}},
                {"id": "e", "type": "group", "blocks": [{"id": "f", **call}]},
            ],
            "on_failure": [{"id": "g", **call}],
        }
    )
    undo = block_of(control_block, "a").compensate
    inner = [block_of(control_block, id_).blocks[0] for id_ in ("b", "d", "e")]
    assert all(
        _paths(block) == [("connections", "gh", "token")] for block in (undo, *inner, control_block.on_failure[0])
    )


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        (noop("a", when="connections.gh.token"), "/when"),
        (noop("a", for_each={"items": _TOKEN}), "/for_each/items"),
        ({"id": "a", "type": "wait", "config": {"signal": _TOKEN}}, "/config/signal"),
        ({"id": "a", "type": "delay", "config": {"for": _TOKEN}}, "/config/for"),
        ({"id": "a", "type": "workflow", "config": {"name": "w", "input": {"x": _TOKEN}}}, "/config/input/x"),
        ({"id": "a", "type": "loop", "config": {"items": _TOKEN}, "blocks": [noop("b")]}, "/config/items"),
        ({"id": "a", "type": "condition", "config": {"if": "connections.gh.token"}}, "/config/if"),
        ({"id": "a", "type": "filter", "config": {"if": "connections['gh']"}}, "/config/if"),
        ({"id": "a", "type": "switch", "config": {"cases": {"x": "connections"}}}, "/config/cases/x"),
        ({"id": "a", "type": "transform", "config": {"set": {"x": _TOKEN}}}, "/config/set/x"),
        ({"id": "a", "type": "answer", "config": {"body": _TOKEN}}, "/config/body"),
    ],
)
def test_everywhere_else_in_a_block_it_is_refused(block: dict[str, Any], pointer: str) -> None:
    assert places_of({"blocks": [block]}) == [(f"/blocks/0{pointer}", _MISPLACED)]


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("output", {"x": _TOKEN}, "/output/x"),
        ("concurrency", {"max": 1, "key": _TOKEN}, "/concurrency/key"),
        ("rate_limit", {"max": 1, "per": "1s", "key": _TOKEN}, "/rate_limit/key"),
    ],
)
def test_nor_can_a_workflow_itself_mention_one(field: str, value: Any, pointer: str) -> None:
    assert places_of({"blocks": [noop("a")], field: value}) == [(pointer, _MISPLACED)]


def test_the_refusal_says_where_it_can_be_mentioned() -> None:
    ((_, _, message),) = faults_of({"blocks": [noop("a")], "output": _TOKEN})
    assert "only in the `config` of a block that an executor runs" in message


def test_a_config_may_mention_a_whole_connection() -> None:
    config = {"url": "https://x.test", "json": {"connection": "{{ connections.gh }}"}}
    block = block_of(compiled({"blocks": [{"id": "a", "type": "get", "config": config}]}), "a")
    assert _paths(block) == [("connections", "gh")]


def test_a_whole_connection_is_no_part_of_a_longer_text() -> None:
    ((_, code, message),) = faults_of({"blocks": [noop("a", config="x {{ connections.gh }}")]})
    assert code == "template.unknown_root"
    assert "`connections.gh.token`" in message


@pytest.mark.parametrize("path", ["connections", "connections[0]", "connections.gh.token.x", "connections[0].token"])
def test_a_mention_has_the_name_of_the_connection_and_that_of_a_value(path: str) -> None:
    ((_, code, message),) = faults_of({"blocks": [noop("a", config=f"{{{{ {path} }}}}")]})
    assert code == "template.unknown_root"
    assert "`connections.github.token`" in message


def test_no_block_is_called_so() -> None:
    assert places_of({"blocks": [noop("connections")]}) == [("/blocks/0/id", "definition.reserved_id")]


@pytest.mark.parametrize("type_", ["kv-put", "file"])
def test_nothing_keeps_a_secret_for_other_runs(type_: str) -> None:
    faults = faults_of({"blocks": [{"id": "a", "type": type_, "config": {"x": _TOKEN}}]})
    (message,) = (message for pointer, code, message in faults if (pointer, code) == ("/blocks/0/config/x", _MISPLACED))
    assert "where other runs read it" in message


def test_no_template_can_write_a_secret_in_another_way() -> None:
    config = {"template": "${[...token].join(' ')}", "data": {"token": _TOKEN}}
    assert ("/blocks/0/config/data/token", _MISPLACED) in places_of(
        {"blocks": [{"id": "a", "type": "template", "config": config}]}
    )


def test_executors_that_are_plain_are_given_none() -> None:
    ((pointer, code, message),) = faults_of({"blocks": [{"id": "a", "type": "plain", "config": {"key": _TOKEN}}]})
    assert (pointer, code) == ("/blocks/0/config/key", _MISPLACED)
    assert "ask for the connection by themselves" in message


def test_a_block_of_a_plain_type_says_so() -> None:
    undo = {"type": "plain", "config": {"of": "{{ a }}"}}
    control_block = compiled({"blocks": [{"id": "a", "type": "plain", "compensate": undo}, noop("b")]})
    block = block_of(control_block, "a")
    assert block.plain
    assert block.compensate
    assert block.compensate.plain
    assert not block_of(control_block, "b").plain
