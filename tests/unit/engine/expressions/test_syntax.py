"""Texts that are no expressions: where the mistake is, and what was probably meant."""

import time

import pytest

from gnatwork_engine.expressions import BODY, ExpressionError, Mention, mentions_of
from gnatwork_engine.expressions.syntax import MAX_LENGTH


def refusal(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        mentions_of(text)
    assert caught.value.code == "expression.syntax"
    return caught.value.detail


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("a.b >", 'a value is missing at line 1, column 6, near "a.b >"'),
        ("a b", "it can't be read at line 1, column 3"),
        ("a.b[", "it can't be read at line 1, column 4"),
        ("input.n\n  > = 3", "it can't be read at line 2, column 5"),
        ("😀 ü > = 3", "it can't be read at line 1, column"),
        ('"abc', '`"` is missing at line 1, column 5'),
        ("x => { return 1", "`}` is missing at line 1, column 16"),
        ("a ? b", "it can't be read"),
        ("1) + (2", "it is not one expression; look at its parentheses"),
        ("a /* b", "it can't be read at line 1, column 4"),
        ("{{ input.n }} > 3", "write `input.n > 3` without braces: this is JavaScript, not a template"),
        ("return input.n > 3;", "write `input.n > 3` without `return`"),
        ("if (a) b", "this is a statement: write `a ? b : c`"),
        ("let x = 1", "this is a statement"),
        ("a > 1;", "leave out the `;` at the end"),
        ("a.b = 1", 'it assigns a value at line 1, column 1, near "a.b = 1"; to compare, write `===`'),
        ("n > 1 && !(a.b = 1)", "it assigns a value at line 1, column 12"),
        ("a = b ? 1 : 2", "it assigns a value at line 1, column 1"),
        ("(a = b) ? 1 : 2", "it assigns a value at line 1, column 2"),
        ("a.n += 1", "it assigns a value at line 1, column 1"),
        ("<div>{x}</div>", "JSX is not JavaScript: line 1, column 1"),
        ('import("x")', "an expression can't import modules: line 1, column 1"),
    ],
)
def test_a_mistake_has_a_place_and_a_hint(text: str, told: str) -> None:
    assert told in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "(a.b = 1, a)",
        "(() => { let n = 1; n += 2; return n; })()",
        "l.map(x => x.n = 1)",
        "((n = 1) => n)()",
        "a === 1",
    ],
)
def test_assignments_on_the_way_to_a_value(text: str) -> None:
    mentions_of(text)


def test_a_long_text_is_refused_unread() -> None:
    mentions_of("a" * MAX_LENGTH)
    with pytest.raises(ExpressionError) as caught:
        mentions_of("a" * (MAX_LENGTH + 1))
    assert caught.value.code == "expression.too_long"
    assert "16,385 characters, more than 16,384" in caught.value.detail


def test_messages_stay_short() -> None:
    assert len(refusal("{{ " + "a" * 5000 + " }} > ")) < 300


@pytest.mark.parametrize("text", ["event + {{" + " " * 16_000 + "x", "event + " + "{{" * 8_000, "@" + "{{ a" * 4_000])
def test_braces_that_do_not_end_take_no_time(text: str) -> None:
    # Whoever compiles does nothing else meanwhile; these once took hours.
    begun = time.perf_counter()
    assert "can't be read" in refusal(text)
    assert time.perf_counter() - begun < 5


def test_the_statements_of_a_function_are_a_text_of_their_own() -> None:
    found = mentions_of("const big = context.get.data;\nreturn big.filter(o => o.total > limit)", around=BODY)
    assert [mention.name for mention in found] == ["context", "limit"]


def test_members_are_told_of_the_names_that_are_asked_for() -> None:
    found = mentions_of("steps['1'].total + steps?.two + payload.x", holders={"steps"})
    assert found == (Mention("steps", "1"), Mention("steps", "two"), Mention("payload"))


@pytest.mark.parametrize("text", ["return 1}, () => {", "} || {", "}) + (() => {", "}"])
def test_a_body_can_not_leave_its_function(text: str) -> None:
    with pytest.raises(ExpressionError):
        mentions_of(text, around=BODY)


def test_a_mistake_in_a_body_has_its_place_in_the_text() -> None:
    with pytest.raises(ExpressionError, match="line 2, column 10"):
        mentions_of("let a = 1;\nreturn a +* 2", around=BODY)
