"""What of the block types that a process is asked to host can be hosted: one that is broken harms no other."""

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gnatwork_blocks.block import Block
from gnatwork_blocks.errors import BlockLoadError
from gnatwork_blocks.registry import describe, expand, load

log = logging.getLogger(__name__)

#: Bytes of what the catalogue may say of a block, and characters of why one is left out: both travel in messages.
_MOST = 256 * 1024
_LONGEST = 1000


class Hostable(NamedTuple):
    """Block types that work, and those that do not."""

    blocks: tuple[type[Block], ...]
    #: By type, or by the name of a package that can't be found: why it is left out.
    disabled: Mapping[str, str]


def hostable(wanted: Iterable[str]) -> Hostable:
    """The classes behind names of types and groups, each once, in the order given.

    Raises:
        UnknownBlockTypeError: A name is neither.
        BlockLoadError: None of them can be used.
    """
    blocks: dict[str, type[Block]] = {}
    disabled: dict[str, str] = {}
    for name in wanted:
        try:
            types = expand([name])
        except BlockLoadError as error:
            disabled[name] = error.detail[:_LONGEST]
            continue
        for type_ in types:
            try:
                blocks[type_] = _usable(type_)
            except BlockLoadError as error:
                disabled[type_] = error.detail[:_LONGEST]
    if disabled and not blocks:
        raise BlockLoadError("; ".join(disabled.values()))
    for reason in disabled.values():
        log.error("not hosted: %s", reason)
    return Hostable(tuple(blocks.values()), disabled)


def _usable(type_: str) -> type[Block]:
    """The class, of which there can be an instance and a description."""
    block = load(type_)
    try:
        block()
        size = len(describe(block).model_dump_json())
    except (Exception, SystemExit) as error:
        raise BlockLoadError(f"{type_} ({block.__module__}): {type(error).__name__}: {error}") from error
    if size > _MOST:
        raise BlockLoadError(f"{type_} ({block.__module__}): its description has {size:,} bytes, at most {_MOST:,} do")
    return block
