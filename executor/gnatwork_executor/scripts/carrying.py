"""What is too large for the output of a slice, which the scheduler has to read: stored, and carried as a reference."""

from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_bus.patience import until_available
from gnatwork_engine.deferred import TEMPLATE_KEY, VALUES_KEY
from gnatwork_engine.json_tree import Path, to_pointer
from gnatwork_executor.outcome import must_be_stored
from gnatwork_executor.ports import Ports
from gnatwork_programs.ports import INLINE
from gnatwork_schemas.payload import PayloadRef, reference_value

#: The root that a stored value stands for in its leaf.
_ROOT = "input"
#: Of a config with templates, how many bytes may be left once all else is stored.
_MOST = 16 * 1024


class StoringCarrier:
    """Stores values under the run of a slice."""

    def __init__(self, world: Ports, ctx: BlockContext) -> None:
        self._payloads = world.payloads
        self._ctx = ctx

    async def value(self, text: bytes, name: str) -> Any:
        """A JSON text as a value, or as the reference to it.

        Raises:
            PayloadTooLargeError: It is larger than the engine carries.
        """
        if len(text) <= INLINE and not must_be_stored(text):
            return orjson.loads(text)
        return reference_value(await self._stored(text, name))

    async def config(
        self, config: Any, deferred: tuple[Path, ...], number: int, what: str
    ) -> tuple[Any, tuple[str, ...]]:
        """The config of a step with what is large in it as deferred leaves, and the pointers to all of those.

        Raises:
            BlockError: `script.too_large`, what holds its templates is too large by itself.
            PayloadTooLargeError: A part is larger than the engine carries.
        """
        pointers = [to_pointer(path) for path in deferred]
        found = await self._carried(config, (), set(deferred), number, pointers)
        if len(orjson.dumps(found)) > _MOST:
            message = f"{what}: its config has more than {_MOST:,} bytes around its templates; put them further up"
            raise BlockError("script.too_large", message)
        return found, tuple(pointers)

    async def _carried(self, value: Any, path: Path, kept: set[Path], number: int, pointers: list[str]) -> Any:
        if path in kept:
            return value
        text = orjson.dumps(value)
        inside = {place for place in kept if place[: len(path)] == path}
        if not inside and (len(text) > INLINE or must_be_stored(text)):
            pointers.append(to_pointer(path))
            reference = reference_value(await self._stored(text, f"{self._ctx.task}-{number}"))
            part = {"path": [_ROOT], "source": _ROOT, "has_default": False, "default": None}
            return {TEMPLATE_KEY: [part], VALUES_KEY: {_ROOT: reference}}
        if len(text) <= INLINE:
            return value
        if isinstance(value, dict):
            return {
                key: await self._carried(item, (*path, key), inside, number, pointers) for key, item in value.items()
            }
        if isinstance(value, list):
            return [await self._carried(item, (*path, at), inside, number, pointers) for at, item in enumerate(value)]
        return value

    async def _stored(self, text: bytes, name: str) -> PayloadRef:
        ctx, payloads = self._ctx, self._payloads
        return await until_available(lambda: payloads.put(ctx.namespace, ctx.run_id, text, name))
