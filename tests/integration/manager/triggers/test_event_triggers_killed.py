"""A manager is killed while it takes messages from a stream: each is one run, and none is lost."""

import asyncio
import contextlib
import socket
import sys
from collections import Counter
from pathlib import Path

import httpx
import orjson
import pytest
from support.hooking import BLOCKS
from support.installation import clean_environment
from support.managing import TOKEN, until

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Start

_MESSAGES = 500
_TRIGGER = {"id": "orders", "type": "event", "subject": "orders.*", "stream": "ORDERS"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def start(url: str, port: int, data_dir: Path) -> asyncio.subprocess.Process:
    arguments = ("manager", "--nats", url, "--port", str(port), "--data-dir", str(data_dir))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gnatwork_cli", *arguments, env=clean_environment(GNATWORK_TOKEN=TOKEN)
    )


async def kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def store(port: int) -> None:
    """Store the workflow, once the manager is there."""
    url = f"http://127.0.0.1:{port}/api/v1/workflows/shop"
    async with httpx.AsyncClient(timeout=10, headers={"Authorization": f"Bearer {TOKEN}"}) as client:

        async def stored() -> bool:
            with contextlib.suppress(httpx.TransportError):
                reply = await client.put(url, json={"blocks": BLOCKS, "triggers": [_TRIGGER]})
                return reply.status_code in (200, 201)
            return False

        await until(stored, patience=60)


async def runs(bus: Connection) -> list[Start]:
    messages = await read_all(bus, subjects.HISTORY, f"{subjects.history_of('default', 'shop')}.start")
    return [Start.model_validate_json(message.data) for message in messages]


@pytest.mark.timeout(150)
@pytest.mark.usefixtures("catalogue")
async def test_each_message_is_one_run_when_a_manager_is_killed(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    await bus.api("STREAM.CREATE.ORDERS", {"name": "ORDERS", "subjects": ["orders.>"]})
    ports = [free_port(), free_port()]
    managers = [await start(nats_url, port, tmp_path / str(port)) for port in ports]
    try:
        await store(ports[0])

        async def listens() -> bool:
            return bool((await bus.api("CONSUMER.NAMES.ORDERS"))["consumers"])

        await until(listens, patience=30)
        for number in range(_MESSAGES):
            bus.send("orders.x", orjson.dumps(number))

        async def some_there() -> bool:
            return len(await runs(bus)) > _MESSAGES // 10

        async def all_there() -> bool:
            return len(await runs(bus)) >= _MESSAGES

        await until(some_there, patience=60)
        await kill(managers[0])
        await until(all_there, patience=60)
    finally:
        await asyncio.gather(*map(kill, managers))
    assert Counter(one.input for one in await runs(bus)) == Counter(range(_MESSAGES))
