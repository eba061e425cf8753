"""Managers as processes of their own, beside each other on one NATS server."""

import asyncio
import contextlib
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from support.installation import PATIENCE, clean_environment
from support.managing import TOKEN


class ManagerProcess:
    """A manager and a client of it."""

    def __init__(self, process: Process, url: str, http: httpx.AsyncClient) -> None:
        self.process = process
        self.url = url
        self.http = http

    def kill(self) -> None:
        """End it as the kernel would, without a word to it."""
        self.process.kill()

    def ask_to_stop(self) -> None:
        """What a supervisor does."""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def manager_process(nats_url: str, data_dir: Path, *arguments: str) -> AsyncIterator[ManagerProcess]:
    """`gnatwork manager` on a free port; killed when the context ends, if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gnatwork_cli",
        "manager",
        "--port",
        "0",
        "--data-dir",
        str(data_dir),
        *arguments,
        stdin=DEVNULL,
        stderr=PIPE,
        env=clean_environment(GNATWORK_NATS=nats_url, GNATWORK_TOKEN=TOKEN),
    )
    reading: asyncio.Task[bytes] | None = None
    try:
        url = await _listens(process)
        # Whoever does not read what a process says stops it some day.
        reading = asyncio.create_task(_rest(process))
        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
        async with httpx.AsyncClient(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {TOKEN}"}, limits=limits, timeout=PATIENCE
        ) as http:
            yield ManagerProcess(process, url, http)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if reading is not None:
            await reading


async def _listens(process: Process) -> str:
    assert process.stderr is not None
    said = []
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            said.append(line.decode())
            if found := re.search(r"listening on (\S+)", said[-1]):
                return found[1]
    raise AssertionError("the manager does not start:\n" + "".join(said))


async def _rest(process: Process) -> bytes:
    assert process.stderr is not None
    return await process.stderr.read()
