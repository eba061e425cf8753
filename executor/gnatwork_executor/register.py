"""Makes known to the others what this process hosts."""

import asyncio
import logging
from collections.abc import Iterable

from gnatwork_blocks.block import Block
from gnatwork_blocks.registry import describe
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer
from gnatwork_schemas.subjects import LANES, catalogue_key

log = logging.getLogger(__name__)


async def make_consumers(connection: Connection, types: Iterable[str]) -> None:
    """Make sure that the work of these block types can be pulled, in all lanes."""

    async def make(type_: str, lane: str) -> None:
        await until_available(lambda: ensure_consumer(connection, executor_consumer(type_, lane)))

    for type_ in types:
        await asyncio.gather(*(make(type_, lane) for lane in LANES))


async def register(bucket: Bucket, block: type[Block], limit: int | None) -> None:
    """Make sure that the catalogue says what this process hosts; `bucket` is the one of the state.

    `limit` is how many attempts of the block type there may be at once in the whole installation.
    """
    described = describe(block).model_copy(update={"concurrency": limit})
    key, value = catalogue_key(block.type), described.model_dump_json().encode()
    known = await bucket.get(key)
    if known is None or known.value != value:
        await bucket.put(key, value)
        log.info("%s %s is in the catalogue", block.type, block.version)
