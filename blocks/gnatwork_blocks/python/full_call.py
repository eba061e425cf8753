"""One call of a user's function in the CPython that this is."""

import io
import json
import linecache
import sys
import traceback
from collections.abc import Callable
from typing import Any

from gnatwork_blocks.calls.answers import CallError, no_entry, syntax, thrown
from gnatwork_blocks.calls.console import Console

_SOURCE = "<source>"


class _Printed(io.TextIOBase):
    """Stands in the place of a standard stream."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def write(self, text: str) -> int:
        self._write(text)
        return len(text)

    def writable(self) -> bool:
        return True


class FullCall:
    """Makes one call."""

    def __init__(self, source: str, entry: str, memory: int, console: Console) -> None:
        self._source = source
        self._entry = entry
        self._memory = memory
        self._console = console

    def outcome(self, value: bytes) -> str | CallError:
        """The JSON of what the function returns, or what went wrong."""
        sys.stdout = _Printed(lambda text: self._console.write("info", text))
        sys.stderr = _Printed(lambda text: self._console.write("warning", text))
        # Whatever theirs do to the module, ours was here before.
        dumps = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode
        try:
            found = self._called(json.loads(value))
        except CallError as error:
            return error
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is theirs
            return self._told(error)
        try:
            return dumps(found)
        except (TypeError, ValueError, RecursionError) as error:
            return CallError("code.output_invalid", f"The function returned what is not JSON: {error}.")
        except BaseException as error:  # noqa: BLE001 - as above
            return self._told(error)

    def _called(self, value: Any) -> Any:
        scope: dict[str, Any] = {"__name__": "code"}
        linecache.cache[_SOURCE] = (len(self._source), None, self._source.splitlines(keepends=True), _SOURCE)
        try:
            code = compile(self._source, _SOURCE, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = error.lineno if isinstance(error, SyntaxError) else None
            raise syntax(f"{type(error).__name__}: {getattr(error, 'msg', error)}", line) from None
        exec(code, scope)  # noqa: S102 - behind the walls
        function = scope.get(self._entry)
        if not callable(function):
            raise no_entry(f"def {self._entry}(input): …", self._entry)
        found = function(value)
        return _awaited(found) if hasattr(found, "__await__") else found

    def _told(self, error: BaseException) -> CallError:
        if isinstance(error, MemoryError):
            return CallError("code.memory", f"The call needs more than the {self._memory} MiB that it may have.")
        try:
            message = str(error)
        except BaseException:  # noqa: BLE001 - theirs as well
            message = "something was raised that raises when it is looked at"
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _SOURCE]
        return thrown(type(error).__name__, message, lines[-1] if lines else None)


def _awaited(found: Any) -> Any:
    """What a coroutine returns that waits for nothing of the world: there is nothing to wait for."""
    try:
        found.__await__().send(None)
    except StopIteration as end:
        return end.value
    raise CallError("code.error", "The function waits for what will never come.")
