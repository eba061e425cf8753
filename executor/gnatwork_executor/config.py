"""The config that a block sees: deferred leaves replaced by what they stand for."""

from typing import Any

import orjson

from gnatwork_bus.patience import until_available
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.render import resolve, stored_of
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.messages import Work
from gnatwork_schemas.payload import PayloadRef


async def resolved_config(payloads: Payloads, work: Work) -> Any:
    """The item's config with its payloads loaded and its deferred leaves resolved.

    Raises:
        TemplateError: A path leads nowhere.
        PayloadError: A stored value is gone, or is not JSON.
        MessageError: What is called deferred is not of that form.
    """
    loaded = {
        ref.id: await _load(payloads, work, ref)
        for ref in stored_of(work.config, work.deferred)
        if isinstance(ref, PayloadRef)
    }
    return resolve(work.config, work.deferred, loaded)


async def _load(payloads: Payloads, work: Work, ref: PayloadRef) -> Any:
    data = await until_available(lambda: payloads.get(work.namespace, work.run_id, ref))
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise PayloadError(f"{ref.id} is not JSON") from error
