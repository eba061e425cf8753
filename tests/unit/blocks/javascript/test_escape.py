"""What a script can reach of the world: nothing."""

import pytest

from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.sdk import BlockError

#: Names by which other engines reach files, sockets, processes, timers and their own insides.
OUTSIDE = (
    "process require module exports std os fetch XMLHttpRequest WebSocket Worker Deno Bun navigator window self global"
    " setTimeout setInterval setImmediate print console load read readFile scriptArgs gc __loadScript bjson"
    " WebAssembly importScripts python gnatwork_run gnatwork_compile tasks request"
)

#: Everything there is, so that a new version of the engine brings nothing unseen.
KNOWN = (
    "AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean"
    " DOMException DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array"
    " Float64Array Function Infinity Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN Number"
    " Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol"
    " SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet atob"
    " btoa decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat"
    " parseInt performance queueMicrotask undefined unescape"
)


async def test_there_is_nothing_but_the_language(javascript: JavaScript) -> None:
    names = await javascript.evaluate("Object.getOwnPropertyNames(globalThis)", {})
    assert sorted(names) == KNOWN.split()


@pytest.mark.parametrize("name", OUTSIDE.split())
async def test_no_name_leads_outside(javascript: JavaScript, name: str) -> None:
    assert await javascript.evaluate(f"typeof {name}", {}) == "undefined"
    assert await javascript.evaluate(f"typeof (0, eval)('this').{name}", {}) == "undefined"
    assert await javascript.evaluate(f"typeof Function('return this')().{name}", {}) == "undefined"
    assert await javascript.evaluate(f"typeof (() => {{}}).constructor('return this')().{name}", {}) == "undefined"


@pytest.mark.parametrize(
    "module", ["os", "std", "qjs:os", "/etc/passwd", "./prelude.js", "file:///etc/hosts", "", "a\0b"]
)
@pytest.mark.parametrize("form", ["import({})", "await import({})", "Function('m', 'return import(m)')({})"])
async def test_no_module_can_be_had(javascript: JavaScript, module: str, form: str) -> None:
    with pytest.raises(BlockError) as caught:
        await javascript.evaluate(form.format("input"), {"input": module})
    assert caught.value.code == "code.error"


@pytest.mark.parametrize(
    "source",
    [
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 1e6)",
        "arguments.callee.caller.caller()",
        "(function f() { return f.caller.arguments })()",
    ],
)
async def test_what_is_refused(javascript: JavaScript, source: str) -> None:
    with pytest.raises(BlockError) as caught:
        await javascript.evaluate(source, {}, timeout=1)
    assert caught.value.code == "code.error"


async def test_a_stack_trace_shows_no_path_of_the_machine(javascript: JavaScript) -> None:
    stack = await javascript.evaluate("new Error('here').stack", {})
    assert "/" not in stack
    assert ".py" not in stack


async def test_the_time_zone_is_that_of_no_machine(javascript: JavaScript) -> None:
    assert await javascript.evaluate("new Date(0).toString()", {}) == "Thu Jan 01 1970 00:00:00 GMT+0000"
