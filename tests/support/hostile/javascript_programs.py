"""In JavaScript."""

from support.hostile.program import Program, fails, yields

_OUTSIDE = (
    "process require module std os XMLHttpRequest WebSocket Worker Deno navigator setTimeout print readFile"
    " scriptArgs WebAssembly importScripts fetch http gnatwork_call waits"
)

JAVASCRIPT: tuple[Program, ...] = (
    # Loops of every kind.
    fails("for (;;);", "timeout"),
    fails("function main() { for (;;) { try { for (;;); } catch {} finally { continue } } }", "timeout"),
    fails("async function main() { for (;;) await 1 }", "timeout"),
    fails(
        "async function main() { const on = () => Promise.resolve().then(on); on(); await new Promise(() => {}) }",
        "timeout",
    ),
    fails(
        "function main() { const on = () => { queueMicrotask(on); queueMicrotask(on) }; return new Promise(on) }",
        "timeout memory",
    ),
    fails("function main() { return new Array(4294967295).join('') }", "timeout", "killed"),
    fails("function main() { return [].reverse.call({ length: 2 ** 53 - 1 }) }", "timeout", "killed"),
    fails("function main() { return /(a+)+$/.test('a'.repeat(50) + 'b') }", "timeout"),
    fails("function main() { let n = 3n; for (;;) n = n * n % (2n ** 100000n) }", "timeout"),
    fails("function main() { return ('ab'.repeat(2 ** 22)).indexOf('ab'.repeat(2 ** 20) + 'c') }", "timeout"),
    fails("function* all() { for (;;) yield 1 } function main() { for (const one of all()); }", "timeout"),
    # Memory and depth.
    fails("function main() { const all = []; for (;;) all.push('x'.repeat(1e6) + all.length) }", "memory timeout"),
    fails("function main() { return new Uint8Array(1e9) }", "memory"),
    fails("function main() { let text = 'x'; for (;;) text += text }", "memory"),
    fails("function main() { return JSON.parse('[' + '{},'.repeat(5e6) + '0]') }", "memory timeout"),
    fails("function main() { return main() }", "error", "RangeError"),
    fails("function main() { let deep = 1; for (let at = 0; at < 300; at++) deep = [deep]; return deep }", "too_large"),
    fails(
        "function main() { let deep = 1; for (let at = 0; at < 1e5; at++) deep = [deep]; return deep }",
        "output_invalid too_large error",
    ),
    fails("function main() { return Array.from({length: 1e6}, (_, at) => 'line ' + at) }", "too_large memory"),
    # Output that is none.
    fails("function main() { return () => 1 }", "output_invalid", "function"),
    fails("function main() { return Symbol('x') }", "output_invalid", "symbol"),
    fails("function main() { return 10n }", "output_invalid", "BigInt"),
    fails("function main() { const all = {}; all.all = all; return all }", "output_invalid", "circular"),
    fails("function main() { return { toJSON() { for (;;); } } }", "timeout"),
    fails("function main() { return { get x() { throw new Error('seen') } } }", "output_invalid", "seen"),
    fails("function main() { return new Proxy({}, { ownKeys() { for (;;); } }) }", "timeout"),
    fails("function main() { return { get then() { for (;;); } } }", "timeout"),
    yields(
        "function main() { return { a: undefined, b: NaN, c: () => 1, d: new Date(0), e: -Infinity } }",
        {"b": None, "d": "1970-01-01T00:00:00.000Z", "e": None},
    ),
    yields("function main() { return ['a\\0b', '\\ud800', '\\u{1f99f}'] }", ["a\0b", "\ufffd", "\U0001f99f"]),
    yields(
        'function main() { return JSON.parse(\'{"__proto__": {"admin": true}, "constructor": 1}\') }',
        {"__proto__": {"admin": True}, "constructor": 1},
    ),
    fails("async function main() { await new Promise(() => {}) }", "error", "promise"),
    # What one leaves behind, no other sees: each of these comes twice.
    yields("globalThis.seen = (globalThis.seen ?? 0) + 1; function main() { return seen }", 1),
    yields("globalThis.seen = (globalThis.seen ?? 0) + 1; function main() { return seen }", 1),
    yields("const before = {}.dirty ?? 0; Object.prototype.dirty = 1; function main() { return before }", 0),
    yields("const before = {}.dirty ?? 0; Object.prototype.dirty = 1; function main() { return before }", 0),
    yields(
        "JSON.stringify = () => '9'; JSON.parse = null; Promise.prototype.then = null; function main() { return [1] }",
        [1],
    ),
    yields("Object.prototype.toJSON = () => 'mine'; function main() { return 1 }", 1),
    yields("console = null; Object.keys = null; String.prototype.slice = null; function main() { return 2 }", 2),
    # The world.
    yields(
        f"function main() {{ return '{_OUTSIDE}'.split(' ').filter(name => typeof globalThis[name] !== 'undefined') }}",
        [],
    ),
    yields("function main() { return typeof main.constructor('return this')().process }", "undefined"),
    fails("async function main() { return await import('os') }", "error"),
    fails("function main() { return Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 1e6) }", "error"),
    yields("function main() { try { main.caller() } catch { return 'no' } }", "no"),
    # Floods, and lies.
    fails("function main() { for (;;) console.log('x'.repeat(1e5)) }", "timeout"),
    yields("function main() { for (let at = 0; at < 1e4; at++) console.error({ get x() { throw 1 } }); return 3 }", 3),
    yields(
        "function main() { console.log('\\0\\ud800{\"value\": 1}\\n' + String.fromCharCode(27) + '[2J'); return 4 }", 4
    ),
    fails("function main() { throw { get message() { for (;;); } } }", "timeout"),
    fails("function main() { throw null }", "memory"),
    fails("let main = 5", "no_entry", "function main(input)"),
    fails("function main( {", "syntax", "line"),
    fails("function main() {} /*", "syntax"),
)
