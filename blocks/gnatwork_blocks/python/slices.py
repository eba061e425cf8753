"""One slice of a program in Python: it goes on from where it stood, or from its beginning, until it waits.

Requests and answers are those of `javascript.slices`. The values hold a `snapshot` of an earlier slice, if the executor
has one, and then only the outcomes since; the answer holds the one of this slice. A program whose function is a
coroutine waits for its steps together; any other waits for each where it calls it.
"""

import base64
import json
from typing import Any

from pydantic_monty import (
    FunctionSnapshot,
    FutureSnapshot,
    Monty,
    MontyComplete,
    MontyError,
    MontySession,
    NameLookupSnapshot,
)

from gnatwork_blocks.calls.console import Console
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.program_steps import NotTheSameError
from gnatwork_blocks.python.program_api import STEPS
from gnatwork_blocks.python.program_errors import info, told
from gnatwork_blocks.python.program_steps import Steps
from gnatwork_blocks.python.program_values import CLOCKS, VALUES, Values

_FOUND, _ARGS = "gnatwork_found", "gnatwork_args"
_SOURCE = "<python-input-0>"
_LEVELS = {"stdout": "info", "stderr": "warning"}
Snapshot = FunctionSnapshot | NameLookupSnapshot | FutureSnapshot | MontyComplete


