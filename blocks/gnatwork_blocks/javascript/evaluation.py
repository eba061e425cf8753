"""One evaluation, in a context of its own: nothing that one script leaves behind is seen by the next."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The package around it starts a thread, which the walls forbid.
import _quickjs

from gnatwork_blocks.javascript import limits

_PRELUDE = Path(__file__).with_name("prelude.js").read_text(encoding="utf-8")
#: `at name (<input>:line:column)`, or `at <input>:line:column` where a text could not be parsed.
_FRAME = re.compile(r"^ *at (?:(?P<name>.*) \()?(?:<input>:(?P<line>\d+)(?::\d+)?|native)\)?$", re.MULTILINE)
_OURS = "gnatwork_"
#: States of the prelude.
_PENDING, _FAILED = 0, 2
#: A half of a character, which JSON of others does not know; not where the backslash is itself escaped.
LONE_SURROGATE = re.compile(rb"(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}")
OUT_OF_MEMORY = {"out of memory", "string too long"}


class Evaluation:
    """Made ahead, so that a request finds it ready; good for one."""

    def __init__(self) -> None:
        self._context: Any = _quickjs.Context()
        self._context.set_memory_limit(limits.HEAP)
        self._context.set_max_stack_size(limits.STACK)
        self._run = self._context.eval(_PRELUDE)

    def answer(self, request: bytes, values: bytes, timeout: float) -> bytes:
        """The answer to a request, both as `frames` has them; it may compute for `timeout` seconds."""
        started = time.process_time()
        try:
            state = self._state(request.decode(), values.decode(), started, timeout)
            found: str | None = self._limited(timeout, lambda: self._run(None))
        except _TooLongError:
            return too_long(timeout)
        except (_quickjs.JSException, MemoryError):
            # What a script throws is answered by the prelude, unless there was no room even for that.
            return _failure("code.memory", "The script ran out of memory.")
        if found is None:
            return _failure("code.error", "The script waits for a promise that nothing will ever resolve.")
        if state == _FAILED:
            return _told(json.loads(found))
        return value_answer(found)

    def _state(self, request: str, values: str, started: float, timeout: float) -> int:
        """What the prelude says when nothing is left to do; `_PENDING` if no job could bring an answer."""
        state: int = self._limited(timeout, lambda: self._run(request, values))
        while state == _PENDING:
            # Each job would be granted the whole time anew, and there may be no end of them.
            left = timeout - (time.process_time() - started)
            try:
                if not self._limited(left, self._context.execute_pending_job):
                    break
            except _quickjs.JSException:
                # Thrown into the void, as by a callback of `queueMicrotask`.
                continue
            state = self._run()
        return state

    def _limited(self, seconds: float, call: Callable[[], Any]) -> Any:
        if seconds <= 0:
            raise _TooLongError
        self._context.set_time_limit(seconds)
        try:
            return call()
        except _quickjs.JSException as error:
            if "InternalError: interrupted" in str(error):
                raise _TooLongError from None
            raise


def value_answer(found: str) -> bytes:
    """The answer with this JSON."""
    data = found.encode()
    if len(data) > limits.RESULT:
        return _failure("code.too_large", f"The result has more than {limits.RESULT:,} bytes of JSON.")
    if b"\\ud" in data:
        data = LONE_SURROGATE.sub(rb"\1\\ufffd", data)
    return b'{"value":' + data + b"}"


def too_long(seconds: float) -> bytes:
    """The answer of a script that used up its time."""
    return _failure("code.timeout", f"The script computed for more than {seconds:g} s.")


class _TooLongError(Exception):
    """The script used up its time."""


def _told(error: dict[str, Any]) -> bytes:
    """The answer for something that was thrown."""
    name, message, at = error["name"], error["message"], error["at"]
    if message is None:
        # With no memory left even for an error, the engine throws null.
        return _failure("code.memory", "The script ran out of memory, or threw null.", at)
    if name == "InternalError" and message in OUT_OF_MEMORY:
        return _failure("code.memory", f"The script ran out of memory: {message}.", at)
    syntax, line = place(error["stack"])
    text = f"{name}: {message}" if name else message
    if len(text) > limits.MESSAGE:
        text = text[: limits.MESSAGE] + "…"
    if line is not None:
        text += f" (line {line})"
    return _failure("code.syntax" if syntax and name == "SyntaxError" else "code.error", text, at, line)


def place(stack: str) -> tuple[bool, int | None]:
    """Of a stack: whether the user's text itself could not be parsed, and the line of it where things went wrong."""
    frames = []
    for found in _FRAME.finditer(stack):
        if (found["name"] or "").startswith(_OURS):
            break
        frames.append((found["name"], found["line"]))
    if len(frames) == 2 and frames[0][0] is None and frames[1] == ("eval", None):
        return True, int(frames[0][1])
    lines = (int(line) for name, line in frames if name is not None and line is not None)
    return False, next(lines, None)


def _failure(code: str, message: str, at: int = 0, line: int | None = None) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "at": at, "line": line}}).encode()
