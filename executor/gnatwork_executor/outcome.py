"""What becomes of an attempt, as the bytes of a history event."""

from dataclasses import dataclass
from typing import Any

import orjson

from gnatwork_schemas.depth import is_too_deep
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Error, Work
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.payload import INLINE_LIMIT, PAYLOAD_KEY, PayloadRef, reference_value

#: How a JSON text begins that could be taken for a reference.
_REFERENCE_START = orjson.dumps({PAYLOAD_KEY: None})[: -len(b"null}")]
#: Characters of an error's message.
_LONGEST_MESSAGE = 8192
#: Characters of its code, which blocks choose.
_LONGEST_CODE = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """An event to be appended to the run's history."""

    subject: str
    body: bytes
    #: The error's code, None for an output.
    code: str | None = None


def must_be_stored(value: bytes) -> bool:
    """Whether this JSON has to travel as a reference: it is large, deep, or would be taken for one."""
    return len(value) > INLINE_LIMIT or value.startswith(_REFERENCE_START) or is_too_deep(value)


def output_outcome(work: Work, value: bytes | PayloadRef, started_at: float, ended_at: float, executor: str) -> Outcome:
    """The attempt succeeded with this JSON, or with what is stored under this reference.

    Equal to `messages.Output` as JSON; made by hand because every attempt passes here.
    """
    output: Any = orjson.Fragment(value) if isinstance(value, bytes) else reference_value(value)
    body = orjson.dumps(
        {
            "v": VERSION,
            "task": work.task,
            "attempt": work.attempt,
            "output": output,
            "started_at": started_at,
            "ended_at": ended_at,
            "executor": executor,
        }
    )
    return Outcome(work.output_subject, body)


def error_outcome(work: Work, info: ErrorInfo, started_at: float, ended_at: float, executor: str) -> Outcome:
    """The attempt failed."""
    error = Error(
        task=work.task, attempt=work.attempt, error=info, started_at=started_at, ended_at=ended_at, executor=executor
    )
    return Outcome(work.error_subject, encode_error(error), info.code)


def encode_error(error: Error) -> bytes:
    """The event's JSON, which fits into a message for sure."""
    return error.model_copy(update={"error": _fitting(error.error)}).model_dump_json(exclude_none=True).encode()


def _fitting(info: ErrorInfo) -> ErrorInfo:
    """The error with what is too long for a message replaced by how long it was, and what is no JSON by why not.

    Blocks put anything into an error, and a task whose error can't be told would never end.
    """
    # Half of a surrogate pair is no UTF-8.
    message = info.message.encode(errors="replace").decode()
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}… ({len(message)} characters in all)"
    code = info.code[:_LONGEST_CODE].rstrip(".")
    return info.model_copy(update={"code": code, "message": message, "details": _fitting_details(info.details)})


def _fitting_details(details: dict[str, Any] | None) -> dict[str, Any] | None:
    if not details:
        return details
    try:
        encoded = orjson.dumps(details, default=repr, option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        return {"omitted": str(error)}
    if len(encoded) > INLINE_LIMIT // 2 or is_too_deep(encoded):
        return {"omitted_bytes": len(encoded)}
    fitting: dict[str, Any] = orjson.loads(encoded)
    return fitting
