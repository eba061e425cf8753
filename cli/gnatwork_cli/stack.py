"""Everything on one machine: supervisor with its services, from the first to the last process."""

import asyncio
import contextlib
import errno
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from gnatwork_blocks.registry import expand
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_cli import connection_file, data_dir_lock, guard, leftovers
from gnatwork_cli.connection_file import Addresses
from gnatwork_cli.readiness import wait_ready
from gnatwork_cli.secret_keys import kept_secret_keys
from gnatwork_cli.stack_plan import NATS, SettingsError, StackSettings, environment, programs
from gnatwork_cli.supervisor_config import render
from gnatwork_schemas.errors import GnatworkError

#: Seconds from the start of the processes until all must be ready; a large store takes a while to recover.
_START_PATIENCE = 90.0
#: Seconds that all services together get to stop: the executors' drain and a little for each stage.
_STOP_PATIENCE = 60.0
#: Seconds that a leftover of a killed `up` gets to end by itself.
_LEFTOVER_PATIENCE = 10.0
#: Lines of a log that are shown when its service fails.
_TAIL = 15

_EXITED = re.compile(r"exited: (?P<name>\S+) \((?P<how>.+); not expected\)")

#: Tells the user what happens, one line at a time.
Report = Callable[[str], None]


class StartError(GnatworkError):
    """Gnatwork did not start."""


