"""Patience with NATS: what is needed is asked for until it is there."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gnatwork_bus.publisher import RefusedError
from gnatwork_schemas.errors import NotReadyError, StoreFullError, UnavailableError

log = logging.getLogger(__name__)

#: Seconds before the first and, doubling, before any later repetition.
FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0

#: What passes: the server is away, has no room, or does not take the message as yet.
PASSING = (UnavailableError, StoreFullError, RefusedError)

T = TypeVar("T")


async def until_available(ask: Callable[[], Awaitable[T]]) -> T:
    """The result of `ask`, repeated for as long as NATS, or what else is needed, is away.

    Who asks on behalf of a work item holds it meanwhile: a NATS that is away slows executors down instead of sending
    items round and round.
    """
    wait = FIRST_WAIT
    while True:
        try:
            return await ask()
        except NotReadyError as error:
            log.info("looking again in %.1f s: %s", wait, error)
        except PASSING as error:
            log.warning("trying again in %.1f s: %s", wait, error)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
