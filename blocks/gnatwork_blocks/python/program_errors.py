"""What ended a program in Python that went wrong."""

from typing import Any

from pydantic_monty import MontyCrashedError, MontyError, MontyRuntimeError, MontySyntaxError

from gnatwork_blocks.javascript.limits import MESSAGE

#: How Monty words what it can't read.
_UNSUPPORTED = "The monty syntax parser does not yet support "
#: And what ran out.
_OUT_OF_TIME = "time limit exceeded"


def info(code: str, message: str, line: int | None = None) -> dict[str, Any]:
    """An error as answers have it."""
    if line is None:
        return {"code": code, "message": message}
    return {"code": code, "message": f"{message} (line {line})", "details": {"line": line}}


def told(error: MontyError, source: str, seconds: float) -> dict[str, Any]:
    """An error of the program's own; `source` is what its text is called in traces, `seconds` what it may compute."""
    thrown = error.exception()
    kind, message = type(thrown), str(thrown)
    late = error.timed_out if isinstance(error, MontyCrashedError) else kind is TimeoutError and _OUT_OF_TIME in message
    if late:
        return info("code.timeout", f"The program computed for more than {seconds:g} s without waiting for a step.")
    if isinstance(error, MontyCrashedError):
        return info("code.memory", "The program's interpreter died, perhaps for want of memory.")
    if kind is MemoryError:
        return info("code.memory", "The program ran out of memory.")
    frames = error.traceback() if isinstance(error, MontyRuntimeError | MontySyntaxError) else []
    line = next((frame.line for frame in reversed(frames) if frame.filename == source), None)
    if isinstance(error, MontySyntaxError) or (kind is NotImplementedError and message.startswith(_UNSUPPORTED)):
        return info("code.syntax", message.replace(_UNSUPPORTED, "This Python does not know "), line)
    return info("script.failed", f"{kind.__name__}: {message[:MESSAGE]}", line)
