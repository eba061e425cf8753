"""One worker process, as the executor sees it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Self, cast

import orjson

import gnatwork_blocks
from gnatwork_blocks.errors import ScriptWorkerError
from gnatwork_blocks.javascript import limits
from gnatwork_blocks.javascript.frames import HEAD, frame, length

#: Without the site packages' start-up files, which take longer than all the rest; and without what the executor has
#: open, some of which it may itself have been handed by whoever started it.
_PROGRAM = """
import os, sys
os.closerange(3, 65536)
from importlib import import_module
module, parent, *sys.path[len(sys.path):] = sys.argv[1:]
import_module(module).main(int(parent))
"""
#: All that a worker finds in its environment; dates would otherwise depend on a file that it can't read.
_ENVIRONMENT = {"TZ": "UTC0"}
#: Seconds from the start of a process until it is ready, on a machine that is very busy.
START_TIMEOUT = 30.0
#: Seconds by which this process is late to notice that one had its time, past which both of them may have stood still.
_LATE = 1.0
#: The longest frame a worker sends.
_LONGEST = limits.RESULT + 65536


@dataclass(frozen=True, kw_only=True)
class Program:
    """What worker processes of a kind run."""

    #: The module whose `main(parent)` it is.
    module: str
    #: A module of another distribution that it needs.
    engine: str
    #: What it finds in its environment besides.
    environment: Mapping[str, str] = field(default_factory=dict)


class WorkerProcess(asyncio.SubprocessProtocol):
    """Answers one request at a time. Whatever else happens to it, it is killed, and `alive` is false from then on."""

    def __init__(self) -> None:
        self.alive = True
        #: The walls that are up, by name; see `hardening`.
        self.layers: dict[str, bool] = {}
        #: When it was last used, as the loop's clock says.
        self.idle_since = 0.0
        #: Set when the process and its pipes are gone.
        self.gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._waiting: asyncio.Future[bytes] | None = None
        self._timer: asyncio.TimerHandle
        self._exited = False

    @property
    def pid(self) -> int:
        """Its number."""
        return self._transport.get_pid()

    @classmethod
    async def spawn(cls, program: Program) -> Self:
        """A new process; ask it when `ready` has returned.

        Raises:
            ScriptWorkerError: The system can't start one.
        """
        try:
            _, worker = await asyncio.get_running_loop().subprocess_exec(
                cls,
                *_command(program),
                env=_ENVIRONMENT | dict(program.environment),
                cwd="/",
                stderr=None,
                # With what it starts itself it is a group, to be ended as one.
                start_new_session=True,
            )
        except OSError as error:
            raise ScriptWorkerError(f"it can't be started: {error.strerror}") from error
        return worker

    async def ready(self) -> None:
        """Wait for it to have drawn up its walls.

        Raises:
            ScriptWorkerError: It died, or takes too long.
        """
        try:
            self.layers = orjson.loads(await self._answer(START_TIMEOUT))["layers"]
        except TimeoutError:
            raise ScriptWorkerError(f"it is not ready after {START_TIMEOUT:g} s") from None

    async def ask(self, request: bytes, values: bytes, seconds: float) -> bytes:
        """Its answer to a request, each as `frames` has them.

        Raises:
            TimeoutError: There is none after so many seconds.
            ScriptWorkerError: It died.
        """
        if not self.alive:
            raise ScriptWorkerError
        stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        stdin.write(frame(request) + frame(values))
        return await self._answer(seconds)

    def kill(self) -> None:
        """End it at once."""
        self._fail(ScriptWorkerError())
        if not self._exited:
            # Not by way of the transport: that would look whether it has ended, and take the news from asyncio.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It was started."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, _: int, data: bytes) -> None:
        """A part of its answer."""
        self._received += data
        if len(self._received) < HEAD:
            return
        end = HEAD + length(self._received)
        if end > HEAD + _LONGEST or len(self._received) > end or self._waiting is None:
            # It does not keep to what was agreed: a script may have got hold of it.
            self.kill()
        elif len(self._received) == end and not self._waiting.done():
            self._waiting.set_result(bytes(self._received[HEAD:]))
            self._received.clear()

    def pipe_connection_lost(self, _: int, __: Exception | None) -> None:
        """It is about to end."""
        self._fail(ScriptWorkerError())

    def process_exited(self) -> None:
        """It has ended."""
        self._exited = True
        self._fail(ScriptWorkerError())
        self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """Nothing of it is left."""
        self.gone.set()

    async def _answer(self, seconds: float) -> bytes:
        self._waiting = self._loop.create_future()
        self._expire_after(seconds)
        try:
            return await self._waiting
        except BaseException:
            # Of whom an answer may still come, nothing else can be asked.
            self.kill()
            raise
        finally:
            self._waiting = None
            self._timer.cancel()

    def _expire_after(self, seconds: float) -> None:
        self._timer = self._loop.call_at(due := self._loop.time() + seconds, self._expire, due, seconds)

    def _expire(self, due: float, seconds: float) -> None:
        if self._loop.time() - due > _LATE:
            # A container that was paused, say. Of its answer nothing has been read, and it may have had no time at all.
            self._expire_after(seconds)
        else:
            self._fail(TimeoutError())

    def _fail(self, error: Exception) -> None:
        self.alive = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


def _command(program: Program) -> list[str]:
    engine = find_spec(program.engine)
    if engine is None or engine.origin is None:
        raise ScriptWorkerError(f"{program.engine} is not installed")
    file = Path(engine.origin)
    folder = file.parent.parent if file.name == "__init__.py" else file.parent
    places = dict.fromkeys(map(str, (Path(gnatwork_blocks.__file__).parent.parent, folder)))
    return [sys.executable, "-I", "-S", "-c", _PROGRAM, program.module, str(os.getpid()), *places]
