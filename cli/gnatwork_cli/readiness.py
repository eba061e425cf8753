"""When everything that `gnatwork up` has started is ready to work."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from gnatwork_blocks.registry import expand
from gnatwork_bus.connection import Connection
from gnatwork_bus.discovery import FoundService, find_services
from gnatwork_cli.connection_file import Addresses
from gnatwork_schemas import subjects

#: Seconds between two looks while something is missing.
_LOOK = 0.1
#: Seconds without NATS after which that is reported.
_SILENCE = 5.0
#: Seconds that the manager gets to answer one question.
_PATIENCE = 5.0
#: How many block types of one process are named.
_FEW = 6
_SCHEDULER = "scheduler"


def expected_work(blocks: Iterable[str]) -> dict[str, str]:
    """What must be worked at, with who does it: subject to `scheduler` or the block type."""
    executors = {subjects.work_of_type(type_, subjects.NORMAL_LANE): type_ for type_ in expand(blocks)}
    return {subjects.HISTORY_SUBJECTS: _SCHEDULER, **executors}


def disabled_work(services: Iterable[FoundService]) -> set[str]:
    """What is not worked at because the executors that were to do it can't host the block."""
    names = {name for service in services for name in service.metadata.get("disabled", "").split(",") if name}
    return {subjects.work_of_type(name, subjects.NORMAL_LANE) for name in names}


async def wait_ready(blocks: Iterable[str], addresses: Addresses, report: Callable[[str], None]) -> None:
    """Return once a scheduler and an executor of every block type have announced themselves and the manager answers.

    Block types that their executors can't host are not waited for.

    `report` is told of each process.
    """
    missing = expected_work(blocks)
    waiting = asyncio.get_running_loop().call_later(_SILENCE, report, "  nats does not take us yet; waiting for it …")
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(Connection.open(addresses.nats, name="up"))
        finally:
            waiting.cancel()
        report("  nats is ready")
        while missing:
            found = await find_services(connection, patience=_LOOK)
            for service in found:
                if names := sorted(missing.pop(subject) for subject in missing.keys() & set(service.subjects)):
                    report(ready_line(names))
            for subject in sorted(missing.keys() & disabled_work(found)):
                report(f"  the block {missing.pop(subject)} can't be used; `gnatwork doctor` says why")
    while not await _answers(addresses.api):  # noqa: ASYNC110 - it can't but be asked
        await asyncio.sleep(_LOOK)
    report("  manager is ready")


def ready_line(names: list[str]) -> str:
    """The word on one process."""
    if names == [_SCHEDULER]:
        return "  scheduler is ready"
    if len(names) <= _FEW:
        return f"  executor of {', '.join(names)} is ready"
    return f"  executor of {', '.join(names[:_FEW])} and {len(names) - _FEW} more is ready"


async def _answers(api: str) -> bool:
    """Whether the manager says that it is ready. By hand: `up` stays, and an HTTP client would stay in its memory."""
    url = urlsplit(api)
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(url.hostname, url.port)
            try:
                writer.write(f"GET /readyz HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
