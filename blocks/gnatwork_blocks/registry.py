"""The installed block types. A package brings its own through the entry point group `gnatwork.blocks`.

A block's module is imported when the block is first asked for, so a process pays for none but its own.
"""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from gnatwork_blocks.block import Block
from gnatwork_blocks.errors import BlockLoadError, UnknownBlockTypeError
from gnatwork_schemas.catalogue import BlockType

ENTRY_POINT_GROUP = "gnatwork.blocks"

#: Small block types that share a process, by the name that stands for them.
GROUPS = MappingProxyType({"logic": ("condition", "filter", "noop", "sleep", "switch", "transform")})


def names() -> tuple[str, ...]:
    """All installed block types, sorted."""
    return tuple(sorted(_entries()))


def expand(wanted: Iterable[str]) -> tuple[str, ...]:
    """The block types that names of types and groups stand for, each once, in the order given.

    Raises:
        UnknownBlockTypeError: A name is neither.
    """
    types: dict[str, None] = {}
    for name in wanted:
        for type_ in GROUPS.get(name, (name,)):
            _entry(type_)
            types[type_] = None
    return tuple(types)


@cache
def load(type_: str) -> type[Block]:
    """The class of a block type.

    Raises:
        UnknownBlockTypeError: Nothing installed provides it.
        BlockLoadError: Its module can't be imported, or holds something else.
    """
    entry = _entry(type_)
    try:
        block = entry.load()
    except Exception as error:
        raise BlockLoadError(f"{type_} ({entry.value}): {error}") from error
    if not (isinstance(block, type) and issubclass(block, Block) and hasattr(block, "type")):
        raise BlockLoadError(f"{type_} ({entry.value}) is not a Block")
    if block.type != type_:
        raise BlockLoadError(f"{type_} ({entry.value}) calls itself {block.type!r}")
    return block


def describe(block: type[Block]) -> BlockType:
    """The catalogue entry of a block."""
    return BlockType(
        type=block.type,
        version=block.version,
        title=block.title,
        summary=block.summary,
        icon=block.icon,
        category=block.category,
        config_schema=_schema(block.Config, "validation"),
        output_schema=_schema(block.Output, "serialization"),
        ports=block.ports,
        capabilities=block.capabilities,
        responds=block.responds,
        examples=block.examples,
    )


def _schema(model: Any, mode: Any) -> dict[str, Any] | bool:
    return True if model is Any else dict(model.model_json_schema(mode=mode))


def _entry(type_: str) -> EntryPoint:
    try:
        return _entries()[type_]
    except KeyError:
        raise UnknownBlockTypeError(
            f"{type_!r}; there are {', '.join(names())} and the groups {', '.join(GROUPS)}"
        ) from None


@cache
def _entries() -> dict[str, EntryPoint]:
    return _by_type(entry_points(group=ENTRY_POINT_GROUP))


def _by_type(entries: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entries:
        # An installation that is found twice on the path names the same object twice.
        if (known := found.setdefault(entry.name, entry)).value != entry.value:
            raise BlockLoadError(f"{entry.name} is provided by both {known.value} and {entry.value}")
    return found
