"""The worker processes of an executor: as many as there are CPUs, started when needed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gnatwork_blocks.cores import cores
from gnatwork_blocks.errors import BlockError, ScriptWorkerError
from gnatwork_blocks.javascript.process import Program, WorkerProcess

log = logging.getLogger(__name__)

#: What a process is to be told next, given its answer; None when that was the last one.
Serve = Callable[[bytes], Awaitable[bytes | None]]

#: Workers that run JavaScript.
JAVASCRIPT = Program(module="gnatwork_blocks.javascript.worker", engine="_quickjs")

#: Seconds after which a process that nobody asks is ended.
IDLE = 180.0
#: The most evaluations that wait for a process; far more than an executor holds items.
WAITING = 10_000


class Pool:
    """Lends a process to one evaluation at a time. Close it: processes are left otherwise until the executor ends."""

    def __init__(
        self, program: Program = JAVASCRIPT, *, size: int | None = None, idle: float = IDLE, waiting: int = WAITING
    ) -> None:
        self._program = program
        self._places = asyncio.Semaphore(size or cores())
        self._idle = idle
        #: The one used last is at the end, and is used next: the others may end.
        self._free: list[WorkerProcess] = []
        #: All that are not gone, killed ones as well.
        self._living: set[WorkerProcess] = set()
        self._queued = 0
        self._most_queued = waiting
        self._sweeper: asyncio.TimerHandle | None = None
        self._told_of_walls = False
        self._closed = asyncio.Event()

    @property
    def pids(self) -> frozenset[int]:
        """The numbers of the processes that are not gone."""
        return frozenset(worker.pid for worker in self._living if not worker.gone.is_set())

    async def ask(self, request: bytes, values: bytes, seconds: float, serve: Serve | None = None) -> bytes:
        """The last answer of a process, which has so many seconds for each once it has begun; a cancel kills it.

        Raises:
            TimeoutError: There is none by then; the process is killed.
            BlockError: `code.crashed` or `code.busy`.
        """
        if self._queued >= self._most_queued:
            raise BlockError("code.busy", f"{self._queued:,} evaluations are waiting already.", retryable=True)
        self._queued += 1
        try:
            await self._places.acquire()
        finally:
            self._queued -= 1
        try:
            worker = self._take() or await self._start()
            answer = await worker.ask(request, values, seconds)
            if serve is not None:
                try:
                    while (more := await serve(answer)) is not None:
                        answer = await worker.ask(more, b"null", seconds)
                except BaseException:
                    # It waits for what will never come.
                    worker.kill()
                    raise
            self._give_back(worker)
        except ScriptWorkerError as error:
            raise BlockError("code.crashed", f"{str(error).rstrip('.')}.", retryable=True) from error
        finally:
            self._places.release()
        return answer

    async def aclose(self) -> None:
        """End all processes, and wait until they are gone."""
        self._closed.set()
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._free.clear()
        living = tuple(self._living)
        for worker in living:
            worker.kill()
        for worker in living:
            await worker.gone.wait()
            self._living.discard(worker)

    def _take(self) -> WorkerProcess | None:
        while self._free:
            worker = self._free.pop()
            if worker.alive:
                return worker
        return None

    async def _start(self) -> WorkerProcess:
        if self._closed.is_set():
            raise ScriptWorkerError("the service is closed")
        self._living -= {worker for worker in self._living if worker.gone.is_set()}
        worker = await WorkerProcess.spawn(self._program)
        self._living.add(worker)
        if self._closed.is_set():
            worker.kill()
        await worker.ready()
        if not self._told_of_walls:
            self._told_of_walls = True
            missing = [name for name, up in worker.layers.items() if not up]
            if missing:
                log.warning("this machine can't give script workers all walls: no %s", ", ".join(missing))
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        if self._closed.is_set():
            worker.kill()
            return
        loop = asyncio.get_running_loop()
        worker.idle_since = loop.time()
        self._free.append(worker)
        if self._sweeper is None:
            self._sweeper = loop.call_later(self._idle, self._sweep)

    def _sweep(self) -> None:
        """End what was not used for a while; there is no timer while nothing is free."""
        loop = asyncio.get_running_loop()
        self._sweeper = None
        while self._free and self._free[0].idle_since + self._idle <= loop.time():
            self._free.pop(0).kill()
        if self._free:
            self._sweeper = loop.call_at(self._free[0].idle_since + self._idle, self._sweep)
