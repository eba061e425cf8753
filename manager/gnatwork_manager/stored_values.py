"""Values that are stored apart: opened where someone asks to see them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gnatwork_bus.items import Items
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.core.event import RunAddress
from gnatwork_engine.deferred import loaded_key, resolve, stored_of
from gnatwork_schemas.payload import ItemRef, PayloadRef, as_reference


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredValues:
    """Opens payloads and items of runs. Every method raises PayloadError for a value that is gone."""

    payloads: Payloads
    items: Items

    async def open(self, run: RunAddress, value: Any) -> Any:
        """What a value is, or what it stands for."""
        reference = as_reference(value)
        return value if reference is None else await self._load(run, reference)

    async def resolve(self, run: RunAddress, config: Any, deferred: Sequence[str]) -> Any:
        """A config with what its deferred leaves stand for; TemplateError when a path leads nowhere."""
        references = stored_of(config, deferred)
        values = await asyncio.gather(*(self._load(run, reference) for reference in references))
        loaded = {loaded_key(reference): value for reference, value in zip(references, values, strict=True)}
        return resolve(config, deferred, loaded)

    async def _load(self, run: RunAddress, reference: PayloadRef | ItemRef) -> Any:
        if isinstance(reference, ItemRef):
            return await self.items.get(run.namespace, run.run_id, reference)
        return orjson.loads(await self.payloads.get(run.namespace, run.run_id, reference))
