"""Makes known to the others what this process hosts."""

import logging

from gnatwork_blocks.block import Block
from gnatwork_blocks.registry import describe
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer
from gnatwork_schemas.subjects import STATE_BUCKET, catalogue_key

log = logging.getLogger(__name__)


async def register(connection: Connection, block: type[Block]) -> None:
    """Make sure that the block type has its consumer and that the catalogue says what this process hosts."""
    await ensure_consumer(connection, executor_consumer(block.type))
    bucket = Bucket(connection, STATE_BUCKET)
    key, value = catalogue_key(block.type), describe(block).model_dump_json().encode()
    known = await bucket.get(key)
    if known is None or known.value != value:
        await bucket.put(key, value)
        log.info("%s %s is in the catalogue", block.type, block.version)
