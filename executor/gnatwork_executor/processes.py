"""Blocks that keep a CPU busy: each attempt in a worker process of its own, which is killed to stop it."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from gnatwork_blocks.cores import cores
from gnatwork_blocks.errors import BlockError
from gnatwork_engine.redaction import Redactor
from gnatwork_executor.worker_process import ComputeError, call
from gnatwork_executor.worker_secrets import call_guarded

log = logging.getLogger(__name__)


class Processes:
    """Worker processes, as many as there are CPUs; they start when needed and stay for a few idle minutes."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(cores())
        # `_places` is the bound, because waiting for a place must not count as running.
        self._unlimited = CapacityLimiter(math.inf)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a worker to be free, and keep it."""
        async with self._places:
            yield

    async def run(self, compute: Callable[[Any], Any], config: Any, found: Redactor | None = None) -> Any:
        """`compute(config)` in a worker process; a cancel kills the process. Take a `place` first.

        Args:
            compute: a method of the block's class.
            config: what it is called with.
            found: what to take out of the lines that it logs; None for nothing.

        Raises:
            BlockError: What the block raised, or `block.failed`.
        """
        try:
            called = partial(call, compute) if found is None else partial(call_guarded, compute, found=found)
            return await to_process.run_sync(called, config, cancellable=True, limiter=self._unlimited)
        except ComputeError as error:
            log.error("%s failed in its worker process:\n%s", compute.__qualname__, error.trace)  # noqa: TRY400
            raise BlockError(
                "block.failed", f"The block raised {error.kind}; the executor's log has the trace.", retryable=True
            ) from error
        except BrokenWorkerProcess as error:
            raise BlockError(
                "block.failed",
                "The block's worker process died; it was killed, perhaps for want of memory, or crashed.",
                retryable=True,
            ) from error
