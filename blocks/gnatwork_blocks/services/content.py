"""Contents of messages: JSON, or text as it is."""

import base64
from typing import Any, NamedTuple

import orjson


class Content(NamedTuple):
    """What a message says."""

    value: Any
    #: `base64` when the value is base64 of bytes that are no text.
    encoding: str | None = None


def written(value: Any) -> bytes:
    """A text as it is, nothing for null, anything else as JSON."""
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def read(data: bytes) -> Content:
    """JSON where it is JSON, text where it is text, else base64; null when there is nothing."""
    if not data:
        return Content(None)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Content(base64.b64encode(data).decode(), "base64")
    try:
        return Content(orjson.loads(data))
    except orjson.JSONDecodeError:
        return Content(text)
