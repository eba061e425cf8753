"""The items of a loop, which have to be an array that is not too long."""

from typing import Any

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.rows.order import kind


def checked_items(value: Any, most: int) -> list[Any]:
    """The items, at most so many.

    Raises:
        BlockError: `loop.not_an_array`, `loop.too_many`.
    """
    if not isinstance(value, list):
        raise BlockError("loop.not_an_array", f"The items of a loop must be an array; this is {kind(value)}.")
    if len(value) > most:
        raise BlockError("loop.too_many", f"There are {len(value)} items, and the loop takes at most {most}.")
    return value
