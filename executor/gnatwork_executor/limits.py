"""Limits of block types, which hold over all executors."""

from collections.abc import Iterable

from gnatwork_blocks.errors import UnknownBlockTypeError
from gnatwork_blocks.registry import names


def check_limits(types: Iterable[str]) -> None:
    """UnknownBlockTypeError unless each of these is an installed block type, so that no limit is lost to a typo."""
    if unknown := set(types) - set(names()):
        raise UnknownBlockTypeError(f"{min(unknown)!r} has a limit; there are {', '.join(names())}")
