"""Which values are the same."""

from collections.abc import Hashable
from typing import Any


def frozen(value: Any) -> Hashable:
    """A key that two JSON values share when they are equal: 1 is 1.0 but not true, the order of keys is nothing."""
    if isinstance(value, dict):
        return "object", frozenset((key, frozen(one)) for key, one in value.items())
    if isinstance(value, list):
        return "array", tuple(map(frozen, value))
    return ("boolean", value) if isinstance(value, bool) else value


def distinct(values: list[Any], keys: list[Hashable]) -> list[Any]:
    """The first value of each key, in order."""
    found: dict[Hashable, Any] = {}
    for value, key in zip(values, keys, strict=True):
        found.setdefault(key, value)
    return list(found.values())
