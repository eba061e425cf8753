"""Between the values of databases and JSON."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from pydantic_core import to_jsonable_python

#: Beyond, JSON parsers differ.
_MAX_INTEGER = 2**63


def as_json(value: Any) -> Any:  # noqa: PLR0911 - a kind per line
    """A value of a row as JSON.

    Dates and times are ISO 8601; decimals, and what JSON has no number for (`NaN`, integers of more than 64 bits), are
    texts, so that no digit is lost; bytes are base64; UUIDs, addresses and the like are texts.
    """
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if -_MAX_INTEGER <= value < _MAX_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case list() | tuple() | set() | frozenset():
            return [as_json(part) for part in value]
        case Mapping():
            return {str(name): as_json(part) for name, part in value.items()}
        case _ if hasattr(value, "items"):  # a composite value of asyncpg
            return {str(name): as_json(part) for name, part in value.items()}
        case _:
            return to_jsonable_python(value, fallback=str)


def size_of(value: Any) -> int:
    """About as many bytes as the value has as JSON."""
    match value:
        case str():
            return len(value) + 2
        case list():
            return 2 + sum(map(size_of, value))
        case dict():
            return 2 + sum(len(name) + 4 + size_of(part) for name, part in value.items())
        case _:
            return 8


def flat(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for databases that know no arrays and objects: those become JSON."""
    return {
        name: orjson.dumps(value).decode() if isinstance(value, dict | list) else value
        for name, value in parameters.items()
    }


def distinct(names: Iterable[str]) -> list[str]:
    """Names of columns, each once: the second `id` becomes `id_2`."""
    found: dict[str, None] = {}
    for name in names:
        unique, number = name, 1
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found[unique] = None
    return list(found)


def rows_as_json(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> list[dict[str, Any]]:
    """Rows by the names of their columns."""
    return [dict(zip(columns, map(as_json, row), strict=True)) for row in rows]
