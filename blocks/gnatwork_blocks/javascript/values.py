"""JSON on its way to worker processes and back."""

from typing import Any

import orjson

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.javascript import limits

#: What orjson says of values that it can't write, and of texts that it can't read.
_TOO_DEEP = ("Recursion limit", "depth limit")
#: Levels that it can write.
_ORJSON_DEPTH = 254


def encoded(values: Any) -> bytes:
    """The JSON of values for a worker process; BlockError `code.too_large`."""
    try:
        data = orjson.dumps(values)
    except orjson.JSONEncodeError as error:
        if too_deep(error):
            raise BlockError("code.too_large", "The values are nested too deep.") from error
        raise
    if len(data) > limits.VALUES:
        raise BlockError("code.too_large", f"The values have more than {limits.VALUES:,} bytes of JSON.")
    return data


def too_deep(error: Exception) -> bool:
    """Whether that is why orjson can't read or write a value."""
    return str(error).startswith(_TOO_DEEP)


def not_too_deep(value: Any, text: bytes) -> Any:
    """The value; TypeError when it is nested deeper than others can read."""
    # Texts may hold brackets as well, so it is counted only when it may be wrong.
    if text.count(b"[") + text.count(b"{") > limits.DEPTH:
        wrapped = value
        for _ in range(_ORJSON_DEPTH - limits.DEPTH):
            wrapped = [wrapped]
        orjson.dumps(wrapped)
    return value
