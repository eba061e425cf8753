"""What is calculated of many items."""

import math
from collections.abc import Callable
from typing import Any, Literal

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.rows.order import check_comparable, kind
from gnatwork_blocks.rows.path import ITSELF, look, steps_of
from gnatwork_blocks.rows.same import distinct, frozen

Operation = Literal["count", "sum", "average", "min", "max", "first", "last", "collect", "distinct"]

#: What JSON readers of 64 bits hold.
_MAX_INTEGER = 2**63 - 1


#: A value, behind the index of its item.
Found = tuple[int, Any]


def calculate(operation: Operation, path: str, items: list[tuple[int, Any]]) -> Any:
    """A figure of items, each with its index; null, and what is missing, counts for nothing.

    The sum of nothing is 0; its average, least, greatest, first and last are null.

    Raises:
        BlockError: `aggregate.not_a_number`, `aggregate.not_comparable`.
    """
    if operation == "count" and path == ITSELF:
        return len(items)
    steps = steps_of(path)
    every = ((index, look(item, steps)) for index, item in items)
    return _OPERATIONS[operation]([found for found in every if found[1] is not None], path)


def _numbers(found: list[Found], path: str) -> list[int | float]:
    for index, value in found:
        if isinstance(value, bool) or not isinstance(value, int | float):
            message = f"{path!r} of item {index} is {kind(value)}, not a number."
            raise BlockError("aggregate.not_a_number", message, details={"index": index, "path": path})
    return [value for _, value in found]


def _sum(found: list[Found], path: str) -> int | float:
    numbers = _numbers(found, path)
    if all(isinstance(number, int) for number in numbers):
        whole = sum(numbers)
        return whole if abs(whole) <= _MAX_INTEGER else float(whole)
    try:
        return math.fsum(numbers)
    except OverflowError:
        message = f"The sum of {path!r} is larger than any number of JSON."
        raise BlockError("aggregate.not_a_number", message, details={"path": path}) from None


def _average(found: list[Found], path: str) -> float | None:
    return _sum(found, path) / len(found) if found else None


def _least(found: list[Found], path: str) -> Any:
    check_comparable([value for _, value in found], path)
    return min((value for _, value in found), default=None)


def _greatest(found: list[Found], path: str) -> Any:
    check_comparable([value for _, value in found], path)
    return max((value for _, value in found), default=None)


def _distinct(found: list[Found], _: str) -> list[Any]:
    values = [value for _, value in found]
    return distinct(values, list(map(frozen, values)))


_OPERATIONS: dict[Operation, Callable[[list[Found], str], Any]] = {
    "count": lambda found, _: len(found),
    "sum": _sum,
    "average": _average,
    "min": _least,
    "max": _greatest,
    "first": lambda found, _: found[0][1] if found else None,
    "last": lambda found, _: found[-1][1] if found else None,
    "collect": lambda found, _: [value for _, value in found],
    "distinct": _distinct,
}
