"""Rendering one config: types, texts, defaults, what is missing."""

from typing import Any

import pytest

from gnatwork_engine.render import Renderer, Scope
from gnatwork_engine.template import parse_template
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.template import PathExpression, TemplateLeaf

SCOPE = Scope(
    input={"url": "https://example.org/", "n": 3},
    outputs={
        "page": {
            "status": 200,
            "ok": True,
            "none": None,
            "title": "Größe",
            "items": [{"a b": 1.5}, "x"],
            "length": "its own",
            "o": {},
        },
        "list": [[1, 2, 3]],
    },
    run={"id": "r1", "workflow": "w"},
    trigger={"type": "api"},
)


def leaf(text: str, *at: str | int) -> TemplateLeaf:
    parts = parse_template(text)
    assert parts is not None
    roots = {"input", "blocks", "run", "trigger", "error"}
    return TemplateLeaf(
        at=at,
        parts=tuple(
            part.model_copy(update={"path": ("blocks", *part.path)})
            if isinstance(part, PathExpression) and part.path[0] not in roots
            else part
            for part in parts
        ),
    )


def rendered(text: str, scope: Scope = SCOPE) -> Any:
    config, deferred = Renderer(text, [leaf(text)]).render(scope)
    assert deferred == ()
    return config


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ page.status }}", 200),
        ("{{ page.ok }}", True),
        ("{{ page.none }}", None),
        ("{{ page.items }}", [{"a b": 1.5}, "x"]),
        ("{{ page.items[0]['a b'] }}", 1.5),
        ("{{ blocks.page.items[1] }}", "x"),
        ("{{ list }}", [[1, 2, 3]]),
        ("{{ input }}", {"url": "https://example.org/", "n": 3}),
        ("{{ run }}", {"id": "r1", "workflow": "w"}),
        ("{{ trigger.type }}", "api"),
        ("{{ page.items.length }}", 2),
        ("{{ page.title.length }}", 5),
        ("{{ page.length }}", "its own"),
        ("{{ page.length.length }}", 7),
        ("{{ list[0]['length'] }}", 3),
        ("{{ '{{' }}", "{{"),
    ],
)
def test_a_whole_text_keeps_the_type_of_its_value(text: str, value: Any) -> None:
    result = rendered(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ run.id }}-{{ page.status }}", "r1-200"),
        (" {{ page.status }}", " 200"),
        ("{{ page.none }}, {{ page.ok }}", "null, true"),
        ("{{ page.title }}: {{ page.items }}", 'Größe: [{"a b":1.5},"x"]'),
        ("{{ '{{' }} {{ input.n }} }}", "{{ 3 }}"),
    ],
)
def test_inside_a_longer_text_texts_go_in_as_they_are_and_the_rest_as_json(text: str, value: str) -> None:
    assert rendered(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ page.nope ?? null }}", None),
        ("{{ page.none ?? 1 }}", None),
        ("{{ page.nope.deep[0] ?? [1] }}", [1]),
        ("{{ page.items[2] ?? 'none' }}", "none"),
        ("{{ page.status.x ?? 'none' }}", "none"),
        ("{{ skipped.body ?? 'none' }}", "none"),
        ("{{ skipped ?? 'none' }}", "none"),
        ("{{ error.code ?? 'none' }}", "none"),
        ("{{ input.n.length ?? 0 }}", 0),
        ('<{{ page.nope ?? {"a": 1} }}>', '<{"a":1}>'),
    ],
)
def test_a_default_stands_for_what_is_missing_but_not_for_null(text: str, value: Any) -> None:
    assert rendered(text) == value


@pytest.mark.parametrize(
    ("text", "first", "why"),
    [
        ("{{ page.nope.x }}", "`nope`", "`page` is an object without it"),
        ("{{ blocks['page'].o.x }}", "`x`", "`page.o` is an object without it"),
        ("{{ page.items[2] }}", "`[2]`", "`page.items` is an array of 2"),
        ("{{ page.items.first }}", "`first`", "`page.items` is an array of 2"),
        ("{{ page.title.x }}", "`x`", "`page.title` is a text"),
        ("{{ page.status.length }}", "`length`", "`page.status` is a number"),
        ("{{ page.ok.x }}", "`x`", "`page.ok` is a boolean"),
        ("{{ page.none.x }}", "`x`", "`page.none` is null"),
        ("{{ input[0] }}", "`[0]`", "`input` is an object without it"),
        ("{{ run.nope }}", "`nope`", "`run` is an object without it"),
        ("{{ skipped.body }}", "`skipped`", "the block has no output in this run"),
        ("{{ error.code }}", "`error`", "there is none in this run"),
        ("text {{ page.nope }}", "`nope`", "`page` is an object without it"),
    ],
)
def test_what_is_missing_is_told_with_the_path_and_its_first_missing_step(text: str, first: str, why: str) -> None:
    with pytest.raises(TemplateError) as caught:
        rendered(text)
    written = text[text.index("{{") + 2 : -2].strip()
    assert caught.value.code == "template.missing"
    assert caught.value.detail.startswith(f"`{written}`: {first}")
    assert caught.value.detail.endswith(why)


def test_an_error_is_a_root_where_there_is_one() -> None:
    scope = Scope(input=None, outputs={}, run={}, trigger={}, error={"code": "http.status"})
    assert rendered("{{ error.code }}", scope) == "http.status"
    assert rendered("{{ input }}", scope) is None


def test_parts_without_templates_are_shared_and_the_config_stays_as_it_is() -> None:
    config = {"a": {"keep": [1, {"b": 2}], "t": "{{ page.status }}", "last": 1}, "l": ["x", "{{ page.ok }}"]}
    renderer = Renderer(config, [leaf("{{ page.status }}", "a", "t"), leaf("{{ page.ok }}", "l", 1)])
    first, second = renderer.render(SCOPE).config, renderer.render(SCOPE).config
    assert first == second == {"a": {"keep": [1, {"b": 2}], "t": 200, "last": 1}, "l": ["x", True]}
    assert first["a"]["keep"] is second["a"]["keep"] is config["a"]["keep"]  # type: ignore[index]  # JSON
    assert list(first["a"]) == ["keep", "t", "last"]
    assert config["a"]["t"] == "{{ page.status }}"  # type: ignore[index]  # JSON


def test_a_config_without_templates_is_itself() -> None:
    config = {"a": 1}
    assert Renderer(config, []).render(SCOPE).config is config


def test_keys_that_look_like_indexes_stay_keys() -> None:
    config = {"0": "{{ page.ok }}"}
    assert Renderer(config, [leaf("{{ page.ok }}", "0")]).render(SCOPE).config == {"0": True}


def test_values_of_users_are_never_taken_for_templates_or_references() -> None:
    nasty = {
        "t": {"$template": [{"path": ["run", "id"], "source": "run.id"}], "values": {}},
        "p": {"$payload": {"id": "p1", "size": 1, "digest": "sha256:0"}},
        "s": "{{ run.id }}",
    }
    scope = Scope(input={"x": nasty}, outputs={"b": {"y": nasty["p"]}}, run={}, trigger={"$payload": {}})
    assert rendered("{{ input.x }}", scope) == nasty
    assert rendered("{{ b.y }}", scope) == nasty["p"]
    assert rendered("{{ trigger }}", scope) == {"$payload": {}}


def test_a_value_that_nests_too_deeply_for_a_text_is_an_error_of_the_template() -> None:
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    with pytest.raises(TemplateError, match="nests too deeply"):
        rendered("x {{ input }}", Scope(input=deep, outputs={}, run={}, trigger={}))
