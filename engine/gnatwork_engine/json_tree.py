"""JSON values as trees: pointers into them, and how deep they go. Nothing here recurses."""

from collections.abc import Iterable, Sequence
from typing import Any

#: A way through a JSON value: keys of objects and indexes of arrays.
Path = tuple[str | int, ...]


def to_pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of a path; the empty text is the whole value."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def from_pointer(pointer: str) -> tuple[str, ...]:
    """The steps of a JSON Pointer, indexes as text; ValueError when it is none."""
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise ValueError(f"not a JSON Pointer: {pointer}")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def child(container: Any, step: str | int) -> Any:
    """What lies one step further; LookupError or ValueError when there is nothing."""
    if isinstance(container, list):
        return container[int(step)]
    if isinstance(container, dict):
        return container[step]
    raise LookupError(step)


def at_path(value: Any, path: Sequence[str | int]) -> Any:
    """What lies at the end of the path; LookupError or ValueError when there is nothing."""
    for step in path:
        value = child(value, step)
    return value


def existing(value: Any, path: Path) -> Path:
    """A path as far as it leads to something."""
    for length in range(len(path), 0, -1):
        try:
            at_path(value, path[:length])
        except (LookupError, ValueError):
            continue
        return path[:length]
    return ()


def too_deep(value: Any, limit: int) -> Path | None:
    """The path to the first value with more than `limit` containers around it, or None."""
    pending: list[tuple[Path, Any]] = [((), value)]
    while pending:
        path, container = pending.pop()
        items: Iterable[tuple[str | int, Any]]
        if isinstance(container, dict):
            items = container.items()
        elif isinstance(container, list):
            items = enumerate(container)
        else:
            continue
        for step, item in items:
            if isinstance(item, dict | list):
                if len(path) >= limit:
                    return (*path, step)
                pending.append(((*path, step), item))
    return None
