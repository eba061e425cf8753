"""Scripts that would keep a machine busy, fill it, or break what evaluates them."""

import asyncio

import pytest

from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import BlockError

TIMEOUT = 0.2
#: Seconds that the machine of the tests may be late.
PATIENCE = 5.0

ENDLESS = [
    "for (;;);",
    "try { for (;;); } catch { 1 } finally { 2 }",
    "for (;;) { try { for (;;); } catch {} }",
    "(async () => { await 1; for (;;); })()",
    "(async () => { for (;;) await 1 })()",
    "(async () => { for (;;) { try { for (;;); } catch {} } })()",
    "let again = () => Promise.resolve().then(again); again()",
    "const again = () => queueMicrotask(again); again(); new Promise(() => {})",
    "const more = () => { queueMicrotask(more); queueMicrotask(more) }; more(); new Promise(() => {})",
    "({ get then() { for (;;); } })",
    "({ then() { for (;;); } })",
    "({ toJSON() { for (;;); } })",
    "({ get x() { for (;;); } })",
    "new Proxy({}, { ownKeys() { for (;;); } })",
    "throw { get message() { for (;;); } }",
    "throw { message: { toString() { for (;;); } }, toJSON() { for (;;); } }",
    "Promise.prototype.then = () => { for (;;); }; Promise.resolve(1).then()",
    "Object.defineProperty(Object.prototype, 'then', { get() { for (;;); } }); ({})",
    "function f() { try { f() } finally { f() } }; f()",
    "/(a+)+$/.test('a'.repeat(50) + 'b')",
    "/^(([a-z])+.)+[A-Z]([a-z])+$/.test('a'.repeat(60))",
    "'a'.repeat(2 ** 20).replace(/(a*)*b/, '')",
    "new Array(4294967295).join('')",
    "[].reverse.call({ length: 2 ** 53 - 1 })",
    "[].includes.call({ length: 2 ** 53 - 1 }, 1)",
    "[].sort.call({ length: 2 ** 53 - 1 })",
    "('ab'.repeat(2 ** 22)).indexOf('ab'.repeat(2 ** 20) + 'c')",
    "let n = 3n; for (;;) n = n * n % (2n ** 100000n)",
    "function* all() { for (;;) yield 1 }; Array.from(all(), () => 1).length || [...all()]",
]

#: What these run out of first is the engine's business.
GREEDY = [
    "'x'.repeat(2 ** 29)",
    "let text = 'x'; for (;;) text += text",
    "let all = []; for (;;) all.push({})",
    "let all = []; for (;;) all.push('x'.repeat(1e5) + all.length)",
    "let all = []; for (;;) { try { for (;;) all.push(new Uint8Array(1e6).fill(1)) } catch { all = [] } }",
    "new Uint8Array(1e9)",
    "new Array(1e9).fill(1)",
    "new Map(Array(1e8).entries())",
    "JSON.parse('[' + '{},'.repeat(5e6) + '0]')",
    "let more = x => x + x; for (let s = 'abc'; ; ) s = more(s).toUpperCase()",
    "const all = []; const more = () => { queueMicrotask(more); all.push('y'.repeat(1e6)) }; new Promise(more)",
    "let x = {}; for (;;) x = { x, y: [x] }",
]

DEEP = [
    "(function f() { f() })()",
    "JSON.parse('['.repeat(1e6))",
    "let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; deep",
    "eval('('.repeat(1e5))",
    "eval('1' + '+1'.repeat(1e5) + '('.repeat(1e5))",
    "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(); f()()",
    "/" + "(" * 5000 + ")" * 5000 + "/.test('') ; " + "(" * 20000,
    "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x.y",
    "let p = {}; for (let i = 0; i < 1e5; i++) p = Object.create(p); p.x.y",
]


async def failure(javascript: JavaScript, source: str) -> BlockError:
    with pytest.raises(BlockError) as caught:
        async with asyncio.timeout(TIMEOUT + limits.GRACE + PATIENCE):
            await javascript.evaluate(source, {"input": 1}, timeout=TIMEOUT)
    assert await javascript.evaluate("input + 41", {"input": 1}) == 42
    return caught.value


@pytest.mark.parametrize("source", ENDLESS)
async def test_what_does_not_end_is_ended(javascript: JavaScript, source: str) -> None:
    error = await failure(javascript, source)
    assert error.code in {"code.timeout", "code.memory"} or "Maximum" in error.message
    assert not error.retryable


@pytest.mark.parametrize("source", GREEDY)
async def test_what_takes_too_much_gets_no_more(javascript: JavaScript, source: str) -> None:
    error = await failure(javascript, source)
    assert error.code in {"code.memory", "code.timeout", "code.error"}
    assert not error.retryable


@pytest.mark.parametrize("source", DEEP, ids=lambda source: source[:40])
async def test_what_goes_too_deep_comes_back(javascript: JavaScript, source: str) -> None:
    error = await failure(javascript, source)
    assert error.code in {"code.error", "code.syntax", "code.timeout", "code.memory"}
    assert not error.retryable


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("JSON.stringify = () => '9'; JSON.parse = null; globalThis.JSON = null; ({ a: 1 })", {"a": 1}),
        ("Object.prototype.toJSON = () => 'theirs'; 1", 1),
        ("Object.prototype.toJSON = () => 'theirs'; ({})", "theirs"),
        ("Promise.prototype.then = () => { throw 1 }; globalThis.Promise = null; (async () => 3)()", 3),
        ("Object.defineProperty(Object.prototype, 'value', { get() { throw 1 } }); 4", 4),
        ("Object.prototype.at = 9; Object.prototype.source = '7'; Object.prototype.awaits = true; 5", 5),
        ("Array.prototype[Symbol.iterator] = null; Array.prototype[0] = 9; Array.prototype.length = 7; 6", 6),
        ("String.prototype.slice = Reflect.apply = globalThis.String = null; try { null.x } catch { 7 }", 7),
        ("Function.prototype.call = Function.prototype.apply = null; (() => 8)", 8),
        ("globalThis.eval = null; 9", 9),
        ("Object.freeze(Object.prototype); Object.freeze(globalThis); 10", 10),
        ("Object.setPrototypeOf(globalThis, null); 11", 11),
    ],
)
async def test_what_a_script_overwrites_hurts_itself_alone(javascript: JavaScript, source: str, found: object) -> None:
    assert await javascript.evaluate(source, {}) == found


async def test_a_killed_process_is_replaced_many_times(javascript: JavaScript) -> None:
    for _ in range(3):
        assert (await failure(javascript, "new Array(4294967295).join('')")).code == "code.timeout"


async def test_memory_is_given_back(javascript: JavaScript) -> None:
    for _ in range(5):
        error = await failure(javascript, "let all = []; for (;;) all.push('x'.repeat(1e6) + all.length)")
        assert error.code in {"code.memory", "code.timeout"}
