"""One slice of a program: it runs from its beginning with the outcomes so far, until it waits for what nobody knows.

A request is two frames. The first is
`{"program": text, "function": name, "mark": text, "known": [[digest, name]], "first": number, "room": count, "timeout":
seconds}`, the second the values that `program.js` calls its task. The answer is `{"value": {"asked": [[JSON, line]],
"more": bool, "end": …, "logs": [[level, line]], "omitted": count}}` or `{"error": …}`, as for an evaluation. `end` is
null, `{"value": JSON}`, `{"value": JSON, "next": function}` or `{"error": …}`, with `step` and the step's `error` where
it was that of a step.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _quickjs

from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.evaluation import LONE_SURROGATE, OUT_OF_MEMORY, place
from gnatwork_blocks.program_steps import NotTheSameError, step_digest, step_name

#: A function of the API, and the one that called it.
_CALLER = re.compile(r"at gnatwork_api_.*\n +at (?:.* \()?<input>:(\d+)")
_PRELUDE = Path(__file__).with_name("program.js").read_text(encoding="utf-8")


class Slice:
    """Runs a program once."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._request = request
        self._known: list[list[str]] = request["known"]
        self._context: Any = _quickjs.Context()
        self._context.set_memory_limit(limits.HEAP)
        self._context.set_max_stack_size(limits.STACK)
        self._drive = self._context.eval(_PRELUDE)
        self._seconds: float = request["timeout"]
        self._started = time.process_time()
        self._taken = 0
        self._asked: list[list[Any]] = []

    def answer(self, values: bytes) -> bytes:
        """What came of it."""
        try:
            found = self._run(values.decode())
        except _TooLongError:
            message = f"The program computed for more than {self._seconds:g} s without waiting for a step."
            return _failure("code.timeout", message)
        except NotTheSameError as error:
            return _failure(error.code, error.message, error.details)
        except (_quickjs.JSException, MemoryError):
            # What a program throws is answered by the prelude, unless there was no room even for that.
            return _failure("code.memory", "The program ran out of memory.")
        except (TypeError, ValueError, LookupError, AttributeError):
            return _failure("script.failed", "The program has overwritten what values are written as JSON with.")
        data = json.dumps({"value": found}).encode()
        if len(data) > limits.RESULT:
            return _failure("code.too_large", f"What the program yields has more than {limits.RESULT:,} bytes of JSON.")
        return _whole(data)

    def _run(self, values: str) -> dict[str, Any]:
        request = self._request
        self._limited(lambda: self._drive("begin", request["program"], request["function"], values))
        self._settle()
        while self._limited(lambda: self._drive("advance")):
            self._settle()
        found: dict[str, Any] = json.loads(self._limited(lambda: self._drive("result")))
        if self._taken < len(self._known):
            raise NotTheSameError(request["first"] + self._taken, self._known[self._taken][1], None)
        end, suspended, beyond = found["end"], found["suspended"], found["beyond"]
        if end is not None:
            found["end"] = _ended(end)
        elif not suspended and not beyond and not found["waits"]:
            message = "The program waits for a promise that nothing will ever resolve."
            found["end"] = {"error": _info("script.failed", message, None)}
        return {
            "asked": self._asked,
            "more": beyond,
            "end": found["end"],
            "logs": found["logs"],
            "omitted": found["omitted"],
        }

    def _settle(self) -> None:
        """Let the program do what it can, and look at the steps that it asks for."""
        jobs = True
        while jobs:
            try:
                jobs = self._limited(self._context.execute_pending_job)
            except _quickjs.JSException:
                # Thrown into the void, as by a callback of `queueMicrotask`.
                continue
        taken: str | None = self._limited(lambda: self._drive("take"))
        for text, stack in json.loads(taken) if taken else ():
            number = self._taken
            self._taken += 1
            if number >= len(self._known):
                self._asked.append([_whole(text.encode()).decode(), _caller(stack)])
                continue
            digest, was = self._known[number]
            if step_digest(text, self._request["mark"]) != digest:
                raise NotTheSameError(self._request["first"] + number, was, step_name(*json.loads(text)))

    def _limited(self, call: Callable[[], Any]) -> Any:
        # Each call would be granted the whole time anew, and there may be no end of them.
        left = self._seconds - (time.process_time() - self._started)
        if left <= 0:
            raise _TooLongError
        self._context.set_time_limit(left)
        try:
            return call()
        except _quickjs.JSException as error:
            if "InternalError: interrupted" in str(error):
                raise _TooLongError from None
            raise


class _TooLongError(Exception):
    """The program used up its time."""


def _ended(end: dict[str, Any]) -> dict[str, Any]:
    """How a program ended, with what it threw told as an error."""
    if (name := end.get("missing")) is not None:
        return {"error": _info("script.invalid", f"The program has no function `{name}`.", None)}
    thrown = end.get("thrown")
    if thrown is None:
        return end | {"value": _whole(end["value"].encode()).decode()}
    if "step" in thrown:
        return {"error": thrown["error"], "step": thrown["step"]}
    syntax, line = place(thrown["stack"])
    name, message = thrown["name"], thrown["message"]
    if message is None or (name == "InternalError" and message in OUT_OF_MEMORY):
        return {"error": _info("code.memory", "The program ran out of memory, or threw null.", line)}
    text = f"{name}: {message}" if name else message
    if len(text) > limits.MESSAGE:
        text = text[: limits.MESSAGE] + "…"
    if line is not None:
        text += f" (line {line})"
    return {"error": _info("code.syntax" if syntax and name == "SyntaxError" else "script.failed", text, line)}


def _caller(stack: str) -> int | None:
    """The line of the program that called the API."""
    line = _CALLER.search(stack)
    return int(line[1]) if line else None


def _whole(data: bytes) -> bytes:
    """JSON without halves of characters, which others do not read."""
    return LONE_SURROGATE.sub(rb"\1\\ufffd", data) if b"\\ud" in data else data


def _info(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "details": None if line is None else {"line": line}}


def _failure(code: str, message: str, details: dict[str, Any] | None = None) -> bytes:
    return json.dumps({"error": _info(code, message, None) | {"details": details}}).encode()
