"""A whole installation: nats-server, managers, schedulers and executors, each a process of its own."""

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from chaos.proxy import Proxy
from chaos.service import Service
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_cli.connection_file import Addresses
from gnatwork_cli.readiness import wait_ready
from gnatwork_cli.secret_keys import kept_secret_keys
from gnatwork_cli.stack_plan import StackSettings, environment

MANAGERS = 2
SCHEDULERS = 2
#: Executors by what they host.
EXECUTORS = {"logic": 3, "hook": 2, "code": 2}

#: Seconds that running blocks get in the end, when there should be none.
_DRAIN = "2"
_START_PATIENCE = 90.0


class Cluster:
    """The processes and how to reach them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True)
        self._server = EmbeddedServer(folder / "nats")
        self._server.write_config()
        self._token = secrets.token_urlsafe(16)
        self._ports = _free_ports(MANAGERS)
        self._proxies: list[Proxy] = []
        self.services: dict[str, Service] = {}
        self._add(Service("nats", "nats", self._server.command(), folder=self._logs, environment=_clean))
        for number, port in enumerate(self._ports, 1):
            data = str(folder / f"manager-{number}")
            self._add(self._ours(f"manager-{number}", "manager", "--port", str(port), "--data-dir", data))
        for number in range(1, SCHEDULERS + 1):
            self._add(self._ours(f"scheduler-{number}", "scheduler", "--name", f"scheduler-{number}"))
        for blocks, count in EXECUTORS.items():
            for name in (f"{blocks}-{number}" for number in range(1, count + 1)):
                self._add(self._ours(name, "executor", "--blocks", blocks, "--name", name, "--drain", _DRAIN))

    @property
    def nats(self) -> str:
        """The server's URL; nothing stands in this way to it."""
        return self._server.url

    @property
    def apis(self) -> list[Addresses]:
        """Each manager's address."""
        return [Addresses(f"http://127.0.0.1:{port}", self.nats, self._token, os.getpid()) for port in self._ports]

    @property
    def crashes(self) -> list[str]:
        """Processes that ended without being asked to."""
        return [f"{service.name} {how}" for service in self.services.values() for how in service.crashes]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything runs, and is gone when the context ends."""
        async with contextlib.AsyncExitStack() as stack:
            for proxy in self._proxies:
                await stack.enter_async_context(proxy.running())
            try:
                for service in self.services.values():
                    await service.start()
                async with asyncio.timeout(_START_PATIENCE):
                    for api in self.apis:
                        await wait_ready(EXECUTORS, api, lambda _: None)
                yield
            finally:
                await self._stop()

    async def _stop(self) -> None:
        """Those that work first, the server last."""
        nats, *others = self.services.values()
        try:
            await asyncio.gather(*(service.stop() for service in others))
        finally:
            # After a second Ctrl-C as well.
            await asyncio.gather(*(service.kill() for service in others))
            await nats.kill()

    def _add(self, service: Service) -> None:
        self.services[service.name] = service

    def _ours(self, name: str, *arguments: str) -> Service:
        proxy = Proxy(self._server.port)
        self._proxies.append(proxy)
        settings = StackSettings(data_dir=self.folder, egress_allow="127.0.0.1")

        def variables() -> Mapping[str, str]:
            url = self.nats.replace(f":{self._server.port}", f":{proxy.port}")
            keys = kept_secret_keys(self.folder)
            settled = environment(settings, nats_url=url, token=self._token, secret_keys=keys)
            # What is archived is no longer where the checker looks for it.
            return {**_clean(), **settled, "GNATWORK_ARCHIVE_AFTER": "1d"}

        return Service(
            name,
            arguments[0],
            [sys.executable, "-m", "gnatwork_cli", *arguments],
            folder=self._logs,
            proxy=proxy,
            environment=variables,
        )


def _clean() -> Mapping[str, str]:
    """The environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GNATWORK_")}


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
