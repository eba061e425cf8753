"""What an expression takes from outside of itself, by the scoping rules of JavaScript."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnatwork_engine.expressions import ExpressionError, Mention, mentions_of


def names(text: str) -> list[str]:
    return [mention.name if mention.member is None else f"{mention[0]}.{mention[1]}" for mention in mentions_of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b.c > b", "a b"),
        ("a, b, a", "a b"),
        ("a[b]?.(c)", "a b c"),
        ("{a, b: 1, [c]: d, ...e, get f() { return g }}", "a c d e g"),
        ("`${a} b ${c}`", "a c"),
        ("/a/.test(b)", "b"),
        ("a.map(x => x.y + z)", "a z"),
        ("a.map((x, i) => x + i)", "a"),
        ("(a, {b, c: d = e, ...f}, [g, h = i], ...j) => a + b + d + f + g + h + j + k", "e i k"),
        ("(a = b, c = a) => c", "b"),
        ("(a = b) => { var b; }", "b"),
        ("() => { use(v); var v }", "use"),
        ("() => { { let q = 1 } return q }", "q"),
        ("() => { { var q = 1 } return q }", ""),
        ("() => { { function q() {} } return q }", ""),
        ("() => { const {x, y: [z]} = o; return x + z }", "o"),
        ("() => { for (const x of xs) f(x); for (y in ys) {} }", "xs f y ys"),
        ("() => { for (let i = 0; i < n; i++) i; return i }", "n i"),
        ("() => { for (var x of xs) {} return x }", "xs"),
        ("() => { try { a } catch ({message}) { message; b } }", "a b"),
        ("() => { try { a } catch { b } }", "a b"),
        ("() => { switch (a) { case b: let c; c } return c }", "a b c"),
        ("() => { lab: for (;;) break lab }", ""),
        ("() => { function f() { return f } f() }", ""),
        ("function f() { return f(arguments) }", ""),
        ("(function f() {}, f)", "f"),
        ("() => arguments", "arguments"),
        ("async x => await x + y", "y"),
        ("await a", "a"),
        ("function* () { yield a }", "a"),
        ("class K extends B { m(p) { return p + K + q } static #s = r; [t] = 1; static { let u; u; v } }", "B q r t v"),
        ("() => { class K {} return new K }", ""),
        ("(class K {}, K)", "K"),
        ("([a, {b, c: d}] = e, 1)", "a b d e"),
        ("(a = 1, 2)", "a"),
        ("{ a: 1 }", ""),
        ("/* x */ a // y", "a"),
        ("Math.max(a, undefined, NaN)", "Math a NaN"),
        ("ünï + $x + _y", "ünï $x _y"),
        ('blocks["a-b"]?.x + blocks.y?.z + blocks?.q', "blocks.a-b blocks.y blocks.q"),
        ("blocks['a'] + blocks['']", "blocks.a blocks."),
        ("blocks[x] + blocks[`y`] + blocks['\\x41'] + (blocks).z", "blocks x"),
        ("previous.page.next ?? previous['other']", "previous.page previous.other"),
        ("Object.keys(previous)", "Object previous"),
        ("blocks => blocks.x", ""),
        ("a.blocks.x", "a"),
    ],
)  # fmt: skip
def test_free_names(text: str, expected: str) -> None:
    assert names(text) == expected.split()


def test_a_member_of_a_name_that_is_bound_is_no_mention() -> None:
    assert mentions_of("(previous => previous.x)(y)") == (Mention("y"),)


def read(text: str) -> tuple[Mention, ...] | str:
    """What is mentioned, or why the text is refused."""
    try:
        return mentions_of(text)
    except ExpressionError as error:
        return error.detail


@given(st.text(max_size=60) | st.text(alphabet="abfx.,;:=><!?+-*/()[]{}'\"`$ \n01", max_size=60))
@settings(deadline=None, max_examples=500)
def test_any_text_is_read_or_refused(text: str) -> None:
    found = read(text)
    assert isinstance(found, tuple) or found


WORDS = (
    "a b ( ) => { } [ ] , function class let var x = ; ... for of in ` ${ return if ? : . await catch try #p static get"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=40).map(" ".join))
@settings(deadline=None, max_examples=500)
def test_any_words_are_read_or_refused(text: str) -> None:
    found = read(text)
    assert isinstance(found, tuple) or found


@pytest.mark.parametrize(
    "text",
    ["a+" * 8000 + "a", "[" * 8000 + "]" * 8000, "f(" * 5000 + "a" + ")" * 5000, "x=>" * 5000 + "a", "{" * 16000],
)
def test_deep_and_long_expressions_take_little_time(text: str) -> None:
    started = time.process_time()
    found = read(text)
    assert time.process_time() - started < 2
    assert len(found) < 300
