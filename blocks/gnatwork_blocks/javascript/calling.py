"""One call of a user's JavaScript function, in a context of its own."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _quickjs

from gnatwork_blocks.calls.answers import (
    CallError,
    error_answer,
    no_entry,
    out_of_time,
    requests_answer,
    syntax,
    thrown,
    value_answer,
)
from gnatwork_blocks.calls.console import Console
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.evaluation import LONE_SURROGATE, OUT_OF_MEMORY, place

_PRELUDE = Path(__file__).with_name("call.js").read_text(encoding="utf-8")
#: States of the prelude.
_PENDING, _DONE, _FAILED, _INVALID, _MISSING = range(5)

#: Sends requests to the executor, and returns what it answers, both as JSON.
Exchange = Callable[[bytes], bytes]


class CallContext:
    """A context for one call, made ahead."""

    def __init__(self) -> None:
        self.context: Any = _quickjs.Context()
        self.context.set_max_stack_size(limits.STACK)
        #: Takes the name of a part of the prelude, and what that is called with.
        self.prelude = self.context.eval(_PRELUDE)


class JavaScriptCall:
    """Makes one call."""

    def __init__(self, made: CallContext, call: dict[str, Any], timeout: float, exchange: Exchange) -> None:
        self._call = call
        self._timeout = timeout
        self._exchange = exchange
        self._memory: int = call["memory"]
        self._context, self._prelude = made.context, made.prelude
        self._context.set_memory_limit(self._memory << 20)
        self._started = time.process_time()

    def answer(self, request: bytes, value: bytes) -> bytes:
        """The answer, as `calls.answers` has it."""
        try:
            text = self._called(request.decode(), value.decode())
        except CallError as error:
            return error_answer(self._console(), error)
        except (_quickjs.JSException, MemoryError):
            # What the user's code throws is told by the prelude, unless there was no room even for that.
            return error_answer(self._console(), self._out_of_memory())
        data = text.encode()
        if b"\\ud" in data:
            text = LONE_SURROGATE.sub(rb"\1\\ufffd", data).decode()
        return value_answer(self._console(), text)

    def _called(self, request: str, value: str) -> str:
        """The JSON of what the function returns."""
        self._do("begin", request, value)
        state = self._settled()
        while state == _PENDING:
            asked = self._do("asked")
            if asked is None:
                raise CallError("code.error", "The function waits for a promise that nothing will ever resolve.")
            told = self._exchange(requests_answer(json.loads(json.loads(asked))))
            self._do("tell", told.decode())
            state = self._settled()
        if state == _MISSING:
            raise no_entry(f"function {self._call['entry']}(input) {{ … }}", self._call["entry"])
        answer: str = self._do("answer")
        if state == _DONE:
            return answer
        error = self._told(json.loads(answer))
        if state == _INVALID and error.code == "code.error":
            raise CallError("code.output_invalid", f"The function returned what is not JSON: {error.message}.")
        raise error

    def _settled(self) -> int:
        """The state when no job is left to do."""
        while (state := self._do("state")) == _PENDING:
            try:
                if not self._limited(self._context.execute_pending_job):
                    break
            except _quickjs.JSException:
                # Thrown into the void, as by a callback of `queueMicrotask`.
                continue
        return int(state)

    def _do(self, name: str, *arguments: str) -> Any:
        return self._limited(lambda: self._prelude(name, *arguments))

    def _limited(self, call: Callable[[], Any]) -> Any:
        # Each call would be granted the whole time anew, and there may be no end of them.
        left = self._timeout - (time.process_time() - self._started)
        if left <= 0:
            raise out_of_time(self._timeout)
        self._context.set_time_limit(left)
        try:
            return call()
        except _quickjs.JSException as error:
            if "InternalError: interrupted" in str(error):
                raise out_of_time(self._timeout) from None
            raise

    def _told(self, error: dict[str, Any]) -> CallError:
        """The error for something that was thrown."""
        name, message = error["name"], error["message"]
        if message is None or (name == "InternalError" and message in OUT_OF_MEMORY):
            # With no memory left even for an error, the engine throws null.
            return self._out_of_memory()
        is_syntax, line = place(error["stack"])
        if is_syntax and name == "SyntaxError":
            return syntax(f"{name}: {message}", line)
        return thrown(name, message, line)

    def _out_of_memory(self) -> CallError:
        return CallError("code.memory", f"The call needs more than the {self._memory} MiB that it may have.")

    def _console(self) -> Console:
        """What was printed, as far as it can still be had."""
        console = Console()
        self._context.set_time_limit(1.0)
        try:
            for line in json.loads(json.loads(self._prelude("lines"))):
                console.line(line["level"], line["text"])
            console.leave_out(int(self._prelude("more")))
        except (_quickjs.JSException, MemoryError, ValueError):
            console.line("warning", "What was printed is lost, for there is no memory left to tell it.")
        return console
