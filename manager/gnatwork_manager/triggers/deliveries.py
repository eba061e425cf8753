"""Deliveries that wake triggers: kept while they are seen to, and tried again later and later when that fails."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from gnatwork_bus.delivery import Delivery

#: Seconds until what went wrong is tried again, the first time and the longest, doubling.
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0


def wait_again(delivery: Delivery) -> float:
    """Seconds until a delivery that could not be seen to is to come again."""
    return min(FIRST_WAIT * 2.0 ** min(delivery.delivered - 1, 10), LONGEST_WAIT)


@contextlib.asynccontextmanager
async def renewed(delivery: Delivery, ack_wait: float) -> AsyncIterator[None]:
    """Tell the server while the context lasts that the message is being seen to; it would else wait `ack_wait`."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(ack_wait / 3)
            delivery.in_progress()

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
