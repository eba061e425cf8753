"""The installed block types. A package brings its own through the entry point group `gnatwork.blocks`.

An entry point names a package of blocks, `slack = "gnatwork_slack.blocks"`: each module in it is a block type of the
module's name, `slack_post.py` being `slack-post`, so that a new block is a new file and nothing else. Or it names one
class, `greet = "my_package.greet:Greet"`.

A block's module is imported when the block is first asked for, so a process pays for none but its own, and one that is
broken harms no other. Nothing at all of a package is imported to see what it provides.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

from gnatwork_blocks.block import Block
from gnatwork_blocks.errors import BlockLoadError, UnknownBlockTypeError
from gnatwork_blocks.packages import folders_of
from gnatwork_schemas.catalogue import BlockType

log = logging.getLogger(__name__)

ENTRY_POINT_GROUP = "gnatwork.blocks"

#: Small block types that share a process, by the name that stands for them. So does the name of an entry point that is
#: a package of blocks, other than the built-in ones.
GROUPS = MappingProxyType(
    {
        "logic": (
            "aggregate",
            "condition",
            "csv",
            "error",
            "filter",
            "json",
            "log",
            "noop",
            "response",
            "sleep",
            "split",
            "switch",
            "template",
            "transform",
            "xml",
        ),
        "code": ("code",),
        "data": ("email", "file", "kv-get", "kv-put", "llm", "nats-publish", "nats-request", "rss", "sql"),
    }
)

#: The group of all types that are not built in.
PLUGINS = "plugins"

#: The package of the built-in blocks.
_BUILT_IN = "gnatwork_blocks.builtin"


class Provider(NamedTuple):
    """Where a block type is to be found."""

    #: The entry point as it is written, for messages.
    value: str
    module: str
    #: None is the one block that the module defines.
    name: str | None
    #: The entry point of another one that provides the same type, which then no one does.
    rival: str = ""


def names() -> tuple[str, ...]:
    """All installed block types, sorted."""
    return tuple(sorted(_providers()))


def groups() -> Mapping[str, tuple[str, ...]]:
    """The names that stand for several block types, with those types."""
    others = tuple(type_ for type_, found in _providers().items() if not found.module.startswith(f"{_BUILT_IN}."))
    return {**_packages(), **GROUPS, **({PLUGINS: tuple(sorted(others))} if others else {})}


def broken() -> Mapping[str, str]:
    """The packages of blocks that can't be found, by the names of their entry points, each with the reason."""
    return MappingProxyType(
        {
            entry.name: f"the plug-in {entry.name} is left out: there is no package {entry.value}"
            for entry in _entries()
            if ":" not in entry.value and folders_of(entry.value) is None
        }
    )


def expand(wanted: Iterable[str]) -> tuple[str, ...]:
    """The block types that names of types and groups stand for, each once, in the order given.

    Raises:
        UnknownBlockTypeError: A name is neither.
        BlockLoadError: A name is that of a package of blocks that can't be found.
    """
    known = groups()
    types: dict[str, None] = {}
    for name in wanted:
        if name in broken():
            raise BlockLoadError(broken()[name])
        for type_ in known.get(name, (name,)):
            _provider(type_)
            types[type_] = None
    return tuple(types)


@cache
def load(type_: str) -> type[Block]:
    """The class of a block type.

    Raises:
        UnknownBlockTypeError: Nothing installed provides it.
        BlockLoadError: Its module can't be imported, or holds something else.
    """
    provider = _provider(type_)
    where = f"{type_} ({provider.value})"
    if provider.rival:
        raise BlockLoadError(f"{type_} is provided by both {provider.value} and {provider.rival}; remove one")
    try:
        module = import_module(provider.module)
        found = _own_blocks(module) if provider.name is None else [getattr(module, provider.name)]
    except (Exception, SystemExit) as error:
        raise BlockLoadError(f"{where}: {type(error).__name__}: {error}") from error
    if len(found) != 1:
        raise BlockLoadError(f"{where} defines {len(found)} blocks; a module in a package of blocks defines one")
    block = found[0]
    if not (isinstance(block, type) and issubclass(block, Block) and hasattr(block, "type")):
        raise BlockLoadError(f"{where} is not a Block")
    if block.type != type_:
        raise BlockLoadError(f"{where} calls itself {block.type!r}, but is found as {type_!r}; give both one name")
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
        retryable=block.retryable,
        examples=block.examples,
    )


def _schema(model: Any, mode: Any) -> dict[str, Any] | bool:
    return True if model is Any else dict(model.model_json_schema(mode=mode))


def _own_blocks(module: ModuleType) -> list[Any]:
    """The block types that a module defines itself."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Block)
        and hasattr(value, "type")
        and value.__module__ == module.__name__
    ]


def _provider(type_: str) -> Provider:
    try:
        return _providers()[type_]
    except KeyError:
        raise UnknownBlockTypeError(
            f"{type_!r}; there are {', '.join(names())} and the groups {', '.join(sorted(groups()))}"
        ) from None


@cache
def _providers() -> dict[str, Provider]:
    return _by_type(_entries())


@cache
def _packages() -> dict[str, tuple[str, ...]]:
    """The types of each package of blocks but that of the built-in ones."""
    found = {
        entry.name: tuple(type_ for type_, _ in _provided(entry))
        for entry in _entries()
        if ":" not in entry.value and entry.value != _BUILT_IN
    }
    return {name: types for name, types in found.items() if types}


@cache
def _entries() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=ENTRY_POINT_GROUP))


def _by_type(entries: Iterable[EntryPoint]) -> dict[str, Provider]:
    """Where each type is to be found. What is built in stays what it is, whatever is installed beside it."""
    found: dict[str, Provider] = {}
    # The built-in ones last, so that they have the last word.
    for entry in sorted(entries, key=lambda entry: entry.value == _BUILT_IN):
        for type_, provider in _provided(entry):
            known = found.setdefault(type_, provider)
            # An installation that is found twice on the path names the same object twice.
            if (known.module, known.name) == (provider.module, provider.name):
                continue
            if entry.value == _BUILT_IN:
                log.warning("%s is built in; %s, which provides it too, is left out", type_, known.value)
                found[type_] = provider
            else:
                found[type_] = known._replace(rival=provider.value)
    return found


def _provided(entry: EntryPoint) -> Iterator[tuple[str, Provider]]:
    module, colon, name = entry.value.partition(":")
    if colon:
        yield entry.name, Provider(entry.value, module, name)
        return
    for found in iter_modules(folders_of(module) or ()):
        if not found.name.startswith("_"):
            path = f"{module}.{found.name}"
            yield found.name.replace("_", "-"), Provider(path, path, None)
