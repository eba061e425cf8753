"""Says that this process lives, and what it hosts: an entry of the state bucket that goes unless it is renewed."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from uuid import uuid4

from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import PASSING, until_available
from gnatwork_schemas.executors import LivingExecutor, read_leases
from gnatwork_schemas.subjects import executor_key

log = logging.getLogger(__name__)

#: Seconds after which an executor of which nothing is heard counts as gone.
LEASE = 60.0
#: Seconds between two renewals: so few that they cost nothing, and two may be lost.
RENEW_EVERY = LEASE / 3


@contextlib.asynccontextmanager
async def leased(state: Bucket, living: LivingExecutor) -> AsyncIterator[None]:
    """Be known to live for as long as the context lasts; `state` is the state bucket."""
    key, value = executor_key(uuid4().hex), living.model_dump_json().encode()
    # Whoever is in the catalogue is known to live.
    await until_available(lambda: state.put(key, value, ttl=LEASE))
    renewing = asyncio.create_task(_renew(state, key, value), name="lease")
    try:
        yield
    finally:
        renewing.cancel()
        # It goes by itself otherwise, later.
        with contextlib.suppress(*PASSING):
            await state.delete(key, ttl=LEASE)


async def living(state: Bucket) -> list[LivingExecutor]:
    """The executors that live, or did a minute ago."""
    return read_leases(entry.value for entry in await state.list(executor_key("*")))


async def _renew(state: Bucket, key: str, value: bytes) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY)
        await until_available(lambda: state.put(key, value, ttl=LEASE))
