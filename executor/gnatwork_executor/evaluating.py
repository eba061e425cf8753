"""Evaluates conditions for managers, which run no JavaScript of users: those that say which events count."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.shared import Shared
from gnatwork_bus.connection import Connection
from gnatwork_bus.live import Request, answering
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import Evaluate, Evaluated

if TYPE_CHECKING:  # imported with its first use
    from gnatwork_blocks.javascript.service import JavaScript

log = logging.getLogger(__name__)

#: Evaluations at a time; more of them wait at the server's end of the subscription.
_AT_ONCE = 64


@contextlib.asynccontextmanager
async def evaluating(connection: Connection, javascript: Shared["JavaScript"]) -> AsyncIterator[None]:
    """Answer managers, together with all other executors that do, for as long as the context lasts."""
    places = asyncio.Semaphore(_AT_ONCE)
    async with asyncio.TaskGroup() as tasks:

        async def answer(request: Request) -> None:
            try:
                reply = await _evaluated(request.data, javascript)
                connection.send(request.reply, reply.model_dump_json(exclude_none=True).encode())
            finally:
                places.release()

        async def take(request: Request) -> None:
            await places.acquire()
            tasks.create_task(answer(request))

        async with answering(connection, subjects.LOGIC_EVALUATE, subjects.LOGIC_GROUP, take):
            # An executor that is ready can be asked.
            await connection.flush()
            yield


async def _evaluated(data: bytes, javascript: Shared["JavaScript"]) -> Evaluated:
    """Whether a condition holds, or what went wrong."""
    try:
        asked = Evaluate.model_validate_json(data)
        return Evaluated(holds=await javascript().first_true([asked.expression], asked.values) is not None)
    except ValidationError as error:
        return Evaluated(error=ErrorInfo(code="request.invalid", message=error.errors(include_url=False)[0]["msg"]))
    except BlockError as error:
        return Evaluated(error=error.info)
    except Exception as error:
        log.exception("a condition could not be evaluated")
        return Evaluated(error=ErrorInfo(code="block.failed", message=f"{type(error).__name__}: {error}"))
