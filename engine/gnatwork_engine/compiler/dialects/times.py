"""Milliseconds of a dialect as native durations."""

from typing import Any

from gnatwork_engine.compiler.dialects.fields import Fields
from gnatwork_engine.compiler.faults import shown


def milliseconds(fields: Fields, key: str) -> str | None:
    """The native duration of a whole number of milliseconds; None where there is none, or a mistake."""
    value: Any = fields.get(key)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return f"{value}ms"
    fields.wrong(key, f"{shown(key)} must be a whole number of milliseconds")
    return None


def duration(fields: Fields, key: str) -> Any:
    """Likewise, where a text is a native duration such as `10s`."""
    value = fields.get(key)
    return value if isinstance(value, str) else milliseconds(fields, key)
