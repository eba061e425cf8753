"""Makes known to the others what this process hosts."""

import asyncio
import logging
from collections.abc import Iterable

from pydantic import ValidationError

from gnatwork_blocks.block import Block
from gnatwork_blocks.registry import describe
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer
from gnatwork_executor.lease import living
from gnatwork_schemas.catalogue import BlockType, version_order
from gnatwork_schemas.errors import ConflictError
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

    Of several versions that executors host, the newest is in the catalogue, whichever of them starts last.

    `limit` is how many attempts of the block type there may be at once in the whole installation.
    """
    described = describe(block).model_copy(update={"concurrency": limit})
    key, value = catalogue_key(block.type), described.model_dump_json().encode()
    while True:
        known, revision = await bucket.find(key, sure=True)
        if known is not None:
            if known.value == value:
                return
            if await _is_newer(bucket, known.value, described):
                log.warning("%s %s is not in the catalogue: a newer one is hosted", block.type, block.version)
                return
        try:
            await bucket.update(key, value, revision)
        except ConflictError:
            # Another executor was quicker: what it wrote may be newer.
            continue
        log.info("%s %s is in the catalogue", block.type, block.version)
        return


async def _is_newer(bucket: Bucket, value: bytes, described: BlockType) -> bool:
    """Whether an entry is of a newer version than ours, and of one that is hosted now."""
    try:
        known = BlockType.model_validate_json(value)
    except ValidationError:
        return False
    if version_order(known.version) <= version_order(described.version):
        return False
    return any(executor.blocks.get(known.type) == known.version for executor in await living(bucket))
