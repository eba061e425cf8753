"""What is told when a script fails by itself."""

import pytest

from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import BlockError


async def failure(javascript: JavaScript, source: str, values: object = None) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await javascript.evaluate(source, values if isinstance(values, dict) else {})
    assert await javascript.evaluate("6 * 7", {}) == 42
    return caught.value


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("1 +", 1),
        ("input.total >", 1),
        ("\n\n 1 1", 3),
        ("const a = 1;\nconst b = ;", 2),
        ("return 5", 1),
        ("'never closed", 1),
        ("import x from 'y'", 1),
        ("\x00", 1),
        ("}); throw 1; ({", 1),
    ],
)
async def test_what_does_not_parse(javascript: JavaScript, source: str, line: int) -> None:
    error = await failure(javascript, source)
    assert error.code == "code.syntax"
    assert not error.retryable
    assert error.message.startswith("SyntaxError: ")
    assert error.details == {"expression": 0, "line": line}
    assert f"(line {line})" in error.message


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("input.total", "ReferenceError: input is not defined (line 1)", 1),
        ("1;\n\nnull.x", "TypeError: cannot read property 'x' of null (line 3)", 3),
        ("(\n() => {\n  throw new RangeError('too few') })()", "RangeError: too few (line 3)", 3),
        ("const f = () => { throw new Error('é\\0') };\nf()", "Error: é\x00 (line 1)", 1),
        ("JSON.parse('{')", "(line 1)", 1),
        ("Promise.reject(new TypeError('late'))", "TypeError: late (line 1)", 1),
        ("async () => {\n await 1;\n null.x }", "TypeError: cannot read property 'x' of null (line 3)", 3),
        ("class A {}; A", "TypeError: class constructors must be invoked with 'new'", None),
        ("10n", "TypeError: BigInt are forbidden in JSON.stringify", None),
        ("const loop = {}; loop.loop = loop; loop", "TypeError: circular reference", None),
        ("throw 'text'", "text", None),
        ("throw undefined", "undefined", None),
        ("throw 7", "7", None),
        ("throw Symbol('x')", "Symbol(x)", None),
        ("throw {a: 1}", '{"a":1}', None),
        ("throw { name: 'Odd', message: 'one' }", "Odd: one", None),
        ("throw { get message() { throw 1 } }", "something was thrown that throws when it is looked at", None),
        ("throw new Proxy({}, { get() { throw 1 } })", "something was thrown that throws when it is looked at", None),
        ("new Promise(() => {})", "The script waits for a promise that nothing will ever resolve.", None),
        ("({ then() {} })", "The script waits for a promise that nothing will ever resolve.", None),
        ("(function f() { f() })()", "RangeError: Maximum call stack size exceeded (line 1)", 1),
        ("Object.prototype.toJSON = () => 'gone'; none", "ReferenceError: none is not defined (line 1)", 1),
    ],
)
async def test_what_is_thrown(javascript: JavaScript, source: str, message: str, line: int | None) -> None:
    error = await failure(javascript, source)
    assert (error.code, error.retryable) == ("code.error", False)
    assert message in error.message
    if line is not None:
        assert error.details == {"expression": 0, "line": line}


async def test_null_is_what_the_engine_throws_without_memory(javascript: JavaScript) -> None:
    error = await failure(javascript, "throw null")
    assert (error.code, error.message) == ("code.memory", "The script ran out of memory, or threw null.")


async def test_a_long_message_is_cut(javascript: JavaScript) -> None:
    error = await failure(javascript, "throw new Error('x'.repeat(1e7))")
    assert len(error.message) < limits.MESSAGE + 50


async def test_the_expression_that_failed_is_named(javascript: JavaScript) -> None:
    with pytest.raises(BlockError) as caught:
        await javascript.first_true(["false", "0", "\ninput.x", "true"], {})
    assert caught.value.details == {"expression": 2, "line": 2}


async def test_names_that_cannot_be_given(javascript: JavaScript) -> None:
    assert (await failure(javascript, "1;", {"undefined": 1})).code == "code.error"


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("1 //" + "x" * limits.SOURCE, {}),
        ("1", {"input": "x" * limits.VALUES}),
        ("'x'.repeat(2 ** 23)", {}),
        ("let deep = []; for (let i = 0; i < 151; i++) deep = [deep]; deep", {}),
        ("let deep = []; for (let i = 0; i < 2000; i++) deep = [deep]; deep", {}),
    ],
)
async def test_what_is_too_large(javascript: JavaScript, source: str, values: dict[str, str]) -> None:
    assert (await failure(javascript, source, values)).code == "code.too_large"


async def test_values_that_are_too_deep(javascript: JavaScript) -> None:
    deep: list[object] = []
    for _ in range(300):
        deep = [deep]
    assert (await failure(javascript, "1", {"input": deep})).code == "code.too_large"


async def test_as_large_as_allowed(javascript: JavaScript) -> None:
    deep = "let deep = []; for (let i = 0; i < 149; i++) deep = [deep]; deep"
    assert str(await javascript.evaluate(deep, {})).count("[") == limits.DEPTH
    assert len(await javascript.evaluate(f"'[{{'.repeat({limits.RESULT // 2 - 1})", {})) == limits.RESULT - 2
    assert await javascript.evaluate("input.length", {"input": "x" * (limits.VALUES - 20)}) == limits.VALUES - 20


async def test_values_that_are_no_json_are_a_mistake_of_the_caller(javascript: JavaScript) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        await javascript.evaluate("1", {"input": object()})
