"""`gnatwork` as its users meet it: real processes, by way of the command line."""

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnatwork import Client

#: Seconds that a start or a stop may take on a busy machine.
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What a command with `-o json` printed."""
        return json.loads(self.out)


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without settings of ours, so that a test sees what a newcomer sees."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GNATWORK_")}
    return {**kept, **more}


async def gnatwork(*arguments: str | Path, cwd: Path | None = None, stdin: str = "", **environment: str) -> Ended:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gnatwork_cli",
        *map(str, arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=clean_environment(**environment),
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate(stdin.encode())
    return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that live."""
    return pids & _living().keys()


def _living() -> dict[int, int]:
    """All processes with their parents, but for those that only wait for someone to take note of their end."""
    rows = _processes_of_linux() if Path("/proc/self/stat").exists() else _processes_of_others()
    return {pid: parent for pid, parent, state in rows if not state.startswith("Z")}


def _processes_of_linux() -> Iterator[tuple[int, int, str]]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, parent = file.read_text().rpartition(")")[2].split()[:2]
            yield int(file.parent.name), int(parent), state


def _processes_of_others() -> Iterator[tuple[int, int, str]]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    for pid, parent, state in (line.split() for line in listed.splitlines()):
        yield int(pid), int(parent), state


class Installation:
    """A `gnatwork up` and what it has started."""

    def __init__(self, data_dir: Path, process: asyncio.subprocess.Process) -> None:
        self.data_dir = data_dir
        self.process = process
        #: The lines that it has printed so far.
        self.lines: list[str] = []

    @property
    def addresses(self) -> Mapping[str, Any]:
        """What `connection.json` says."""
        content: Mapping[str, Any] = json.loads((self.data_dir / "connection.json").read_text())
        return content

    @property
    def api(self) -> str:
        """The base URL of the API."""
        return f"{self.addresses['api']}/api/v1"

    @property
    def headers(self) -> dict[str, str]:
        """What a request over HTTP has to carry."""
        return {"Authorization": f"Bearer {self.addresses['token']}"}

    def client(self, *, over: str = "api") -> Client:
        """A client `over` `api`, that is HTTP, or `nats`."""
        return Client(self.addresses[over], token=self.addresses["token"])

    async def gnatwork(self, *arguments: str | Path, stdin: str = "") -> Ended:
        """Run a command against this installation."""
        return await gnatwork(*arguments, stdin=stdin, GNATWORK_DATA_DIR=str(self.data_dir))

    def pid_of(self, service: str) -> int:
        """The process of a service, such as `manager` or `executor-fetch`."""
        return int((self.data_dir / "run" / f"{service}.pid").read_text())

    def kill(self, service: str) -> None:
        """End a service as the kernel would, without a word to it."""
        os.kill(self.pid_of(service), signal.SIGKILL)

    async def line(self, pattern: str) -> str:
        """Read on until a line matches, and return it; AssertionError when it ends before."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            async for data in self.process.stdout:
                self.lines.append(data.decode().rstrip("\n"))
                if re.search(pattern, self.lines[-1]):
                    return self.lines[-1]
        raise AssertionError(f"no line matches {pattern!r} in:\n" + "\n".join(self.lines))

    async def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, as Ctrl-C does, and return its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Read to the end and return the exit code."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            self.lines += (await self.process.stdout.read()).decode().splitlines()
            return await self.process.wait()

    def processes(self) -> set[int]:
        """The processes that it consists of, from `up` down."""
        children: dict[int, list[int]] = {}
        for pid, parent in _living().items():
            children.setdefault(parent, []).append(pid)
        found, unseen = set[int](), [self.process.pid]
        while unseen:
            pid = unseen.pop()
            found.add(pid)
            unseen += children.get(pid, [])
        return found

    def wait_for_services_to_end(self) -> None:
        """Block until every guarded service is gone: each holds a lock for as long as it lives."""
        for file in (self.data_dir / "run").glob("*.pid"):
            with file.open() as held:
                fcntl.flock(held, fcntl.LOCK_SH)


@asynccontextmanager
async def up(data_dir: Path, *arguments: str, ready: bool = True, **environment: str) -> AsyncIterator[Installation]:
    """Run `gnatwork up`; once the context ends it is stopped, if it still runs.

    `ready` waits until it says that it is up.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gnatwork_cli",
        "up",
        "--port",
        "0",
        "--data-dir",
        str(data_dir),
        *arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=clean_environment(**environment),
        start_new_session=True,
    )
    installation = Installation(data_dir, process)
    try:
        if ready:
            await installation.line("^Ctrl-C stops everything")
        yield installation
    finally:
        await installation.stop()
