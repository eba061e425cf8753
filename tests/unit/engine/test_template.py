import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnatwork_engine.template import (
    MAX_LITERAL_DEPTH,
    MAX_PATH_LENGTH,
    TemplateSyntaxError,
    format_path,
    parse_template,
)
from gnatwork_schemas.template import PathExpression

names = st.text(st.sampled_from("abcXYZ019_-$é"), min_size=1, max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), finite, st.text())
literals = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
paths = st.tuples(names, st.lists(st.one_of(names, st.text(max_size=8), st.integers(0, 999_999_999)), max_size=5)).map(
    lambda path: (path[0], *path[1])
)
expressions = st.builds(
    lambda path, default: (
        PathExpression(path=path, source=format_path(path))
        if default is None
        else PathExpression(path=path, source=format_path(path), has_default=True, default=default[0])
    ),
    paths,
    st.none() | st.tuples(literals),
)


def expression_of(text: str) -> PathExpression:
    parts = parse_template(text)
    assert parts is not None
    (part,) = parts
    assert isinstance(part, PathExpression)
    return part


def printed(part: str | PathExpression) -> str:
    if isinstance(part, str):
        return part
    default = f" ?? {json.dumps(part.default)}" if part.has_default else ""
    return f"{{{{ {part.source}{default} }}}}"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{{ page }}", ("page",)),
        ("{{page.body}}", ("page", "body")),
        ("{{ a.b[0].c }}", ("a", "b", 0, "c")),
        ('{{ a["c d"] }}', ("a", "c d")),
        ("{{ a['it\\'s'] }}", ("a", "it's")),
        ('{{ a[ "\\u00e9}}" ] }}', ("a", "é}}")),
        ("{{ blocks['my-id'].x }}", ("blocks", "my-id", "x")),
        ("{{ my-id.a.b-c }}", ("my-id", "a", "b-c")),
        ("{{ a.length }}", ("a", "length")),
        ("{{ a.0 }}", ("a", "0")),
        ("{{ 0-th.größe.$ref }}", ("0-th", "größe", "$ref")),
        ("{{\n\ta.b\r\n}}", ("a", "b")),
    ],
)
def test_a_path(text: str, path: tuple[str | int, ...]) -> None:
    expression = expression_of(text)
    assert (expression.path, expression.has_default) == (path, False)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("null", None),
        ("false", False),
        ("-1.5e3", -1500.0),
        ("18446744073709551615", 2**64 - 1),
        ('"a \\"b\\" }}"', 'a "b" }}'),
        ("'a \"b\" \\'c\\' \\\\ \\n'", "a \"b\" 'c' \\ \n"),
        ("[]", []),
        ('{"a": {"b": [1]}}', {"a": {"b": [1]}}),
    ],
)
def test_a_default_is_a_json_literal(literal: str, value: Any) -> None:
    for text in (f"{{{{ a.b ?? {literal} }}}}", f"{{{{a.b??{literal}}}}}"):
        expression = expression_of(text)
        assert expression.has_default
        assert expression.default == value
        assert expression.source == "a.b"


def test_text_around_templates_is_kept() -> None:
    assert parse_template("a {{ b }}{{ c }} }} d") == (
        "a ",
        PathExpression(path=("b",), source="b"),
        PathExpression(path=("c",), source="c"),
        " }} d",
    )


def test_a_text_without_braces_is_no_template() -> None:
    assert parse_template("a { b } }}") is None


@pytest.mark.parametrize(
    ("text", "literal"), [('{{ "{{" }}', "{{"), ("a {{ '{{' }} b }}", "a {{ b }}"), ('{{ "" }}', "")]
)
def test_a_quoted_literal_stands_for_itself(text: str, literal: str) -> None:
    assert parse_template(text) == (literal,)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("{{", 2, "a path"),
        ("{{ }}", 3, "a path"),
        ("{{{ a }}}", 2, "a path"),
        ("{{ a", 4, "`}}`"),
        ("{{ a }", 5, "`}}`"),
        ("{{ a + b }}", 5, "more of a path"),
        ("{{ a.b() }}", 6, "more of a path"),
        ("{{ a | upper }}", 5, "more of a path"),
        ("{{ a. }}", 5, "a name"),
        ("{{ a[-1] }}", 5, "an index"),
        ("{{ a[1234567890] }}", 5, "an index"),
        ("{{ a[b] }}", 5, "an index"),
        ("{{ a[0 }}", 7, "`]`"),
        ("{{ a ?? }}", 8, "a JSON literal"),
        ("{{ a ?? b }}", 8, "a JSON literal"),
        ("{{ a ?? 1 2 }}", 10, "`}}`"),
        ("{{ a ?? NaN }}", 8, "a JSON literal"),
        ("{{ a ?? 1e999 }}", 8, "a JSON literal"),
        ("{{ a ?? 36893488147419103232 }}", 8, "a JSON literal"),
        ('{{ a ?? "\\ud800" }}', 8, "a JSON literal"),
        ("{{ a ?? 'b }}", 8, "a JSON literal"),
        ('{{ "a }}', 3, "a JSON literal"),
        ('{{ "a" ?? 1 }}', 7, "`}}`"),
        ("fine {{ b }}, not {{ c. }}", 23, "a name"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, position: int, expected: str) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        parse_template(text)
    assert caught.value.position == position
    assert expected in caught.value.detail
    assert f"at position {position}" in str(caught.value)
    assert caught.value.code == "template.invalid"


def test_limits() -> None:
    with pytest.raises(TemplateSyntaxError, match=f"at most {MAX_PATH_LENGTH} characters"):
        parse_template("{{ " + "a" * (MAX_PATH_LENGTH + 1) + " }}")
    deep = "[" * (MAX_LITERAL_DEPTH + 2) + "]" * (MAX_LITERAL_DEPTH + 2)
    with pytest.raises(TemplateSyntaxError, match=f"at most {MAX_LITERAL_DEPTH} levels"):
        parse_template("{{ a ?? " + deep + " }}")


@pytest.mark.parametrize(
    "hostile",
    [
        "{{" * 200_000,
        "{{ a" + ".a" * 200_000,
        "{{ a" + "[0" * 200_000,
        "{{" + " " * 400_000,
        "{{ a ?? " + "[" * 400_000,
        "{{ a ?? '" + "\\'" * 200_000,
        "{{ a ?? '" + "a" * 400_000,
        "{{ a ?? 9" + "9" * 400_000,
        "{{ 'a' }}" * 50_000 + "{{",
        "{{ a }}" * 50_000 + "{{",
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateSyntaxError) as caught:
        parse_template(hostile)
    assert time.process_time() - started < 2
    assert len(str(caught.value)) < 400


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for candidate in (text, "{{" + text, "{{ a" + text + "}}", "{{ a ?? " + text + " }}"):
        with contextlib.suppress(TemplateSyntaxError):
            assert (parse_template(candidate) is None) == ("{{" not in candidate)


@given(paths)
def test_a_path_is_read_as_it_was_written(path: tuple[str | int, ...]) -> None:
    assert expression_of(f"{{{{ {format_path(path)} }}}}").path == path


@given(st.lists(st.one_of(expressions, st.text(st.characters(exclude_characters="{"), min_size=1)), min_size=1))
@settings(deadline=None)
def test_what_is_printed_is_read_again(parts: list[str | PathExpression]) -> None:
    text = "".join(map(printed, parts))
    merged: list[str | PathExpression] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    expected = None if all(isinstance(part, str) for part in parts) else tuple(merged)
    assert parse_template(text) == expected
