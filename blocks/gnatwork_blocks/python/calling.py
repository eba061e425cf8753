"""One call of a user's Python function, in a session of Monty of its own."""

from collections.abc import Callable
from typing import Any

from pydantic_monty import (
    ExternalSettledResult,
    FunctionSnapshot,
    FutureSnapshot,
    Monty,
    MontyComplete,
    MontyCrashedError,
    MontyError,
    MontyRuntimeError,
    MontySession,
    MontySyntaxError,
    NameLookupSnapshot,
)

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

#: Sends requests to the executor, and returns what it answers.
Exchange = Callable[[bytes], list[dict[str, Any]]]

#: What texts are called in traces.
_SOURCE = "<source>"
_INPUT, _FOUND = "gnatwork_input", "gnatwork_found"
_ARGUMENTS = {"method", "headers", "body"}
_LEVELS = {"stdout": "info", "stderr": "warning"}
#: How Monty words what it can't read, and what ran out.
_UNSUPPORTED = "The monty syntax parser does not yet support "
_OUT_OF_TIME = "time limit exceeded"


class PythonCall:
    """Makes one call."""

    def __init__(self, call: dict[str, Any], timeout: float, exchange: Exchange) -> None:
        self._source: str = call["source"]
        self._entry: str = call["entry"]
        self._http: bool = call["http"]
        self._memory: int = call["memory"]
        self._timeout = timeout
        self._exchange = exchange
        #: Whether it is our text that runs now, and theirs called by it.
        self._ours = False
        self._console = Console()

    def answer(self, pool: Monty, value: bytes) -> bytes:
        """The answer, as `calls.answers` has it."""
        limits: Any = {
            "max_feed_duration_secs": self._timeout,
            "max_memory": self._memory << 20,
            "max_total_sleep_secs": self._timeout,
        }
        try:
            with pool.checkout(script_name=_SOURCE, limits=limits) as session:
                return value_answer(self._console, self._called(session, value))
        except CallError as error:
            return error_answer(self._console, error)
        except MontyError as error:
            return error_answer(self._console, self._told(error))

    def _called(self, session: MontySession, value: bytes) -> str:
        """The JSON of what the function returns."""
        # The value of their last line is nobody's business.
        self._feed(session, f"{self._source}\nNone")
        self._ours = True
        self._feed(session, f"import json\n{_INPUT} = json.loads({_INPUT})\nNone", {_INPUT: value.decode()})
        kind = self._feed(session, f"{_FOUND} = {self._entry}({_INPUT})\ntype({_FOUND}).__name__")
        if kind == "coroutine":
            self._feed(session, f"{_FOUND} = await {_FOUND}\nNone")
        try:
            return str(self._feed(session, f"import json\njson.dumps({_FOUND}, allow_nan=False)"))
        except MontyRuntimeError as error:
            kind_of_error = type(error.exception())
            if kind_of_error in {TypeError, ValueError, RecursionError}:
                message = f"The function returned what is not JSON: {_message(error)}."
                raise CallError("code.output_invalid", message) from None
            raise

    def _feed(self, session: MontySession, code: str, inputs: dict[str, Any] | None = None) -> Any:
        """What the last line of a text yields."""
        found = session.feed_start(code, inputs=inputs, print_callback=self._print)
        while not isinstance(found, MontyComplete):
            match found:
                case FunctionSnapshot() if found.is_os_function:
                    found = found.resume_auto()
                case FunctionSnapshot(function_name=self._entry) | NameLookupSnapshot(variable_name=self._entry):
                    raise no_entry(f"def {self._entry}(input): …", self._entry)
                case FunctionSnapshot(function_name="http") if self._http:
                    found = found.resume(self._requested(found))
                case FunctionSnapshot() | NameLookupSnapshot():
                    found = found.resume_auto()
                case FutureSnapshot():
                    raise CallError("code.error", "The function waits for what will never come.")
        return found.output

    def _requested(self, call: FunctionSnapshot) -> ExternalSettledResult:
        """The answer to a request over HTTP, or why there is none."""
        if len(call.args) != 1 or not call.kwargs.keys() <= _ARGUMENTS:
            message = "http() takes the URL and, by their names, `method`, `headers` and `body`"
            return {"exc_type": "TypeError", "message": message}
        try:
            (told,) = self._exchange(requests_answer([{"id": 0, "url": call.args[0], **call.kwargs}]))
        except (TypeError, ValueError, RecursionError) as error:
            return {"exc_type": "TypeError", "message": f"http() takes JSON: {error}"}
        if "failure" in told:
            return {"exc_type": "OSError", "message": told["failure"]}
        return {"return_value": told["answer"]}

    def _print(self, stream: str, text: str) -> None:
        self._console.write(_LEVELS[stream], text)

    def _told(self, error: MontyError) -> CallError:
        """What an error means for the call."""
        if isinstance(error, MontyCrashedError):
            if error.timed_out:
                return out_of_time(self._timeout)
            return CallError("code.crashed", "The interpreter's process died.")
        kind, message = type(error.exception()), _message(error)
        if kind is TimeoutError and _OUT_OF_TIME in message:
            return out_of_time(self._timeout)
        if kind is MemoryError:
            return CallError("code.memory", f"The call needs more than the {self._memory} MiB that it may have.")
        line = self._line(error)
        if isinstance(error, MontySyntaxError) or (kind is NotImplementedError and message.startswith(_UNSUPPORTED)):
            return syntax(message.replace(_UNSUPPORTED, "This Python does not know "), line)
        return thrown(kind.__name__, message, line)

    def _line(self, error: MontyError) -> int | None:
        """The line of the user's text where things went wrong."""
        frames = error.traceback() if isinstance(error, MontyRuntimeError | MontySyntaxError) else []
        if not frames or (self._ours and len(frames) == 1):
            return None
        return frames[-1].line


def _message(error: MontyError) -> str:
    return str(error.exception())
