"""How the places of a process are divided among its block types."""

from collections.abc import Mapping

from gnatwork_schemas.errors import GnatworkError


class ConcurrencyError(GnatworkError):
    """Every block type needs a place of its own; raise the concurrency, or host fewer types in one process."""


def shares(concurrency: int, limits: Mapping[str, int | None]) -> dict[str, int]:
    """Places per block type, `concurrency` in all at most.

    Fixed and even, so that a type whose blocks take long never keeps another one waiting, and an item that is
    fetched is an item that runs: what this process has no place for is left to other executors.

    Args:
        concurrency: the most work items at once.
        limits: per block type the most that it can use, None for any number.
    """
    if concurrency < len(limits):
        raise ConcurrencyError(f"{concurrency} for {len(limits)} types")
    places: dict[str, int] = {}
    # The most limited first, so that what they can't use goes to the others.
    for type_, limit in sorted(limits.items(), key=lambda item: concurrency if item[1] is None else item[1]):
        fair = (concurrency - sum(places.values())) // (len(limits) - len(places))
        places[type_] = fair if limit is None else min(fair, limit)
    return places