class Stack:
    """The running services of one data directory."""

    def __init__(self, settings: StackSettings, report: Report) -> None:
        self.data_dir = settings.data_dir.resolve()
        self._settings = replace(settings, data_dir=self.data_dir)
        self._report = report
        self._process: asyncio.subprocess.Process | None = None
        #: Resolved with the reason when a service fails before all are ready.
        self._failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._watching: asyncio.Task[None] | None = None
        self._ready = self._stopping = False

    @property
    def logs(self) -> Path:
        """The folder of log files, one per process."""
        return self.data_dir / "logs"

    @property
    def _run(self) -> Path:
        return self.data_dir / "run"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Addresses]:
        """Start everything, yield once it is ready, stop it in the end.

        Raises:
            UnknownBlockTypeError: one of the blocks is not installed.
            AlreadyRunningError: another one uses the data directory.
            StartError: a service did not start; the message ends with its log.
            SettingsError: the address can't be had, or the directory not used.
        """
        expand(self._settings.blocks)
        self._make_folders()
        with data_dir_lock.hold(self.data_dir):
            await self._clear()
            self._settings = replace(self._settings, port=_free_port(self._settings.host, self._settings.port))
            addresses, command = self._configure()
            try:
                self._process = await self._spawn(command, addresses)
                self._watching = asyncio.create_task(self._watch(self._process), name="supervisor-output")
                await self._until_ready(addresses)
                connection_file.write(self.data_dir, addresses)
                yield addresses
            finally:
                connection_file.remove(self.data_dir)
                await self._stop()

    async def ended(self) -> None:
        """Return when supervisor has ended, which it does of itself only when it is killed."""
        if self._process is not None:
            await self._process.wait()

    def kill(self) -> None:
        """Stop everything at once, with no time to finish; used when asked a second time."""
        for leftover in leftovers.living(self._run):
            with contextlib.suppress(ProcessLookupError):
                os.kill(leftover.pid, signal.SIGKILL)

    def _make_folders(self) -> None:
        try:
            for folder in (self.data_dir, self._run, self.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"the data directory {self.data_dir} can't be made: {error.strerror}") from error

    async def _clear(self) -> None:
        connection_file.remove(self.data_dir)
        if stopped := await leftovers.stop_all(self._run, _LEFTOVER_PATIENCE):
            self._report(f"Stopped what a killed `gnatwork up` had left running: {', '.join(stopped)}.")

    def _configure(self) -> tuple[Addresses, list[str]]:
        server = None
        if self._settings.nats is None:
            server = EmbeddedServer(self.data_dir / "nats", sync_interval=self._settings.sync)
            server.write_config()
        guarded = [sys.executable, "-I", "-S", guard.__file__]
        config = self._run / "supervisord.conf"
        try:
            text = render(
                programs(self._settings, nats_command=server.command() if server else None),
                guard=guarded,
                data_dir=self.data_dir,
                user="root" if os.geteuid() == 0 else None,
            )
        except ValueError as error:
            raise SettingsError(str(error)) from error
        config.write_text(text)
        host = "127.0.0.1" if self._settings.host in {"0.0.0.0", "::", ""} else self._settings.host  # noqa: S104
        addresses = Addresses(
            api=f"http://{f'[{host}]' if ':' in host else host}:{self._settings.port}",
            nats=server.url if server else self._settings.nats or "",
            token=self._token(),
            pid=os.getpid(),
        )
        supervisord = [sys.executable, "-m", "gnatwork_cli.supervisor_process", "-c", str(config)]
        return addresses, [*guarded, str(self._run / f"{leftovers.SUPERVISOR}.pid"), "--", *supervisord]

    def _token(self) -> str:
        if self._settings.token:
            return self._settings.token
        path = self.data_dir / "token"
        with contextlib.suppress(FileNotFoundError):
            if token := path.read_text().strip():
                return token
        token = secrets.token_urlsafe(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{token}\n")
        return token

    async def _spawn(self, command: list[str], addresses: Addresses) -> asyncio.subprocess.Process:
        own = environment(
            self._settings,
            nats_url=addresses.nats,
            token=addresses.token,
            secret_keys=self._settings.secret_keys or kept_secret_keys(self.data_dir),
        )
        with (self.logs / "supervisord.err").open("wb") as errors:
            # A session of its own: Ctrl-C at the terminal is for us, and we stop the services in order.
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **own},
                start_new_session=True,
            )

    async def _watch(self, supervisor: asyncio.subprocess.Process) -> None:
        """Read what supervisor says until it ends, and pass on which service has ended."""
        while supervisor.stdout and (line := await supervisor.stdout.readline()):
            match = _EXITED.search(line.decode(errors="replace"))
            if match is None or self._stopping:
                continue
            name, how = match["name"], match["how"]
            log = self.data_dir / "nats" / "nats.log" if name == NATS else self.logs / f"{name}.log"
            if self._ready:
                self._report(f"{name} ended unexpectedly ({how}) and is started again; see {log}")
            elif not self._failed.done():
                self._failed.set_result(f"{name} ended ({how}).{_tail(log)}")
        if not self._failed.done():
            self._failed.set_result(f"supervisor ended.{_tail(self.logs / 'supervisord.err')}")

    async def _until_ready(self, addresses: Addresses) -> None:
        waiting = asyncio.create_task(wait_ready(self._settings.blocks, addresses, self._report))
        try:
            async with asyncio.timeout(_START_PATIENCE):
                await asyncio.wait((waiting, self._failed), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise StartError(f"it was not ready after {_START_PATIENCE:.0f} s; see the logs in {self.logs}") from None
        finally:
            if not waiting.done():
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
        if self._failed.done():
            raise StartError(self._failed.result())
        await waiting
        self._ready = True

    async def _stop(self) -> None:
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_PATIENCE):
                    await self._process.wait()
        await leftovers.stop_all(self._run, _LEFTOVER_PATIENCE)
        if self._watching is not None:
            await self._watching


def _tail(log: Path) -> str:
    """The last lines of a log, to be added to a message."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-_TAIL:]
    except FileNotFoundError:
        return ""
    return "\n".join([f" {log} ends with:", *(f"    {line}" for line in lines)]) if lines else ""


def _free_port(host: str, port: int) -> int:
    """The port, or a free one for 0; SettingsError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SettingsError(
                    f"{host}:{port} can't be had ({error.strerror}); give another --host or --port"
                ) from error
            raise SettingsError(
                f"{host}:{port} can't be had ({error.strerror}); stop what listens there, or give another --port"
                " (0 picks a free one)"
            ) from error
        return int(probe.getsockname()[1])
