"""Items that belong together."""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from gnatwork_blocks.rows.path import look, steps_of
from gnatwork_blocks.rows.same import frozen


class Group(NamedTuple):
    """Items that have the same keys."""

    keys: dict[str, Any]
    #: Each with its index among all items.
    items: list[tuple[int, Any]]


def grouped(items: list[Any], by: Mapping[str, str]) -> list[Group]:
    """The groups in the order of their first items; `by` has the path of each key by its name."""
    paths = {name: steps_of(path) for name, path in by.items()}
    groups: dict[Hashable, Group] = {}
    for index, item in enumerate(items):
        keys = {name: look(item, steps) for name, steps in paths.items()}
        group = groups.setdefault(tuple(map(frozen, keys.values())), Group(keys, []))
        group.items.append((index, item))
    return list(groups.values())
