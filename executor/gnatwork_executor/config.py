"""The config that a block sees: deferred leaves replaced by what they stand for."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gnatwork_bus.patience import until_available
from gnatwork_engine.deferred import loaded_key, resolve, stored_of
from gnatwork_executor.ports import Ports
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.payload import ItemRef, PayloadRef


async def resolved(
    ports: Ports,
    run: tuple[str, str],
    config: Any,
    deferred: Sequence[str],
    connections: Mapping[str, Any] | None = None,
) -> Any:
    """A config of a run, given by namespace and id, with what its deferred leaves stand for.

    Args:
        ports: Where stored values are.
        run: Namespace and id.
        config: Any JSON.
        deferred: The pointers to its deferred leaves.
        connections: The values of those that it mentions, by name.

    Raises:
        TemplateError: A path leads nowhere.
        PayloadError: A stored value is gone, or is not JSON.
        MessageError: What is called deferred is not of that form.
    """

    async def load(reference: PayloadRef | ItemRef) -> Any:
        if isinstance(reference, ItemRef):
            return await until_available(lambda: ports.items.get(*run, reference))
        data = await until_available(lambda: ports.payloads.get(*run, reference))
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise PayloadError(f"{reference.id} is not JSON") from error

    loaded = {loaded_key(reference): await load(reference) for reference in stored_of(config, deferred)}
    return resolve(config, deferred, loaded, connections)
