"""Text from pages to numbers and truth values."""

import math
import re
from typing import Literal

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})

# One number, in plain form or with commas between thousands, perhaps with a sign in front, a currency before it or a
# unit behind it. What could be meant otherwise (`1.299,00`, `3 of 5`, `2026-01-05`) matches nothing.
_NUMBER = re.compile(
    r"\s*(?P<sign>[+\u2212-]?)[^0-9.,+\u2212-]*"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<fraction>\.[0-9]+)?"
    r"(?![.,]?[0-9])[^0-9]*"
)
#: What JSON readers of 64 bits hold.
_MAX_INTEGER = 2**63 - 1
_MAX_LENGTH = 100


class CastError(Exception):
    """The text is not of the type."""


def cast(text: str, to: Literal["string", "number", "integer", "boolean"]) -> str | int | float | bool:
    """Read a text as a type.

    `number` yields an integer where there is no fraction; `integer` takes a fraction of zeros only.

    Raises:
        CastError: It is none.
    """
    match to:
        case "string":
            return text
        case "boolean":
            return _boolean(text)
        case "number":
            return _number(text)
        case "integer":
            number = _number(text)
            if number != int(number):
                raise CastError
            return int(number)


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise CastError


def _number(text: str) -> int | float:
    found = _NUMBER.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        raise CastError
    digits = found["whole"].replace(",", "")
    negative = found["sign"] in {"-", "\u2212"}
    if found["fraction"]:
        value: int | float = float(digits + found["fraction"])
        if math.isinf(value):
            raise CastError
    else:
        value = int(digits)
        if value > _MAX_INTEGER:
            raise CastError
    return -value if negative else value
