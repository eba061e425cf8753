"""The words of JavaScript: names that are always there, and names that nothing can have."""

_GLOBALS = """
    AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError
    FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array
    Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
    SharedArrayBuffer String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
    Uint8ClampedArray WeakMap WeakRef WeakSet atob btoa decodeURI decodeURIComponent encodeURI encodeURIComponent escape
    isFinite isNaN parseFloat parseInt undefined unescape
"""

#: What the sandbox of executors has beside the values of an expression, ECMAScript 2025 for the most part. `eval` and
#: `globalThis` are left out: they would reach values that no one can see being asked for.
GLOBALS = frozenset(_GLOBALS.split())

_RESERVED = """
    arguments async await break case catch class const continue debugger default delete do else enum eval export extends
    false finally for function if implements import in instanceof interface let new null package private protected
    public return static super switch this throw true try typeof undefined var void while with yield
"""
#: What no variable can be called.
RESERVED = frozenset(_RESERVED.split())