class PythonSlice:
    """Runs a program as far as it gets."""

    def __init__(self, request: dict[str, Any], values: bytes) -> None:
        self._request = request
        self._source = request["program"].encode()
        self._task = json.loads(values)
        self._steps = Steps(request, self._task)
        self._values = Values(request["mark"], self._steps)
        self._seconds: float = request["timeout"]
        #: What runs: the text itself, the call of its function, or the coroutine that the call has made.
        self._stage = "source"
        self._console = Console()

    def answer(self, pool: Monty) -> bytes:
        """What came of it."""
        limits_: Any = {
            "max_feed_duration_secs": self._seconds,
            "max_memory": limits.HEAP,
            "max_suspensions": 2**31,
        }
        policy: Any = {
            "datetime": "call_host",
            "sleep": "call_host",
            "random_start": {"seed": int(self._task["seed"])},
        }
        try:
            with pool.checkout(limits=limits_, os_policy=policy) as session:
                found = self._run(session)
        except NotTheSameError as error:
            return _failure(error.code, error.message, error.details)
        except MontyError as error:
            of_step = self._steps.failed(str(error.exception()))
            found = self._answer({"error": told(error, _SOURCE, self._seconds), **of_step})
        data = json.dumps({"value": found}).encode()
        if len(data) > limits.RESULT:
            return _failure("code.too_large", f"What the program yields has more than {limits.RESULT:,} bytes of JSON.")
        return data

    def _run(self, session: MontySession) -> dict[str, Any]:
        snapshot = self._task.get("snapshot")
        at = self._restored(session, snapshot) if snapshot else self._begun(session)
        if isinstance(at, MontyComplete) and self._stage == "call":
            if at.output == "coroutine":
                self._stage = "coroutine"
                at = self._on(session.feed_start(f"await {_FOUND}", print_callback=self._print))
            else:
                at = session.feed_start(_FOUND)
        self._steps.check()
        if isinstance(at, MontyComplete):
            return self._answer(self._values.ended(at.output))
        if at is None:
            return self._answer({"error": info("script.invalid", f"The program has no function `{self._function}`.")})
        if not self._steps.calls and not self._steps.more:
            return self._answer({"error": info("script.stuck", "The program waits for what will never come.")})
        return self._answer(None, at)

    @property
    def _function(self) -> str:
        return str(self._request["function"])

    def _begun(self, session: MontySession) -> Snapshot | None:
        """The program from its beginning; None when it has not the function that is asked for."""
        source = self._source.decode()
        inputs = {"info": self._task["info"]}
        self._on(session.feed_start(f"{source}\nNone", inputs=inputs, print_callback=self._print))
        self._stage = "call"
        call = f"{_FOUND} = {self._function}({_ARGS})\ntype({_FOUND}).__name__"
        return self._on(session.feed_start(call, inputs={_ARGS: self._task["args"]}, print_callback=self._print))

    def _restored(self, session: MontySession, snapshot: str) -> Snapshot | None:
        state = json.loads(snapshot)
        self._stage = state["stage"]
        self._steps.restore(state["steps"])
        return self._on(session.load_snapshot(base64.b64decode(state["snapshot"]), print_callback=self._print))

    def _on(self, at: Snapshot) -> Snapshot | None:
        """Where the program waits, or ends."""
        while True:
            match at:
                case FunctionSnapshot() if at.is_os_function:
                    found = self._asked_of_system(at)
                case FunctionSnapshot(function_name=name) if name == self._function:
                    return None
                case NameLookupSnapshot(variable_name=name) if name == self._function:
                    return None
                case FunctionSnapshot():
                    found = self._called(at)
                case NameLookupSnapshot(variable_name=name):
                    found = at.resume(value=STEPS[name]) if name in STEPS else at.resume_auto()
                case FutureSnapshot():
                    found = self._heard(at)
                case _:
                    return at
            if found is None:
                return at
            at = found

    def _called(self, call: FunctionSnapshot) -> Snapshot | None:
        """A call of what the program is given; None when it has to wait."""
        name = str(call.function_name)
        try:
            if name in STEPS:
                return self._step(call, STEPS[name](*call.args, **call.kwargs))
            if name in VALUES:
                return call.resume({"return_value": self._values.of(name, call.args, call.kwargs)})
        except (TypeError, ValueError, RecursionError) as error:
            return call.resume({"exc_type": "TypeError", "message": str(error)})
        return call.resume_auto()

    def _step(self, call: FunctionSnapshot, step: list[Any]) -> Snapshot | None:
        if self._stage == "source":
            return call.resume({"exc_type": "RuntimeError", "message": "steps are taken inside of functions"})
        number = self._waiting_at_once(call)
        if number is None:
            if self._steps.full:
                return None
            number = self._steps.ask(step, self._line_of(call))
            self._steps.calls[number] = call.call_id
        if self._stage == "coroutine":
            return call.resume({"future": ...})
        if not self._steps.is_known(number) or (outcome := self._steps.next()) is None:
            return None
        return call.resume(self._steps.hear(outcome))  # type: ignore[arg-type]  # its types are those of literals

    def _waiting_at_once(self, call: FunctionSnapshot) -> int | None:
        """The step of a call at which a program stood that is no coroutine."""
        if self._stage == "call":
            return next((number for number, id_ in self._steps.calls.items() if id_ == call.call_id), None)
        return None

    def _heard(self, waits: FutureSnapshot) -> Snapshot | None:
        """Let the program know of the next outcome; None when there is none."""
        outcome = self._steps.next()
        if outcome is None:
            return None
        if outcome[0] >= self._steps.asked:
            self._steps.check()
        id_ = self._steps.calls.get(outcome[0])
        told = self._steps.hear(outcome)
        return waits if id_ not in waits.pending_call_ids else waits.resume({id_: told})  # type: ignore[dict-item]

    def _asked_of_system(self, call: FunctionSnapshot) -> Snapshot | None:
        name = str(call.function_name)
        if name in CLOCKS:
            return call.resume({"return_value": self._values.time(name, call.args)})
        if name == ("asyncio.sleep" if self._stage == "coroutine" else "time.sleep"):
            return self._step(call, STEPS["sleep"](*call.args))
        if name == "time.sleep":
            return call.resume({"exc_type": "RuntimeError", "message": "a coroutine sleeps by `await sleep(...)`"})
        return call.resume_auto()

    def _answer(self, end: dict[str, Any] | None, at: Snapshot | None = None) -> dict[str, Any]:
        found: dict[str, Any] = {
            "asked": self._steps.granted(),
            "more": self._steps.more and end is None,
            "end": end,
            "logs": self._console.take(),
            "omitted": 0,
        }
        if end is None and at is not None and not isinstance(at, MontyComplete):
            steps = self._steps.state()
            if steps is not None:
                blob = base64.b64encode(at.dump()).decode()
                found["snapshot"] = json.dumps({"stage": self._stage, "steps": steps, "snapshot": blob})
        return found

    def _print(self, stream: str, text: str) -> None:
        if not self._steps.muted:
            self._console.write(_LEVELS[stream], text)

    def _line_of(self, call: FunctionSnapshot) -> int | None:
        place = call.position
        return self._source.count(b"\n", 0, place.start) + 1 if place.filename == _SOURCE else None


def _failure(code: str, message: str, details: dict[str, Any] | None = None) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "details": details}}).encode()
