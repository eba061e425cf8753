"""What a poll asks for, and which items are new."""

import json
from typing import Any

import pytest

from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers import polling
from gnatwork_manager.triggers.polling import cursor_of, definition_of, items_of, read_seen, write_seen
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.triggers import PollingTrigger


def poll(**fields: Any) -> PollingTrigger:
    return PollingTrigger.model_validate(
        {"id": "p", "type": "polling", "every": "1m", "fetch": {"url": "http://a"}, **fields}
    )


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("http://a", "http://a"),
        ("{{ cursor }}", "{{ input.cursor ?? null }}"),
        ("{{ cursor ?? '2026' }}", '{{ input.cursor ?? "2026" }}'),
        ("http://a?since={{ cursor.at ?? 0 }}&n=1", "http://a?since={{ input.cursor.at ?? 0 }}&n=1"),
        ('{{ cursor[\'a b\'][0] ?? {"x": "}"} }}', '{{ input.cursor[\'a b\'][0] ?? {"x": "}"} }}'),
        ("{{ connections.shop.key }}", "{{ connections.shop.key }}"),
        ('{{ "{{" }}{{ cursor }}', '{{ "{{" }}{{ input.cursor ?? null }}'),
    ],
)
def test_the_cursor_is_the_input_of_the_run_that_fetches(written: str, asked: str) -> None:
    definition = definition_of(poll(fetch={"url": written, "headers": {"X": [written]}}))
    assert definition["blocks"][0]["config"] == {"url": asked, "headers": {"X": [asked]}}


def test_another_block_may_ask() -> None:
    assert definition_of(poll())["blocks"][0]["type"] == "fetch"
    assert definition_of(poll(block="google-sheets-read"))["blocks"][0]["type"] == "google-sheets-read"


def test_the_items_of_a_response() -> None:
    response = {"body": {"entries": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}, {"id": 1, "n": "again"}]}}
    items = items_of(poll(items="{{ response.body.entries }}", key="{{ item.id }}"), response)
    assert [(item.key, item.value["n"]) for item in items] == [(1, "a"), (2, "b")]


def test_an_item_is_its_own_key_unless_there_is_one() -> None:
    first, second = items_of(poll(), {"body": [{"a": 1, "b": 2}, {"b": 3}]})
    assert items_of(poll(), {"body": [{"b": 2, "a": 1}]})[0].digest == first.digest != second.digest


@pytest.mark.parametrize(
    ("response", "part"),
    [
        ({"body": {"a": 1}}, "no array but an object"),
        ({"body": "text"}, "no array but a text"),
        ({"body": None}, "no array but null"),
        ({"body": True}, "no array but true or false"),
        ({"body": [1, 2, 3]}, "3 items are more than `max_items`, 2"),
    ],
)
def test_what_is_no_list_of_items(response: Any, part: str) -> None:
    with pytest.raises(ProblemError, match=r"trigger\.bad_items") as raised:
        items_of(poll(max_items=2), response)
    assert part in raised.value.detail


def test_an_item_without_its_key_is_an_error() -> None:
    with pytest.raises(TemplateError):
        items_of(poll(key="{{ item.id }}"), {"body": [{"name": "a"}]})


def test_a_cursor_is_small() -> None:
    assert cursor_of(poll(cursor={"at": "{{ response.body[0] }}"}), {"body": [7]}) == {"at": 7}
    with pytest.raises(ProblemError, match=r"trigger\.bad_items"):
        cursor_of(poll(cursor="{{ response.body }}"), {"body": "x" * 70_000})


def test_what_was_seen_is_remembered_while_it_stays_and_for_long_after() -> None:
    first = items_of(poll(), {"body": ["a", "b"]})
    second = items_of(poll(), {"body": ["b", "c"]})
    seen = read_seen(write_seen(second, read_seen(write_seen(first, {}))))
    assert list(seen) == [second[0].digest, second[1].digest, first[0].digest]


def test_of_what_was_seen_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "MAX_SEEN", 3)
    first = items_of(poll(), {"body": ["a", "b"]})
    second = items_of(poll(), {"body": ["c", "d"]})
    seen = read_seen(write_seen(second, read_seen(write_seen(first, {}))))
    assert list(seen) == [second[0].digest, second[1].digest, first[0].digest]


def test_a_cursor_can_be_read_again() -> None:
    deep: object = 1
    for _ in range(150):
        deep = [deep]
    with pytest.raises(ProblemError, match="nested"):
        cursor_of(poll(cursor="{{ response.body }}"), {"body": deep})


@pytest.mark.parametrize("text", ["[" * 150 + "]" * 150, f'["{"x" * 20_000}"]'])
def test_a_key_that_is_large_is_told_by_its_digest(text: str) -> None:
    # The key is part of the run's start, which is one message; by default it is the whole item.
    (item,) = items_of(poll(), {"body": [json.loads(text)]})
    assert item.key == item.digest.hex()
    assert item.value == json.loads(text)
