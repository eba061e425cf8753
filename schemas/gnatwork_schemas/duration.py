"""Durations as people write them: `500ms`, `10s`, `1m30s`, `2h`, `7d`, or a number of seconds."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
#: Of a duration as text.
DURATION_PATTERN = r"([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+"
_WHOLE = f"^{DURATION_PATTERN}$"

#: The longest duration: ten years, in seconds.
MAX_SECONDS = 10 * 365 * 86400.0


def parse_duration(value: Any) -> float:
    """Seconds of a duration such as `"1m30s"` or `90`; ValueError when it is neither."""
    if isinstance(value, bool):
        raise ValueError("a duration is a text such as '10s' or a number of seconds")  # noqa: TRY004 - pydantic wants ValueError
    if isinstance(value, int | float):
        seconds = float(value)
    elif isinstance(value, str) and re.match(_WHOLE, value):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))
    else:
        raise ValueError("a duration is a text such as '500ms', '10s', '1m30s', '2h' or '7d'")
    if not 0 <= seconds <= MAX_SECONDS:
        raise ValueError("a duration lies between 0 and ten years")
    return seconds


#: Seconds, validated from text or number.
Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": _WHOLE}, {"type": "number", "minimum": 0}],
            "description": "A duration: '500ms', '10s', '1m30s', '2h', '7d', or seconds.",
        }
    ),
]
#: A duration above zero, such as a timeout.
PositiveDuration = Annotated[Duration, Field(gt=0)]
