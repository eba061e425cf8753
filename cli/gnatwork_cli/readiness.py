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


def expected_work(blocks: Iterable[str]) -> dict[str, str]:
    """What must be worked at, with who does it: subject to name."""
    executors = {subjects.work_of_type(type_, subjects.NORMAL_LANE): f"executor of {type_}" for type_ in expand(blocks)}
    return {subjects.HISTORY_SUBJECTS: "scheduler", **executors}


def disabled_work(services: Iterable[FoundService]) -> set[str]:
    """What is not worked at because the executors that were to do it can't host the block."""
    names = {name for service in services for name in service.metadata.get("disabled", "").split(",") if name}
    return {subjects.work_of_type(name, subjects.NORMAL_LANE) for name in names}


async def wait_ready(blocks: Iterable[str], addresses: Addresses, report: Callable[[str], None]) -> None:
    """Return once a scheduler and an executor of every block type have announced themselves and the manager answers.

    Block types that their executors can't host are not waited for.

    `report` is told of each.
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
            for subject in missing.keys() & {subject for service in found for subject in service.subjects}:
                report(f"  {missing.pop(subject)} is ready")
            for subject in missing.keys() & disabled_work(found):
                report(f"  {missing.pop(subject)} is not: the block can't be used; `gnatwork doctor` says why")
    while not await _answers(addresses.api):  # noqa: ASYNC110 - it can't but be asked
        await asyncio.sleep(_LOOK)
    report("  manager is ready")


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
