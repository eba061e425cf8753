"""What changes from one definition to another, block by block."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_manager.versions.diff import Difference, difference

BASE: dict[str, Any] = {
    "name": "news",
    "timeout": "1h",
    "blocks": [
        {"id": "page", "type": "fetch", "config": {"url": "https://example.org", "headers": {"a/b": 1}}},
        {
            "id": "each",
            "type": "loop",
            "config": {"items": "{{ page.body }}"},
            "steps": [{"id": "first", "type": "noop"}, {"id": "second", "type": "noop"}],
        },
    ],
    "on_failure": [{"id": "tell", "type": "hook"}],
    "triggers": [{"id": "hook", "type": "webhook"}, {"id": "daily", "type": "schedule", "cron": "0 6 * * *"}],
}


def changed(**fields: Any) -> Difference:
    return difference(BASE, {**BASE, **fields})


def edited(edit: Any) -> Difference:
    after = copy.deepcopy(BASE)
    edit(after)
    return difference(BASE, after)


def told(found: Difference) -> Mapping[str, list[str]]:
    """The changes in short."""
    return {
        "fields": [f"{one.change} {one.pointer}" for one in found.fields],
        "blocks": [f"{one.change} {one.id}" for one in found.blocks],
        "triggers": [f"{one.change} {one.id}" for one in found.triggers],
    }


def only(**expected: list[str]) -> Mapping[str, list[str]]:
    return {"fields": [], "blocks": [], "triggers": [], **expected}


def test_the_same_has_no_changes() -> None:
    assert told(difference(BASE, copy.deepcopy(BASE))) == only()
    backwards = {key: BASE[key] for key in reversed(BASE)}
    backwards["blocks"] = [{key: block[key] for key in reversed(block)} for block in BASE["blocks"]]
    assert told(difference(BASE, backwards)) == only()


def test_fields_of_the_workflow() -> None:
    found = changed(timeout="2h", labels={"team": "ops"})
    assert told(found) == only(fields=["changed /timeout", "added /labels"])
    assert (found.fields[0].old, found.fields[0].new) == ("1h", "2h")
    assert found.fields[1].new == {"team": "ops"}
    assert told(difference({**BASE, "output": None}, BASE)) == only(fields=["removed /output"])


def test_a_changed_block_names_its_innermost_places() -> None:
    def edit(after: Any) -> None:
        after["blocks"][0]["config"]["headers"]["a/b"] = 1.0
        after["blocks"][0]["retry"] = {"max_attempts": 3}

    found = edited(edit)
    assert told(found) == only(blocks=["changed page"])
    assert [(one.change, one.pointer) for one in found.blocks[0].fields] == [
        ("changed", "/config/headers/a~1b"),
        ("added", "/retry"),
    ]


def test_blocks_that_come_and_go_are_told_whole() -> None:
    new = {"id": "answer", "type": "response"}
    found = changed(blocks=[BASE["blocks"][0], new])
    assert told(found) == only(blocks=["removed each", "added answer"])
    assert (found.blocks[0].old, found.blocks[0].type) == (BASE["blocks"][1], "loop")
    assert (found.blocks[1].new, found.blocks[1].type) == (new, "response")


def test_nested_blocks_have_paths() -> None:
    def edit(after: Any) -> None:
        after["blocks"][1]["steps"][0]["config"] = {"n": 1}
        after["blocks"][1]["steps"].append({"id": "third", "type": "noop"})
        after["on_failure"][0]["config"] = {"url": "https://example.org"}

    found = edited(edit)
    assert told(found) == only(
        blocks=["changed each", "changed each/first", "added each/third", "changed :on_failure/tell"]
    )
    order = found.blocks[0].fields[0]
    assert (order.pointer, order.old, order.new) == ("/steps", ["first", "second"], ["first", "second", "third"])


def test_the_order_of_steps_is_a_change_of_what_holds_them() -> None:
    found = edited(lambda after: after["blocks"][1]["steps"].reverse())
    assert told(found) == only(blocks=["changed each"])
    assert found.blocks[0].fields[0].new == ["second", "first"]


def test_a_block_in_between_changes_no_order() -> None:
    between = [BASE["blocks"][0], {"id": "new", "type": "noop"}, BASE["blocks"][1]]
    assert told(changed(blocks=between)) == only(blocks=["added new"])
    assert told(changed(blocks=[*reversed(BASE["blocks"])])) == only(fields=["changed /blocks"])


def test_blocks_that_become_steps() -> None:
    after = {key: value for key, value in BASE.items() if key != "blocks"} | {"steps": BASE["blocks"]}
    assert told(difference(BASE, after)) == only(fields=["removed /blocks", "added /steps"])


def test_triggers() -> None:
    daily = {**BASE["triggers"][1], "cron": "0 7 * * *"}
    found = changed(triggers=[daily, {"id": "news", "type": "event", "subject": "news.>"}])
    assert told(found) == only(triggers=["removed hook", "changed daily", "added news"])
    assert found.triggers[1].fields[0].pointer == "/cron"
    assert told(changed(triggers=[*reversed(BASE["triggers"])])) == only(fields=["changed /triggers"])
    assert told(difference(BASE, {k: v for k, v in BASE.items() if k != "triggers"})) == only(
        triggers=["removed hook", "removed daily"]
    )


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "/config"),
        ([1, 2], [1, 2, 3], "/config"),
        ([1, {"a": 2}], [1, {"a": 3}], "/config/1/a"),
        (1, True, "/config"),
        (None, {}, "/config"),
    ],
)
def test_values(old: Any, new: Any, pointer: str) -> None:
    before, after = ({"blocks": [{"id": "a", "type": "noop", "config": one}]} for one in (old, new))
    assert [change.pointer for block in difference(before, after).blocks for change in block.fields] == [pointer]


def test_what_is_no_list_of_parts_is_compared_as_it_is() -> None:
    assert told(changed(on_failure=None)) == only(fields=["changed /on_failure"])
    assert told(changed(triggers=[])) == only(fields=["changed /triggers"])
    twice = changed(blocks=[BASE["blocks"][0], BASE["blocks"][0]])
    assert not twice.blocks
    assert told(twice)["fields"][0] == "changed /blocks/1/id"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text("ab", max_size=1),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "a", "steps"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_BLOCK = st.fixed_dictionaries({"id": st.sampled_from("abc")}, optional={"config": _VALUES, "steps": _VALUES})
_DEFINITION = st.fixed_dictionaries(
    {},
    optional={
        "name": _VALUES,
        "blocks": st.lists(_BLOCK, max_size=3),
        "steps": st.lists(_BLOCK, max_size=2),
        "on_failure": st.lists(_BLOCK, max_size=2) | st.none(),
        "triggers": st.lists(_BLOCK, max_size=2),
    },
)


def _strict(value: Any) -> Any:
    """A value in which everything tells apart what JSON does."""
    match value:
        case dict():
            return ("object", sorted((key, repr(_strict(inner))) for key, inner in value.items()))
        case list():
            return ("array", [_strict(inner) for inner in value])
    return (type(value).__name__, value)


@given(_DEFINITION, _DEFINITION)
def test_a_difference_is_empty_only_between_equals(old: dict[str, Any], new: dict[str, Any]) -> None:
    if _strict(old) != _strict(new):
        assert any(difference(old, new))
    assert not any(difference(old, copy.deepcopy(old)))
