"""Following a path into a value."""

from typing import Any

import orjson

from gnatwork_engine.template import format_path
from gnatwork_schemas.errors import TemplateError

#: In the place of a value that is not there; null is a value.
MISSING: Any = object()
#: Roots that the id of a block follows.
_NAMED = frozenset({"blocks", "previous"})


def follow(value: Any, steps: tuple[str | int, ...]) -> Any:
    """What lies at the end of `steps`, or MISSING."""
    for step in steps:
        kind = type(value)
        if kind is dict:
            if step not in value:
                return MISSING
            value = value[step]
        elif kind is list and type(step) is int:
            if step >= len(value):
                return MISSING
            value = value[step]
        elif step == "length" and (kind is list or kind is str):
            value = len(value)
        else:
            return MISSING
    return value


def as_text(value: Any) -> str:
    """A value inside a longer text: texts as they are, anything else as JSON. Raises TemplateError."""
    if type(value) is str:
        return value
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise TemplateError("a value nests too deeply to be written as text") from None


def missing(source: str, path: tuple[str | int, ...], depth: int, value: Any) -> TemplateError:
    """The error for a path that leads nowhere.

    Args:
        source: The path as written.
        path: The same, its root resolved.
        depth: How many steps of `path` make up the root.
        value: What the root holds, or MISSING.
    """
    if value is MISSING:
        what = "the block has no output in this run" if path[0] in _NAMED else "there is none in this run"
        return TemplateError(f"`{source}`: `{format_path(path[depth - 1 : depth])}`: {what}")
    while (inner := follow(value, path[depth : depth + 1])) is not MISSING:
        value, depth = inner, depth + 1
    first = 1 if path[0] in _NAMED else 0
    holder, step = format_path(path[first:depth]), path[depth]
    segment = f"[{step}]" if isinstance(step, int) else step
    return TemplateError(f"`{source}`: `{segment}` is missing, `{holder}` is {_kind(value)}")


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return f"an array of {len(value)}"
        case _:
            return "an object without it"
