"""What expressions yield."""

import math
from typing import Any

import pytest

from gnatwork_blocks.javascript.service import JavaScript


@pytest.mark.parametrize(
    ("source", "values", "found"),
    [
        ("1 + 1", {}, 2),
        ("input.total > 100", {"input": {"total": 120}}, True),
        ("input?.missing ?? 'none'", {"input": None}, "none"),
        ("blocks['my-id'].list.map(n => n * 2)", {"blocks": {"my-id": {"list": [1, 2.5]}}}, [2, 5]),
        ("{a: 1, b: [input]}", {"input": "x"}, {"a": 1, "b": ["x"]}),
        ("({a: 1})", {}, {"a": 1}),
        ("input.total // what it costs", {"input": {"total": 1}}, 1),
        ("const half = input / 2; half + 1", {"input": 8}, 5),
        ("let n = 0; for (const one of input) n += one; n", {"input": [1, 2, 3]}, 6),
        ("const input = 1; input", {"input": 2}, 1),
        ("`${input}\n` + /* here */ 'b'", {"input": "a"}, "a\nb"),
        ("", {}, None),
    ],
)
async def test_expressions_and_statements(javascript: JavaScript, source: str, values: Any, found: Any) -> None:
    assert await javascript.evaluate(source, values) == found


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1.5,
        2**53,
        -(2**53),
        1e300,
        "",
        "é ß 漢 😀 \u2028 \u2029",
        "\x00 between \x00",
        "\ufeff\ufffd\"'\\`${x}</script>",
        "\\ud83d",
        [],
        {},
        {"": {"a b": [[[]]]}, "__proto__": {"x": 1}, "constructor": 1, "toJSON": 2, "\x00": "\x00"},
        [[{"a": [None, False]}]] * 50,
        "x" * 3_000_000,
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_values_come_out_as_they_go_in(javascript: JavaScript, value: Any) -> None:
    found = await javascript.evaluate("input", {"input": value})
    assert found == value
    assert isinstance(found, bool) is isinstance(value, bool)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("undefined", None),
        ("(() => () => 1)", None),
        ("Symbol('x')", None),
        ("[undefined, () => 1, NaN, -0]", [None, None, None, 0]),
        ("({a: undefined, b: NaN})", {"b": None}),
        ("NaN", None),
        ("1 / 0", None),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("new Date(2020, 5, 1).getTimezoneOffset()", 0),
        ("9007199254740993", 9007199254740992),
        ("new Map([[1, 2]])", {}),
        ("/x/", {}),
        ("function* all() { yield 1 }; all", {}),
        ("'\\ud83d' + 'a'", "\ufffda"),
        ("'\\\\ud83d'", "\\ud83d"),
        ("'\\\\\\ud83d'", "\\\ufffd"),
        ("['\\ud83d\\ude00', '\\ude00\\ud83d']", ["😀", "\ufffd\ufffd"]),
        ("'ab'.repeat(100000).length", 200000),
        ("'a'.repeat(10000) + 'b'.repeat(10000)", "a" * 10000 + "b" * 10000),
    ],
)
async def test_what_json_does_not_have(javascript: JavaScript, source: str, found: Any) -> None:
    assert await javascript.evaluate(source, {}) == found


async def test_large_integers_lose_digits_as_javascript_does(javascript: JavaScript) -> None:
    found = await javascript.evaluate("input", {"input": 2**60})
    assert math.isclose(found, 2**60)
    assert await javascript.evaluate("String(BigInt(input))", {"input": 2**60}) == str(2**60)


@pytest.mark.parametrize(
    ("source", "values", "found"),
    [
        ("set => set.n + 1", {"set": {"n": 1}}, 2),
        ("set => set", {}, {}),
        ("({ n }) => ({ n })", {"set": {"n": 1}, "input": 3}, {"n": 1}),
        ("function (set) { return [set.n, set === globalThis.set] }", {"set": {"n": 1}}, [1, True]),
        ("async set => await set.n", {"set": {"n": 5}}, 5),
        ("set.n", {"set": {"n": 5}}, 5),
        ("const twice = x => 2 * x; set => twice(set.n)", {"set": {"n": 5}}, 10),
    ],
)
async def test_a_function_is_called_with_the_set(javascript: JavaScript, source: str, values: Any, found: Any) -> None:
    assert await javascript.evaluate(source, values) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Promise.resolve(7)", 7),
        ("await Promise.resolve({a: 1})", {"a": 1}),
        ("(async () => { await 1; await 2; return [3] })()", [3]),
        ("Promise.all([1, Promise.resolve(2)]).then(all => all.map(n => n + 1))", [2, 3]),
        ("({ then(ok) { ok(9) } })", 9),
        ("new Promise(ok => queueMicrotask(() => ok('late')))", "late"),
        ("queueMicrotask(() => { throw 1 }); 3", 3),
        ("queueMicrotask(() => { throw 1 }); Promise.resolve().then(() => 4)", 4),
        ("({ await: 5 }).await", 5),
        ("Promise.resolve(() => 1)", None),
    ],
)
async def test_promises_are_waited_for(javascript: JavaScript, source: str, found: Any) -> None:
    assert await javascript.evaluate(source, {}) == found


async def test_values_are_constants_and_no_code(javascript: JavaScript) -> None:
    values = {"input": "'); throw 1; ('", "__proto__": {"a": 1}, "JSON": {"mine": True}}
    source = "globalThis.input = 1; try { delete globalThis.input } catch {}; [input, __proto__.a, JSON.mine]"
    assert await javascript.evaluate(source, values) == [values["input"], 1, True]


async def test_nothing_is_left_for_the_next_one(javascript: JavaScript) -> None:
    leave = "globalThis.left = 1; Object.prototype.left = 2; Array.prototype.map = 3; JSON.parse = 4; input"
    look = "[typeof left, typeof ({}).left, typeof [].map, typeof JSON.parse, typeof input]"
    assert await javascript.evaluate(leave, {"input": "mine"}) == "mine"
    assert await javascript.evaluate(look, {}) == ["undefined", "undefined", "function", "function", "undefined"]


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ([], None),
        (["0", "''", "null", "undefined", "NaN", "false", "0n"], None),
        (["false", "1/0", "nothing.here"], 1),
        (["[]"], 0),
        (["false", "({})"], 1),
        (["Promise.resolve(false)", "Promise.resolve('x')"], 1),
        (["set => set.n > 1"], 0),
        (["input = 0", "input === 3"], 1),
        (["10n"], 0),
        (["new Date(0)"], 0),
        (["Symbol()"], 0),
    ],
)
async def test_the_first_that_is_true(javascript: JavaScript, sources: list[str], found: int | None) -> None:
    assert await javascript.first_true(sources, {"input": 3, "set": {"n": 2}}) == found
