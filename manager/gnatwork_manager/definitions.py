"""Definitions on their way to control blocks: compiled once per digest, stored once, kept at hand."""

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnatwork_bus.kv import Bucket
from gnatwork_engine.compiler import compile_workflow, digest, encode
from gnatwork_engine.core.replies import reply_paths
from gnatwork_manager.bodies import encode_bounded
from gnatwork_manager.catalogue import Catalogue
from gnatwork_manager.integrations.brought import Brought
from gnatwork_manager.lru import LruCache
from gnatwork_manager.once import Once
from gnatwork_manager.submission import moved
from gnatwork_schemas import subjects
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlBlock
from gnatwork_schemas.errors import ConflictError, DefinitionError, MessageError
from gnatwork_schemas.integration import TriggerType
from gnatwork_schemas.triggers import AnyTrigger

#: Bytes of definitions whose control blocks are kept at hand.
_CAPACITY = 64 * 1024 * 1024
#: Control blocks that are remembered as stored.
_STORED = 100_000
#: Compiling a definition larger than this leaves the event loop, bytes.
_LARGE = 32 * 1024
#: Encoding a control block of more blocks leaves it as well.
_MANY = 200

#: What may be because something was announced only a moment ago.
_UNKNOWN = frozenset({"block.unknown_type", "trigger.unknown_type"})

_Key = tuple[bytes, int, int]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A control block, and what a submission needs to know of it."""

    control_block: ControlBlock
    digest: str
    #: Blocks whose output is the reply to a waiting caller.
    responses: tuple[str, ...]
    #: What starts runs of it once it is stored; of one that is read by its digest alone, none.
    triggers: tuple[AnyTrigger, ...] = ()


class Definitions:
    """Turns definitions into stored control blocks."""

    def __init__(self, state: Bucket, catalogue: Catalogue, brought: Brought) -> None:
        self._state = state
        self._catalogue = catalogue
        self._brought = brought
        self._compiled: LruCache[_Key, Compiled] = LruCache(_CAPACITY)
        self._read: LruCache[str, Compiled] = LruCache(_CAPACITY)
        self._stored: LruCache[str, bool] = LruCache(_STORED)
        self._compiling: Once[_Key, Compiled] = Once()
        self._storing: Once[str, None] = Once()

    async def compile(self, definition: dict[str, Any], pointer: str) -> Compiled:
        """The control block of a definition found at `pointer` of the request; DefinitionError, ProblemError."""
        data = encode_bounded(definition, pointer)
        key = (hashlib.sha256(data).digest(), self._catalogue.revision, self._brought.revision)
        if found := self._compiled.get(key):
            return found
        try:
            compiled = await self._compiling(key, lambda: self._compile(definition, large=len(data) > _LARGE))
        except DefinitionError as error:
            raise DefinitionError(moved(error.faults, pointer)) from None
        self._compiled.put(key, compiled, len(data))
        return compiled

    async def stored(self, digest_: str) -> Compiled:
        """The control block of a stored digest; MessageError when it is gone."""
        if found := self._read.get(digest_):
            return found
        entry = await self._state.get(subjects.control_block_key(digest_))
        if entry is None:
            raise MessageError(f"the control block {digest_} is missing from the state bucket")
        compiled = _described(ControlBlock.model_validate_json(entry.value), digest_)
        self._read.put(digest_, compiled, len(entry.value))
        return compiled

    async def store(self, compiled: Compiled) -> None:
        """Make sure that the control block is in the state bucket."""
        if not self._stored.get(compiled.digest):
            await self._storing(compiled.digest, lambda: self._store(compiled))

    async def _store(self, compiled: Compiled) -> None:
        key = subjects.control_block_key(compiled.digest)
        control_block = compiled.control_block
        large = len(control_block.blocks) > _MANY
        data = await asyncio.to_thread(encode, control_block) if large else encode(control_block)
        with contextlib.suppress(ConflictError):  # stored already: the key is the digest of what is there
            await self._state.create(key, data)
        self._stored.put(compiled.digest, value=True, size=1)

    async def _compile(self, definition: dict[str, Any], *, large: bool) -> Compiled:
        try:
            return await self._compiled_now(definition, large=large)
        except DefinitionError as error:
            if _UNKNOWN.isdisjoint(fault.code for fault in error.faults):
                raise
        # An executor may have announced the type a moment ago.
        await self._catalogue.refresh()
        await self._brought.refresh()
        return await self._compiled_now(definition, large=large)

    async def _compiled_now(self, definition: dict[str, Any], *, large: bool) -> Compiled:
        return await _compiled(definition, self._catalogue.types, self._brought.triggers, large=large)


async def _compiled(
    definition: dict[str, Any],
    types: Mapping[str, BlockType],
    trigger_types: Mapping[str, TriggerType],
    *,
    large: bool,
) -> Compiled:
    def compiled() -> Compiled:
        control_block, triggers = compile_workflow(definition, types, trigger_types)
        return _described(control_block, digest(encode(control_block)), triggers)

    return await asyncio.to_thread(compiled) if large else compiled()


def _described(control_block: ControlBlock, digest_: str, triggers: tuple[AnyTrigger, ...] = ()) -> Compiled:
    return Compiled(control_block, digest_, reply_paths(control_block), triggers)
