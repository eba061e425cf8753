"""Items in order."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.rows.path import look, steps_of


class By(NamedTuple):
    """What to sort by."""

    path: str
    descending: bool


def kind(value: Any) -> str:
    """What a value is, in words."""
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
            return "an array"
        case _:
            return "an object"


def in_order(items: list[Any], keys: Sequence[By]) -> list[Any]:
    """The items by the first key, those equal in it by the second, and so on; else as they came.

    Null, and what is missing, comes last either way.

    Raises:
        BlockError: `aggregate.not_comparable`.
    """
    for by in reversed(keys):
        steps = steps_of(by.path)
        pairs = [(look(item, steps), item) for item in items]
        check_comparable([value for value, _ in pairs], by.path)
        present = [pair for pair in pairs if pair[0] is not None]
        present.sort(key=lambda pair: pair[0], reverse=by.descending)
        items = [item for _, item in present] + [item for value, item in pairs if value is None]
    return items


def check_comparable(values: Sequence[Any], path: str) -> None:
    """All numbers, all texts or all booleans, null aside.

    Raises:
        BlockError: `aggregate.not_comparable`; `details` are `{index, path}` of the first that is something else.
    """
    first = None
    for index, value in enumerate(values):
        if value is None:
            continue
        found = kind(value)
        if isinstance(value, dict | list) or (first is not None and found != first):
            message = f"{path!r} of item {index} is {found}"
            message += f", of those before {first}." if first else ", which has no order."
            raise BlockError("aggregate.not_comparable", message, details={"index": index, "path": path})
        first = found
