"""The executor's side of a call."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from gnatwork_blocks.calls.limits import LINE, LINES, MEMORY, TIMEOUT
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.pool import Serve
from gnatwork_blocks.javascript.values import encoded, not_too_deep, too_deep

#: Takes a line that was printed: its level, and the text.
Say = Callable[[Any, str], None]
#: Makes the requests of a script over HTTP, and yields what is to be told of each; raises nothing.
Fetch = Callable[[Sequence[dict[str, Any]]], Awaitable[list[dict[str, Any]]]]

_LEVELS = frozenset({"debug", "info", "warning", "error"})
_RETRYABLE = frozenset({"code.crashed", "code.busy"})


class Asks(Protocol):
    """Worker processes, such as a `Pool`."""

    async def ask(self, request: bytes, values: bytes, seconds: float, serve: Serve | None = None, /) -> bytes:
        """The last answer of a process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function to be called."""

    source: str
    #: Its name.
    entry: str
    #: What it is called with, JSON.
    value: Any
    #: Seconds that it may compute.
    timeout: float = TIMEOUT
    #: MiB that it may allocate.
    memory: int = MEMORY
    say: Say
    #: None: it can make no requests.
    fetch: Fetch | None = None


async def make(call: Call, pool: Asks) -> Any:
    """What the function returns, as JSON.

    Raises:
        BlockError: Any code `code.…`; `details` are `{name, line}` where known.
    """
    if len(call.source.encode(errors="replace")) > limits.SOURCE:
        raise BlockError("code.too_large", f"The source has more than {limits.SOURCE:,} bytes.")
    asked = {"source": call.source, "entry": call.entry, "memory": call.memory, "http": call.fetch is not None}
    request = _request({"call": asked, "timeout": call.timeout})

    async def serve(answer: bytes) -> bytes | None:
        if call.fetch is None or not answer.startswith(b'{"requests":'):
            return None
        try:
            requests = [dict(request) for request in orjson.loads(answer)["requests"]]
        except (TypeError, KeyError, ValueError):
            return None
        return orjson.dumps(await call.fetch(requests))

    try:
        answer = await pool.ask(request, encoded(call.value), call.timeout + limits.GRACE, serve)
    except TimeoutError:
        raise BlockError(
            "code.timeout", f"The call took longer than {call.timeout:g} s and its process was killed."
        ) from None
    return _found(answer, call.say)


def _request(request: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(request)
    except orjson.JSONEncodeError as error:
        raise BlockError("code.syntax", "The source is not Unicode text.") from error


def _found(answer: bytes, say: Say) -> Any:
    """The value of an answer; a process that a script has got hold of may send anything."""
    try:
        found = orjson.loads(answer)
        for level, text in found["lines"][: LINES + 1]:
            if level in _LEVELS:
                say(level, str(text)[: LINE + 1])
        if "value" in found:
            return not_too_deep(found["value"], answer)
        error = found["error"]
        code = str(error["code"])
        failure = BlockError(code, str(error["message"]), retryable=code in _RETRYABLE, details=dict(error["details"]))
    except (TypeError, KeyError, ValueError) as error:
        if too_deep(error):
            raise BlockError("code.too_large", f"The result is nested more than {limits.DEPTH} levels deep.") from error
        raise BlockError("code.crashed", "The script's process gave no proper answer.", retryable=True) from error
    raise failure
