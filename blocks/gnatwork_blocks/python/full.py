"""CPython, for executors that allow it: each call in a process of its own, behind all walls or not at all."""

import asyncio
import logging

from gnatwork_blocks.cores import cores
from gnatwork_blocks.errors import BlockError, ScriptWorkerError
from gnatwork_blocks.javascript.pool import Serve
from gnatwork_blocks.javascript.process import Program, WorkerProcess

log = logging.getLogger(__name__)

_PROGRAM = Program(module="gnatwork_blocks.python.full_worker", engine="gnatwork_blocks")


class FullPython:
    """Makes as many calls at once as there are CPUs; use it as a pool."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(cores())
        self._told_of_walls = False

    async def ask(self, request: bytes, values: bytes, seconds: float, _: Serve | None = None) -> bytes:
        """The answer of a new process, which has so many seconds once it is ready; a cancel kills it.

        Raises:
            TimeoutError: There is none by then; the process is killed.
            BlockError: `code.crashed` or `code.no_walls`.
        """
        async with self._places:
            try:
                worker = await WorkerProcess.spawn(_PROGRAM)
                try:
                    await worker.ready()
                    self._check(worker.layers)
                    return await worker.ask(request, values, seconds)
                finally:
                    worker.kill()
                    await worker.gone.wait()
            except ScriptWorkerError as error:
                raise BlockError("code.crashed", f"{str(error).rstrip('.')}.", retryable=True) from error

    def _check(self, layers: dict[str, bool]) -> None:
        missing = ", ".join(name for name, up in layers.items() if not up)
        if not self._told_of_walls:
            self._told_of_walls = True
            log.warning(
                "python-full runs CPython behind these walls: %s", ", ".join(name for name in layers if layers[name])
            )
        if missing:
            raise BlockError("code.no_walls", f"This machine can't hold CPython: it has no {missing}.")
