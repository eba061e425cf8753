"""The executors under examination, where the suite starts them itself."""

import asyncio
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from gnatwork_cli.conformance.verdict import Inapplicable, Unmet

#: Seconds that a process gets to leave when it is asked to.
LEAVING = 30.0


class Executors:
    """Processes of one command."""

    def __init__(self, command: str, url: str, log: Path) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise Unmet(f"the command can't be read: {error}") from error
        self._environment = {**os.environ, "NATS_URL": url, "GNATWORK_NATS": url}
        self._log = log
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        """Start one more."""
        with self._log.open("ab") as log:
            self._running.append(await self._spawn(log, self._environment))

    async def _spawn(self, log: IO[bytes], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
        try:
            # A group of its own, so that all of it can be killed.
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise Unmet(f"{shlex.join(self._command)} can't be started: {error}") from error

    async def kill(self) -> None:
        """End all of them as the kernel would, without a word to them."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        self._running.clear()

    async def leave(self) -> bool:
        """Ask all of them to leave; whether they did in time. Those that did not are killed."""
        for process in self._running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(LEAVING):
                await asyncio.gather(*(process.wait() for process in self._running))
        except TimeoutError:
            return False
        finally:
            await self.kill()
        return True

    @property
    def ended(self) -> bool:
        """Whether one of them has ended by itself."""
        return any(process.returncode is not None for process in self._running)

    def last_words(self) -> str:
        """The end of what they have printed."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-10:]) or "it printed nothing"


def required(executors: Executors | None) -> Executors:
    """The executors; Inapplicable where someone else has started them."""
    if executors is None:
        raise Inapplicable("it takes --command, to start and kill the executor")
    return executors
