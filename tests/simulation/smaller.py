"""Definitions with a little less in them, at any depth, that can still be compiled."""

from collections.abc import Iterator
from typing import Any

from support.workflows import compiled

from gnatwork_schemas.errors import DefinitionError

_LISTS = ("blocks", "steps")
#: Fields that a block, and a definition, can do without.
_SPARE = (
    "when", "retry", "on_error", "compensate", "for_each", "priority", "idempotent", "join", "timeout",
)  # fmt: skip
_SPARE_ABOVE = ("timeout", "on_failure", "concurrency", "rate_limit")

Raw = dict[str, Any]


def smaller_definitions(raw: Raw) -> Iterator[Raw]:
    """Those that are left when one thing is taken away, the boldest first."""
    candidates = [*_fewer_blocks(raw), *_without(raw, _SPARE_ABOVE), *_plainer_blocks(raw)]
    return (candidate for candidate in candidates if _is_sound(candidate))


def _is_sound(raw: Raw) -> bool:
    try:
        compiled(raw)
    except DefinitionError:
        return False
    return True


def _fewer_blocks(raw: Raw) -> Iterator[Raw]:
    """Without one of the blocks, or with what is inside of it in its place; the needs of it go, too."""
    for name in (*_LISTS, "on_failure"):
        blocks: list[Raw] = raw.get(name) or []
        for place in reversed(range(len(blocks))):
            inside: list[Raw] = next((blocks[place][key] for key in _LISTS if blocks[place].get(key)), [])
            for instead in ([], inside) if inside else ([],):
                left = [
                    *blocks[:place],
                    *instead,
                    *(_unneeded(block, blocks[place]["id"]) for block in blocks[place + 1 :]),
                ]
                if left:
                    yield {**raw, name: left}
            for less in _fewer_blocks(blocks[place]):
                yield {**raw, name: [*blocks[:place], less, *blocks[place + 1 :]]}


def _unneeded(block: Raw, gone: str) -> Raw:
    """The block without what it says of another."""
    kept = {key: value for key, value in block.items() if key != "needs" and not _mentions(value, gone)}
    if needs := [need for need in block.get("needs", ()) if need.partition(".")[0] != gone]:
        kept["needs"] = needs
    return kept


def _mentions(value: Any, name: str) -> bool:
    match value:
        case str():
            return f"{name} " in value or f"{name}." in value
        case dict():
            return any(_mentions(inner, name) for inner in value.values())
        case list():
            return any(_mentions(inner, name) for inner in value)
    return False


def _plainer_blocks(raw: Raw) -> Iterator[Raw]:
    for name in (*_LISTS, "on_failure"):
        blocks: list[Raw] = raw.get(name) or []
        for place, block in enumerate(blocks):
            for less in (*_without(block, _SPARE), *_plainer_blocks(block)):
                yield {**raw, name: [*blocks[:place], less, *blocks[place + 1 :]]}


def _without(raw: Raw, names: tuple[str, ...]) -> Iterator[Raw]:
    for name in names:
        if name in raw:
            yield {key: value for key, value in raw.items() if key != name}
