"""JSON Schemas in words, for tables."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from docs.generator.markdown import code
from gnatwork_schemas.duration import Duration

_DURATION = TypeAdapter(Duration).json_schema()["anyOf"]
_NAMES = {"integer": "whole number", "array": "list", "string": "text"}
_SCALARS = {"text", "whole number", "number", "boolean"}
_PLURALS = {"text": "texts", "whole number": "whole numbers", "number": "numbers", "scalar": "scalars"}


def in_words(schema: Any) -> str:
    """What a value has to be, e.g. `whole number, 1 to 10` or `text or list of texts`."""
    match schema:
        case {"anyOf": forms}:
            words = (
                "duration" if forms == _DURATION else _either(in_words(form) for form in forms if not _is_null(form))
            )
        case {"$ref": reference}:
            name = str(reference).rpartition("/")[2]
            words = f"[{name}](#{name.lower()})"
        case {"enum": values}:
            words = ", ".join(code(json.dumps(value)) for value in values)
        case {"const": value}:
            words = code(json.dumps(value))
        case {"type": str() as name}:
            words = _of_type(name, schema)
        case _:
            words = "any JSON"
    return words


def _of_type(name: str, schema: dict[str, Any]) -> str:
    match schema:
        case {"items": items}:
            return f"list of {_plural(in_words(items))}"
        case {"additionalProperties": dict() as values}:
            return f"object of {_plural(in_words(values))}"
        case {"patternProperties": patterns}:
            return f"object of {_plural(in_words(next(iter(patterns.values()))))}"
        case {"minimum": low, "maximum": high}:
            return f"{_NAMES.get(name, name)}, {low:,} to {high:,}"
    return _NAMES.get(name, name)


def _either(forms: Iterable[str]) -> str:
    words = dict.fromkeys(forms)
    if words.keys() >= _SCALARS:
        words = dict.fromkeys(["scalar", *(word for word in words if word not in _SCALARS)])
    return " or ".join(words)


def _plural(words: str) -> str:
    return " or ".join(_PLURALS.get(word, word) for word in words.split(" or "))


def _is_null(schema: Any) -> bool:
    return bool(schema == {"type": "null"})
