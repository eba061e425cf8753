"""What a slice of a program in JavaScript came to, in the words of its answer."""

import json
import re
from typing import Any

from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.evaluation import LONE_SURROGATE, OUT_OF_MEMORY, place

#: A function of the API, and the one that called it.
_CALLER = re.compile(r"at gnatwork_api_.*\n +at (?:.* \()?<input>:(\d+)")


def ended(end: dict[str, Any]) -> dict[str, Any]:
    """How a program ended, with what it threw told as an error."""
    if (name := end.get("missing")) is not None:
        return {"error": info("script.invalid", f"The program has no function `{name}`.", None)}
    thrown = end.get("thrown")
    if thrown is None:
        return end | {"value": whole(end["value"].encode()).decode()}
    if "step" in thrown:
        return {"error": thrown["error"], "step": thrown["step"]}
    syntax, line = place(thrown["stack"])
    name, message = thrown["name"], thrown["message"]
    if message is None or (name == "InternalError" and message in OUT_OF_MEMORY):
        return {"error": info("code.memory", "The program ran out of memory, or threw null.", line)}
    text = f"{name}: {message}" if name else message
    if len(text) > limits.MESSAGE:
        text = text[: limits.MESSAGE] + "…"
    if line is not None:
        text += f" (line {line})"
    return {"error": info("code.syntax" if syntax and name == "SyntaxError" else "script.failed", text, line)}


def caller(stack: str) -> int | None:
    """The line of the program that called the API."""
    line = _CALLER.search(stack)
    return int(line[1]) if line else None


def whole(data: bytes) -> bytes:
    """JSON without halves of characters, which others do not read."""
    return LONE_SURROGATE.sub(rb"\1\\ufffd", data) if b"\\ud" in data else data


def info(code: str, message: str, line: int | None) -> dict[str, Any]:
    """An error as answers have it."""
    return {"code": code, "message": message, "details": None if line is None else {"line": line}}


def failure(code: str, message: str, details: dict[str, Any] | None = None) -> bytes:
    """The answer for an error that left nothing else to tell."""
    return json.dumps({"error": info(code, message, None) | {"details": details}}).encode()
