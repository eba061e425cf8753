"""Bodies and queries as JSON APIs take and give them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

_Scalar = str | int | float | bool
#: Names and values of a query or a form; a list repeats its name, null leaves it out.
Fields = Mapping[str, _Scalar | Sequence[_Scalar] | None]


def parsed(content: bytes) -> tuple[Any, bool]:
    """The JSON of a body, None where there is none, and whether it is JSON."""
    if not content.strip():
        return None, True
    try:
        return orjson.loads(content), True
    except orjson.JSONDecodeError:
        return None, False


def urlencoded(fields: Fields) -> bytes:
    """A query or a form."""
    pairs = [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, given in fields.items()
        if given is not None
        for value in ([given] if isinstance(given, str | int | float | bool) else given)
    ]
    return urlencode(pairs).encode("ascii")
