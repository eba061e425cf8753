"""One slice of a program: it runs from its beginning with the outcomes so far, until it waits for what nobody knows.

A request is two frames. The first is `{"program": text, "function": name, "mark": text, "known": [[digest, name]],
"first": number, "room": count, "timeout": seconds, "keep": name, "resume": name | null}`, the second the values that
`program.js` calls its task. With `resume`, the program goes on from where it stood when it was kept by that name, and
the outcomes are those since; the answer is `{"missing": true}` when it is not there any more.

Else the answer is `{"value": {"asked": [[JSON, line]], "more": bool, "end": …, "logs": [[level, line]],
"omitted": count, "snapshot": name | null}}`, or `{"error": …}` as for an evaluation. `end` is null, `{"value": JSON}`,
`{"value": JSON, "next": function}` or `{"error": …}`, with `step` where the error was that of a step.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _quickjs

from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.slice_end import caller, ended, failure, info, whole
from gnatwork_blocks.program_steps import NotTheSameError, step_digest, step_name

#: Programs that are kept as they stand, and bytes that each may have.
_STANDING, _SMALL = 4, 8 * 1024 * 1024
_PRELUDE = Path(__file__).with_name("program.js").read_text(encoding="utf-8")


class Slices:
    """Runs slices, and keeps a few programs as they stand: most go on in a moment, and need not run again to there."""

    def __init__(self) -> None:
        self._standing: dict[str, _Slice] = {}

    def answer(self, request: dict[str, Any], values: bytes) -> bytes:
        """The answer to a request."""
        resumed = request["resume"]
        slice_ = _Slice() if resumed is None else self._standing.pop(resumed, None)
        if slice_ is None:
            return b'{"missing":true}'
        data = slice_.answer(request, values)
        if slice_.stands:
            self._standing[request["keep"]] = slice_
            if len(self._standing) > _STANDING:
                del self._standing[next(iter(self._standing))]
        return data


class _Slice:
    """A program that runs, and perhaps goes on when more is known."""

    def __init__(self) -> None:
        self._context: Any = _quickjs.Context()
        self._context.set_memory_limit(limits.HEAP)
        self._context.set_max_stack_size(limits.STACK)
        self._drive = self._context.eval(_PRELUDE)
        self._begun = False
        self._taken = 0
        #: Whether it can go on from where it is.
        self.stands = False

    def answer(self, request: dict[str, Any], values: bytes) -> bytes:
        """What came of it."""
        self._request = request
        self._known: list[list[str]] = request["known"]
        self._seconds: float = request["timeout"]
        self._started = time.process_time()
        self._asked: list[list[Any]] = []
        self.stands = False
        try:
            found = self._run(values.decode())
        except _TooLongError:
            message = f"The program computed for more than {self._seconds:g} s without waiting for a step."
            return failure("code.timeout", message)
        except NotTheSameError as error:
            return failure(error.code, error.message, error.details)
        except (_quickjs.JSException, MemoryError):
            # What a program throws is answered by the prelude, unless there was no room even for that.
            return failure("code.memory", "The program ran out of memory.")
        except (TypeError, ValueError, LookupError, AttributeError):
            return failure("script.failed", "The program has overwritten what values are written as JSON with.")
        data = json.dumps({"value": found}).encode()
        if len(data) > limits.RESULT:
            return failure("code.too_large", f"What the program yields has more than {limits.RESULT:,} bytes of JSON.")
        return whole(data)

    def _run(self, values: str) -> dict[str, Any]:
        request = self._request
        if self._begun:
            self._limited(lambda: self._drive("more", values))
        else:
            self._begun = True
            self._limited(lambda: self._drive("begin", request["program"], request["function"], values))
        self._settle()
        while (taken := self._limited(lambda: self._drive("next"))) is not False:
            self._look(taken)
            self._settle()
        self._look(self._limited(lambda: self._drive("take")))
        found: dict[str, Any] = json.loads(self._limited(lambda: self._drive("result")))
        if not isinstance(found["logs"], list):
            raise TypeError(found["logs"])
        if self._taken < len(self._known):
            raise NotTheSameError(request["first"] + self._taken, self._known[self._taken][1], None)
        end = found["end"]
        if end is not None:
            end = ended(end)
        elif not found["suspended"] and not found["beyond"] and not found["waits"]:
            end = {"error": info("script.stuck", "The program waits for a promise that nothing will resolve.", None)}
        # One that waits in the midst of a function can't be left as it is.
        self.stands = end is None and not found["suspended"] and not found["lost"]
        self.stands = self.stands and self._context.memory()["memory_used_size"] <= _SMALL
        return {
            "asked": self._asked,
            "more": found["beyond"],
            "end": end,
            "logs": found["logs"],
            "omitted": found["omitted"],
            "snapshot": request["keep"] if self.stands else None,
        }

    def _settle(self) -> None:
        """Let the program do what it can."""
        jobs = True
        while jobs:
            try:
                jobs = self._limited(self._context.execute_pending_job)
            except _quickjs.JSException:
                # Thrown into the void, as by a callback of `queueMicrotask`.
                continue

    def _look(self, taken: str | None) -> None:
        """Look at the steps that the program has asked for."""
        for text, stack in json.loads(taken) if taken else ():
            number = self._taken
            self._taken += 1
            if number >= len(self._known):
                self._asked.append([whole(text.encode()).decode(), caller(stack)])
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
