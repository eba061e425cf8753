"""A Gnatwork of its own for tests: real processes, with a NATS server among them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnatwork.address import Address, find_address
from gnatwork.client import Client
from gnatwork.errors import ClientError, RunError
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.status import RunStatus, Task

#: What it hosts unless told otherwise: all that is not built in, and what workflows steer by.
DEFAULT_BLOCKS = ("plugins", "logic")
#: Seconds that a start, and a stop, may take on a busy machine.
_PATIENCE = 90.0
#: Seconds between two looks at whether it has started.
_LOOK = 0.05
#: Lines of its output that an error shows.
_TAIL = 30


class EngineError(ClientError):
    """The Gnatwork for the tests did not start; its last lines say why."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run that has ended."""

    run_id: str
    status: RunStatus
    #: What it yielded, if it completed.
    output: Any = None
    #: Why it did not.
    error: ErrorInfo | None = None
    #: By path.
    tasks: Mapping[str, Task]


@dataclass(frozen=True)
class Engine:
    """A Gnatwork that runs; its methods can be used from any event loop."""

    address: Address
    #: Where its data and the logs of its processes are.
    data_dir: Path

    def client(self) -> Client:
        """A client of it, to be entered."""
        return Client.at(self.address)

    async def run(self, workflow: Mapping[str, Any] | str, input: Any = None, *, timeout: float = 60.0) -> Ran:  # noqa: A002 - its name everywhere
        """Run a definition, or a stored workflow by its name, to its end, whichever that is.

        Args:
            workflow: the definition, or the name.
            input: any JSON.
            timeout: seconds that it may take.

        Raises:
            RequestError: the definition or the input has mistakes.
            TimeoutError: it did not end in time.
        """
        async with self.client() as client:
            run = await client.start(workflow, input=input)
            output, error = None, None
            try:
                output = await run.result(timeout)
            except RunError as failure:
                error = failure.error
            status = (await run.get()).status
            tasks = {task.task: task for task in await run.tasks()}
        return Ran(run_id=run.run_id, status=status, output=output, error=error, tasks=tasks)


@contextlib.contextmanager
def running_engine(
    data_dir: Path, *, blocks: Sequence[str] = DEFAULT_BLOCKS, egress_allow: str = ""
) -> Iterator[Engine]:
    """Start a Gnatwork, and stop it in the end.

    Args:
        data_dir: an empty folder, or one that does not exist.
        blocks: the block types that it hosts, or groups of them; each gets a process.
        egress_allow: private addresses that its blocks may reach, such as `127.0.0.1` for a server of the test.

    Raises:
        EngineError: it did not start.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "up.log"
    options = ["--data-dir", str(data_dir), "--port", "0", "--blocks", ",".join(blocks), "--egress-allow", egress_allow]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GNATWORK_")}
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gnatwork_cli", "up", *options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        yield Engine(_address(process, data_dir, log), data_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            # Told twice, it leaves at once.
            process.send_signal(signal.SIGTERM)
            process.wait()


def _address(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> Address:
    """Where it is, once it has written that down, which it does when all of it is ready."""
    deadline = time.monotonic() + _PATIENCE
    while not (data_dir / "connection.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").splitlines()[-_TAIL:]
            raise EngineError("\n".join([f"see {log}:", *lines]))
        time.sleep(_LOOK)
    return find_address(data_dir=data_dir, environment={})
