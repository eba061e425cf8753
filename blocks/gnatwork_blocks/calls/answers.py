"""What a worker process answers to a call, as the bytes of a frame.

A request is two frames: `{"call": {"source", "entry", "memory", "http"}, "timeout": seconds}`, and the input as JSON.
The answer is `{"lines": [[level, text]], "value": JSON}`, or with `"error": {"code", "message", "details"}` in the
value's place. Before that, where `http` is true, there may be answers `{"requests": [{"id", "url", "method",
"headers", "body"}]}`. Upon these the worker is sent two frames, `[{"id", "answer": {"status", "url", "headers",
"text"}}]` with `"failure": text` where there is no answer, and null, and goes on.
"""

import json
from collections.abc import Sequence
from typing import Any

from gnatwork_blocks.calls.console import Console
from gnatwork_blocks.javascript.limits import MESSAGE, RESULT


class CallError(Exception):
    """A call that comes to nothing; `details` are `{name, line}` where known."""

    def __init__(self, code: str, message: str, *, name: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = {key: value for key, value in {"name": name, "line": line}.items() if value is not None}


def value_answer(console: Console, text: str) -> bytes:
    """The call came to this JSON."""
    data = text.encode(errors="replace")
    if len(data) > RESULT:
        error = CallError("code.too_large", f"The function returned more than {RESULT:,} bytes of JSON.")
        return error_answer(console, error)
    return b'{"lines":' + _lines(console) + b',"value":' + data + b"}"


def error_answer(console: Console, error: CallError) -> bytes:
    """The call failed."""
    told = {"code": error.code, "message": error.message, "details": error.details}
    return b'{"lines":' + _lines(console) + b',"error":' + _encoded(told) + b"}"


def requests_answer(requests: Sequence[dict[str, Any]]) -> bytes:
    """The call waits for answers of others."""
    return _encoded({"requests": list(requests)})


def thrown(name: str, message: str, line: int | None) -> CallError:
    """`code.error` for what the user's code threw."""
    text = f"{name}: {message}" if name and message else name or message
    if len(text) > MESSAGE:
        text = text[:MESSAGE] + "…"
    if line is not None:
        text += f" (line {line})"
    return CallError("code.error", text, name=name or None, line=line)


def syntax(message: str, line: int | None) -> CallError:
    """The user's code can't be parsed."""
    text = message if line is None else f"{message} (line {line})"
    return CallError("code.syntax", text, line=line)


def out_of_time(seconds: float) -> CallError:
    """The call computed for too long."""
    return CallError("code.timeout", f"The call computed for more than {seconds:g} s.")


def no_entry(written: str, entry: str) -> CallError:
    """There is no such function; `written` is how it would be."""
    return CallError("code.no_entry", f"The source defines no function {entry!r}; write it as `{written}`.")


def _lines(console: Console) -> bytes:
    return _encoded(console.take())


def _encoded(value: Any) -> bytes:
    """Its JSON; half of a character is no Unicode text, which others could not read."""
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")
