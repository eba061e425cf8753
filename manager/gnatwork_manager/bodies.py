"""JSON that comes in: read once, and only as deep as every part of the engine can read it again."""

from typing import Any

import orjson

from gnatwork_manager.problems import ProblemError, invalid

#: Containers that a value may be nested in; readers of messages give up at about 200.
MAX_DEPTH = 100
#: The depth at which orjson refuses to write.
_WRITER_DEPTH = 254
_WRAPPERS = _WRITER_DEPTH - MAX_DEPTH


def parse_json(body: bytes) -> Any:
    """The value of a request's body. Raises ProblemError `request.invalid_json`."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = "the body is empty" if not body else f"{error.msg}, line {error.lineno}, column {error.colno}"
        raise ProblemError("request.invalid_json", detail) from None


def encode_bounded(value: Any, pointer: str) -> bytes:
    """The JSON of a value. Raises ProblemError at `pointer` when it is nested deeper than `MAX_DEPTH`."""
    try:
        data = orjson.dumps(value)
        if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
            # Wrapped in lists, the value meets the writer's own bound at ours: no walk through it is needed.
            for _ in range(_WRAPPERS):
                value = [value]
            orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise invalid(pointer, f"it is nested deeper than {MAX_DEPTH} levels") from None
    return data
