"""What a block returned, as the JSON that its task yields."""

import math
from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel

from gnatwork_blocks.block import Block
from gnatwork_blocks.errors import BlockError


def encode_output(block: type[Block], value: Any) -> bytes:
    """The JSON of what `run` or `compute` returned.

    Raises:
        BlockError: `block.output_invalid`: it is not what `Output` declares, or no JSON, such as an infinite number, an
            integer beyond 64 bits, a key that is no text, half of a character, or a value that holds itself.
    """
    try:
        encoded = orjson.dumps(block.check_output(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise BlockError("block.output_invalid", f"The output is not JSON: {error}") from error
    # Such a number is written as null, which nobody meant.
    if b"null" in encoded and _has_infinite(value.model_dump() if isinstance(value, BaseModel) else value):
        raise BlockError("block.output_invalid", "The output is not JSON: it has a number that is infinite or none.")
    return encoded


def _has_infinite(value: Any) -> bool:
    """Whether there is a float in it that JSON can't say. What holds itself has been refused before."""
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, float):
            if not math.isfinite(one):
                return True
        elif isinstance(one, Mapping):
            rest.extend(one.values())
        elif isinstance(one, list | tuple):
            rest.extend(one)
    return False
