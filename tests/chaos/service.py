"""One process of an installation: started, killed, frozen and cut off by us, its only supervisor."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chaos.proxy import Proxy
from gnatwork_cli import guard

_ERROR = re.compile(r" (ERROR|CRITICAL) |^Traceback|\[(ERR|FTL)\]")
#: Seconds that a process gets to leave when it is asked to.
_PATIENCE = 25.0
#: Seconds before a process that ended by itself is started again.
_AFTER_CRASH = 0.5


class Service:
    """What it takes to run a process again and again."""

    def __init__(
        self,
        name: str,
        role: str,
        command: Sequence[str],
        *,
        folder: Path,
        proxy: Proxy | None = None,
        environment: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Describe it; `environment` is asked at each start, `proxy` is its way to NATS."""
        self.name = name
        #: `nats`, `manager`, `scheduler` or `executor`.
        self.role = role
        self.proxy = proxy
        #: How it ended each time that nobody had asked it to.
        self.crashes: list[str] = []
        self._command = [sys.executable, "-I", "-S", guard.__file__, str(folder / f"{name}.pid"), "--", *command]
        self._environment = environment
        self.log = folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def errors(self) -> int:
        """Lines of its log that tell of an error; not wrong in itself, but worth a look."""
        return sum(bool(_ERROR.search(line)) for line in self.log.read_text(errors="replace").splitlines())

    async def start(self) -> None:
        """Start it; it ends with this process, however that ends."""
        with self.log.open("ab") as log:
            # A group of its own: Ctrl-C at the terminal is for us. But of our session, so that the kernel wakes it
            # when it is frozen and we are gone.
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._environment()),
                process_group=0,
            )
        self._process = process
        self._watching = asyncio.create_task(self._watch(process), name=f"watch-{self.name}")

    async def kill(self) -> None:
        """End it as the kernel would, and return once it is gone."""
        if (process := self._given_up()) is not None:
            self._signal(process, signal.SIGKILL)
            await process.wait()

    def freeze(self) -> None:
        """Let it stand still in the middle of whatever it does."""
        if self._process is not None:
            self._signal(self._process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on as if nothing had been."""
        if self._process is not None:
            self._signal(self._process, signal.SIGCONT)

    async def stop(self) -> None:
        """Ask it to leave, and make it leave if it does not."""
        if (process := self._given_up()) is None:
            return
        self._signal(process, signal.SIGTERM)
        self._signal(process, signal.SIGCONT)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await process.wait()
        finally:
            if process.returncode is None:
                self.crashes.append(f"did not leave within {_PATIENCE:.0f} s")
                self._signal(process, signal.SIGKILL)
                await process.wait()

    def _given_up(self) -> asyncio.subprocess.Process | None:
        """The process, watched no longer."""
        process, self._process = self._process, None
        if self._watching is not None:
            self._watching.cancel()
        return process

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self.crashes.append(f"ended by itself with {code}")
        await asyncio.sleep(_AFTER_CRASH)
        await self.start()

    @staticmethod
    def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
        if process.returncode is None:
            # Not by the process object: it would reap a dead process that asyncio is about to reap.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)
