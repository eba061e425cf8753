"""Native definitions whose parts know where they come from in what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gnatwork_engine.json_tree import Path


@dataclass(frozen=True, slots=True)
class Placed:
    """A part of a native definition, any JSON that may hold further ones."""

    value: Any
    #: Where it comes from.
    path: Path
    #: Whether what is inside of it lies at the same places there.
    as_sent: bool


@dataclass(frozen=True, slots=True)
class Origins:
    """For places of a native definition, where they come from in what was sent."""

    #: By place; whatever lies further inside belongs to the nearest one.
    places: Mapping[Path, Placed] = field(default_factory=dict)

    def of(self, path: Path) -> Path:
        """Where the part at a path comes from, as near as is known."""
        for length in range(len(path), -1, -1):
            if placed := self.places.get(path[:length]):
                return (*placed.path, *path[length:]) if placed.as_sent else placed.path
        return path


def sent(value: Any, path: Path) -> Placed:
    """A part that is as it was sent, or has at least the same places inside."""
    return Placed(value, path, as_sent=True)


def made(value: Any, path: Path) -> Placed:
    """A part that was made of what stands at `path`."""
    return Placed(value, path, as_sent=False)


def separate(tree: Any) -> tuple[Any, Origins]:
    """The plain JSON of a tree with such parts, and where they come from."""
    places: dict[Path, Placed] = {}
    return _plain(tree, (), places), Origins(places)


def _plain(tree: Any, path: Path, places: dict[Path, Placed]) -> Any:
    match tree:
        case Placed():
            places[path] = tree
            return _plain(tree.value, path, places)
        case dict():
            return {key: _plain(value, (*path, key), places) for key, value in tree.items()}
        case list():
            return [_plain(value, (*path, index), places) for index, value in enumerate(tree)]
        case _:
            return tree
