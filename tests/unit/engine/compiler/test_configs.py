"""Block types and configs against the catalogue. Templates stand for any value."""

from typing import Any

import pytest
from support.definitions import compiled, faults_of, noop

URL = "https://example.org/"


def get(**config: Any) -> dict[str, Any]:
    return {"blocks": [{"id": "a", "type": "get", "config": {"url": URL, **config}}]}


@pytest.mark.parametrize(
    ("type_", "told"), [("gett", "; did you mean `get`?"), ("Get".lower() * 9, ""), ("no-op", "; did you mean `noop`?")]
)
def test_an_unknown_type_is_told_with_what_may_be_meant(type_: str, told: str) -> None:
    raw = {"blocks": [{"id": "a", "type": type_, "config": {"any": "thing"}}]}
    message = f"no executor has announced the block type `{type_}`{told}"
    assert faults_of(raw) == [("/blocks/0/type", "block.unknown_type", message)]


@pytest.mark.parametrize(
    ("config", "pointer", "message"),
    [
        ({"urll": 1}, "/urll", "there is no `urll` here; did you mean `url`?"),
        ({"x": 1}, "/x", "there is no `x` here"),
        ({"url": 7}, "/url", "must be a text, not a number"),
        ({"url": "no url"}, "/url", "must be of the format `uri`"),
        ({"url": URL + "x" * 20}, "/url", "must have at most 30 characters"),
        ({"method": "get"}, "/method", "must be one of `GET`, `POST`, `DELETE`; did you mean `GET`?"),
        ({"retries": True}, "/retries", "must be a whole number, not true or false"),
        ({"retries": 1.5}, "/retries", "must be a whole number, not a number"),
        ({"retries": -1}, "/retries", "must be at least 0"),
        ({"retries": 6}, "/retries", "must be at most 5"),
        ({"headers": []}, "/headers", "must be an object, not an array"),
        ({"headers": {"a/b": None}}, "/headers/a~1b", "must be a text, not null"),
        ({"tags": []}, "/tags", "must have at least 1 entries"),
        ({"tags": ["a", {}]}, "/tags/1", "must be a text, not an object"),
        ({"tags": ["a", "a"]}, "/tags", "must not hold the same entry twice"),
        ({"body": 1}, "/body", "must be a text or null, not a number"),
        ({"body": "x", "json": 1}, "", "may not have `json`, `body` together"),
        ({"auth": 1}, "/auth", "must be an object, not a number"),
        ({"auth": {"token": 1}}, "/auth/token", "must be a text, not a number"),
    ],
)
def test_a_bad_config_is_told_in_plain_words(config: dict[str, Any], pointer: str, message: str) -> None:
    assert faults_of(get(**config)) == [(f"/blocks/0/config{pointer}", "block.config_invalid", message)]


def test_the_nearest_of_several_forms_is_what_was_meant() -> None:
    assert {message for _, _, message in faults_of(get(auth={"user": "x", "passwd": "y"}))} == {
        "there is no `passwd` here; did you mean `password`?",
        "`password` is missing",
    }


def test_forms_that_are_equally_near_are_all_told() -> None:
    ((pointer, _, message),) = faults_of(get(auth={"user": "x", "token": 1}))
    assert pointer == "/blocks/0/config/auth"
    assert message.startswith("has none of its possible forms: ")
    assert set(message.partition(": ")[2].split("; or ")) == {
        "`password` is missing",
        "there is no `token` here",
        "there is no `user` here",
        "must be a text, not a number",
    }


@pytest.mark.parametrize("config", [None, 7, "text", []])
def test_a_config_of_the_wrong_type(config: Any) -> None:
    ((pointer, code, message),) = faults_of({"steps": [{"id": "a", "type": "get", "config": config}]})
    assert (pointer, code) == ("/steps/0/config", "block.config_invalid")
    assert message.startswith("must be an object, not ")


@pytest.mark.parametrize(
    "config",
    [
        {"url": "{{ input.u }}"},
        {"url": "{{ input.a }}-which is longer than thirty characters"},
        {"method": "{{ input.m }}"},
        {"retries": "{{ input.n }}"},
        {"headers": "{{ input.h }}"},
        {"headers": {"a": "{{ input.h }}"}},
        {"tags": ["{{ input.t }}", "{{ input.t }}"]},
        {"tags": ["x", "{{ input.t }}"]},
        {"body": "{{ input.b }}"},
        {"auth": "{{ input.a }}"},
        {"auth": {"token": "{{ input.t }}"}},
        {"auth": {"user": "x", "password": "{{ input.p }}"}},
    ],
)
def test_a_template_stands_for_any_value(config: dict[str, Any]) -> None:
    compiled(get(**config))


def test_a_whole_config_may_be_a_template() -> None:
    compiled({"blocks": [{"id": "a", "type": "get", "config": "{{ input }}"}]})


@pytest.mark.parametrize(
    ("config", "pointer", "message"),
    [
        ({"urll": "{{ input.u }}"}, "/urll", "there is no `urll` here; did you mean `url`?"),
        ({"auth": {"tokn": "{{ input.t }}"}}, "/auth/tokn", "there is no `tokn` here; did you mean `token`?"),
        ({"json": "{{ input.j }}", "body": "x"}, "", "may not have `json`, `body` together"),
        ({"headers": ["{{ input.h }}"]}, "/headers", "must be an object, not an array"),
        ({"tags": ["{{ input.t }}", "b", "c", "d"]}, "/tags", "must have at most 3 entries"),
        ({"url": "{{ input.u }}", "retries": "3"}, "/retries", "must be a whole number, not a text"),
    ],
)
def test_what_is_wrong_whatever_the_templates_yield_is_told(config: dict[str, Any], pointer: str, message: str) -> None:
    found = faults_of(get(**config))
    assert (f"/blocks/0/config{pointer}", "block.config_invalid", message) in found


def test_what_is_missing_is_told_beside_templates() -> None:
    raw = {"blocks": [{"id": "a", "type": "get", "config": {"method": "{{ input.m }}"}}]}
    assert faults_of(raw) == [("/blocks/0/config", "block.config_invalid", "`url` is missing")]


def test_a_config_that_is_not_there_lacks_what_is_required() -> None:
    message = "there is no `config`, and in it `url` is missing"
    assert faults_of({"blocks": [{"id": "a", "type": "get"}]}) == [("/blocks/0", "block.config_invalid", message)]


def test_a_schema_that_is_none_is_the_block_types_mistake() -> None:
    ((pointer, code, message),) = faults_of({"blocks": [noop("a"), {"id": "b", "type": "broken"}]})
    assert (pointer, code) == ("/blocks/1/type", "block.config_invalid")
    assert message.startswith("the config schema that executors announce for `broken` is itself wrong")
