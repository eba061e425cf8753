"""Expressions that share a context: they yield what they would in one of their own, and leave nothing behind."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnatwork_blocks.javascript.evaluation import Evaluation
from gnatwork_blocks.javascript.plain import names_of
from gnatwork_blocks.javascript.shared_context import SharedContext

VALUES = {
    "order": {"total": 120, "lines": [{"price": 5, "name": "Tea "}, {"price": 3, "name": "Jam"}], "map": 1, "a b": 2},
    "xs": [3, 1, 2],
    "text": "Marsh",
    "none": None,
    "item": {"constructor": 1, "toString": 2},
}

PLAIN = [
    "order.total > 100",
    "order.total > 100 && order.lines.some(line => line.price > 3)",
    "order?.lines?.[1]?.name.trim() === 'Jam' ? 'yes' : \"no\"",
    "order.lines.map(line => line.name.toLowerCase().trim()).join('/')",
    "order.lines.filter(line => xs.includes(line.price)).map(line => [line.name, line.price * 1.5])",
    "order['a b'] / 2 + xs.length % 2 - -1",
    "none ?? text.slice(1, 3).concat('!')",
    "!none || typeof text === 'string'",
    "xs.find(x => x < 2) != null",
    "(order.total)",
    "xs.map(x => xs.map(y => x * y))",
    "item.constructor",
    "[1, text, [none], undefined]",
    "text\n  .startsWith('M')",
    "1 / 0",
    "'\U0001f99f é'",
]

OTHERS = [
    "order.total = 1",
    "order.total++",
    "--order.total",
    "order.total += 1",
    "delete order.total",
    "xs.push(4)",
    "xs.sort()",
    "xs.reverse()",
    "text.repeat(1e9)",
    "text.replace('a', 'b')",
    "xs.reduce((a, b) => a + b)",
    "`${text}`",
    "text`x`",
    "/a/.test(text)",
    "text / 2 + /'/.x + '/ .b(1) //'",
    "/'/ .constructor('return 1')() //'",
    "typeof /'/ .b(1) //'",
    "(/'/).b(1) //'",
    "'a' /* ' */ .constructor()",
    "'\\''",
    "new Date()",
    "(() => { globalThis.x = 1 })()",
    "xs.map(x => { globalThis.x = 1 })",
    "xs.map(function (x) { return x })",
    "xs.map(order.constructor.assign)",
    "[order.constructor.prototype].map(order.constructor.assign)",
    "xs.map(x)",
    "xs.map((x, at) => at)",
    "xs.map(async x => x)",
    "order.constructor.assign(order.constructor.prototype, order)",
    "text.constructor.constructor('return 1')()",
    "order['constructor']['assign'](order)",
    "(order.constructor.assign)(order)",
    "order.lines?.(1)",
    "order.lines[0](1)",
    "text.at(0)(1)",
    "eval('1')",
    "await text",
    "import('os')",
    "this.x",
    "globalThis.x",
    "arguments[0]",
    "{ a: 1 }",
    "({ a: 1 })",
    "a; b",
    "text <!-- 1",
    "text --> 1",
    "text // 1",
    "text\u2028.at(0)",
    "t\\u0065xt",
    "\u00e4 > 1",
    "1n",
    "0x10",
    "1_000",
    "[...xs]",
    ".5",
    "",
    " ",
    "x" * 1001,
]


def answers(source: str, *, choose: bool = False, shared: SharedContext | None = None) -> tuple[Any, Any]:
    """What the shared context says, None if nothing, and what one of its own does."""
    request = {"sources": [source], "choose": choose}
    values = json.dumps(VALUES).encode()
    found = (shared or SharedContext()).answer(request, values, 5.0)
    alone = Evaluation().answer(json.dumps(request).encode(), values, 5.0)
    return found and json.loads(found), json.loads(alone)


@pytest.mark.parametrize("source", PLAIN)
def test_a_plain_expression_yields_what_it_would_alone(source: str) -> None:
    for choose in (False, True):
        found, alone = answers(source, choose=choose)
        assert found == alone
        assert "value" in found


@pytest.mark.parametrize("source", OTHERS)
def test_what_is_not_surely_plain_is_none(source: str) -> None:
    assert names_of(source) is None


@pytest.mark.parametrize(
    "source", ["missing > 1", "missing", "text.constructor", "none.x", "order.map(x => x)", "x => x", "(", "text text"]
)
def test_what_goes_wrong_is_for_a_context_of_its_own_to_tell(source: str) -> None:
    found, alone = answers(source)
    assert found is None
    assert "error" in alone or source in {"text.constructor", "x => x"}


def test_the_first_that_is_true_is_told() -> None:
    request = {"sources": ["none", "xs.length > 2", "text"], "choose": True}
    assert SharedContext().answer(request, json.dumps(VALUES).encode(), 5.0) == b'{"value":1}'
    mixed = {"sources": ["none", "xs.sort()"], "choose": True}
    assert SharedContext().answer(mixed, json.dumps(VALUES).encode(), 5.0) is None


def test_one_that_takes_too_long_is_stopped() -> None:
    values = json.dumps({"xs": list(range(3000))}).encode()
    request = {"sources": ["xs.map(x => xs.map(y => xs.map(z => x + y + z).length).length).length"], "choose": False}
    shared = SharedContext()
    found = shared.answer(request, values, 0.05)
    assert found is not None
    assert json.loads(found)["error"]["code"] in {"code.timeout", "code.memory"}
    assert shared.answer({"sources": ["xs.length"], "choose": False}, values, 5.0) == b'{"value":3000}'


#: All that there is of the language, and what it consists of.
_SEEN = """
(function () {
  const seen = new Set(), found = [];
  const look = (object, depth) => {
    if ((typeof object !== "object" && typeof object !== "function") || object === null || seen.has(object)) return;
    seen.add(object);
    for (const name of Reflect.ownKeys(object)) {
      const { value, get } = Reflect.getOwnPropertyDescriptor(object, name);
      found.push(String(name), typeof value, typeof value === "object" ? "" : String(value).length);
      if (depth) look(value ?? get, depth - 1);
    }
    look(Reflect.getPrototypeOf(object), depth);
  };
  look(globalThis, 3);
  return found.join();
})()
"""
_TOKENS = (
    "order xs text none item x constructor prototype __proto__ assign map filter some find at concat join length slice"
    " call apply bind total lines typeof 1 2.5 'a' \"b\" => === > && || ?? ?. . , : ( ) [ ] + - * / % ! ? = ++ { } ; //"
    " push sort valueOf toString defineProperty"
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_TOKENS.split()), min_size=1, max_size=14).map(" ".join))
def test_whatever_is_plain_leaves_the_language_as_it_was(source: str) -> None:
    if names_of(source) is None:
        return
    shared = SharedContext()
    shared.answer({"sources": ["xs"], "choose": False}, b'{"xs": 1}', 5.0)
    context = shared._context
    before = context.eval(_SEEN)
    found, alone = answers(source, shared=shared)
    assert found is None or found == alone
    assert context.eval(_SEEN) == before
