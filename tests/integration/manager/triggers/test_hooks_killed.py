"""Managers, and NATS, are killed while webhooks are called: each delivery is one run, and none is lost."""

import asyncio
import contextlib
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.hooking import BLOCKS, hooks_of, put_workflow, webhook
from support.installation import clean_environment
from support.managing import TOKEN, open_bench, until

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import read_all
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Start

_DELIVERIES = 200


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Managers:
    """Two managers, processes of their own, and a client outside that goes from one to the other."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self._url = url
        self._data_dir = data_dir
        self._ports = [free_port(), free_port()]
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self.outside = httpx.AsyncClient(timeout=10, headers={"Authorization": f"Bearer {TOKEN}"})

    async def start(self, place: int) -> None:
        """Start one of them."""
        arguments = ("manager", "--nats", self._url, "--port", str(self._ports[place]))
        self._processes[place] = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gnatwork_cli", *arguments, "--data-dir", str(self._data_dir / str(place))),
            env=clean_environment(GNATWORK_TOKEN=TOKEN),
        )

    async def kill(self, place: int) -> None:
        """Kill one, without a warning."""
        process = self._processes.pop(place)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def request(self, place: int, method: str, path: str, **how: Any) -> httpx.Response | None:
        """Ask one of them; None when it does not answer."""
        with contextlib.suppress(httpx.TransportError):
            return await self.outside.request(method, f"http://127.0.0.1:{self._ports[place]}{path}", **how)
        return None

    async def deliver(self, number: int) -> str:
        """Call the webhook until someone has taken the delivery, now here, now there; the run."""
        place = number
        while True:
            place += 1
            headers = {"webhook-id": f"msg_{number}"}
            reply = await self.request(place % 2, "POST", "/hooks/orders", json={"n": number}, headers=headers)
            if reply is not None and reply.status_code in (200, 202):
                return str(reply.json()["run_id"])
            assert reply is None or reply.status_code in (404, 503), reply.text
            # Not so fast that those who start again have no processor to do it on.
            await asyncio.sleep(0.02)


@pytest.fixture
async def managers(nats_url: str, tmp_path: Path) -> AsyncIterator[Managers]:
    both = Managers(nats_url, tmp_path)
    async with both.outside:
        await asyncio.gather(both.start(0), both.start(1))
        yield both
        await asyncio.gather(both.kill(0), both.kill(1))


async def starts(bus: Connection) -> list[Start]:
    messages = await read_all(bus, subjects.HISTORY, subjects.HISTORY_SUBJECTS)
    return [Start.model_validate_json(message.data) for message in messages if message.subject.endswith(".start")]


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("catalogue")
async def test_each_delivery_is_one_run_whichever_manager_is_killed(bus: Connection, managers: Managers) -> None:
    definition = {"blocks": BLOCKS, "triggers": [webhook()]}

    async def stored() -> bool:
        reply = await managers.request(0, "PUT", "/api/v1/workflows/shop", json=definition)
        return reply is not None and reply.status_code in (200, 201)

    await until(stored, patience=60)
    slots, taken = asyncio.Semaphore(20), asyncio.Semaphore(0)

    async def one(number: int) -> str:
        async with slots:
            run_id = await managers.deliver(number)
            taken.release()
            return run_id

    delivering = asyncio.gather(*(one(number) for number in range(_DELIVERIES)))
    for place in (0, 1):
        for _ in range(_DELIVERIES // 4):
            await taken.acquire()
        await managers.kill(place)
        await managers.start(place)
    async with asyncio.timeout(60):
        run_ids = await delivering
    found = await starts(bus)
    assert Counter(start.run_id for start in found) == Counter(dict.fromkeys(run_ids, 1))
    assert sorted(start.input["n"] for start in found) == list(range(_DELIVERIES))


async def test_webhooks_are_known_again_after_nats_was_away(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "nats") as server, Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        async with open_bench(connection, server.url, tmp_path / "index") as bench, hooks_of(bench) as outside:
            blocks = [{"id": "rest", "type": "delay", "config": {"for": "1s"}}]
            await put_workflow(bench, webhook(path="/before"), blocks=blocks)
            await server.stop()
            assert (await outside.post("/before")).status_code == 503
            await server.start()

            async def stored() -> bool:
                trigger = webhook(path="/after", id="added")
                reply = await bench.http.post("/workflows/shop/triggers", json=trigger)
                return reply.status_code in (201, 409)

            await until(stored, patience=30)

            async def taken() -> bool:
                replies = [await outside.post(path) for path in ("/before", "/after")]
                return all(reply.status_code == 202 for reply in replies)

            await until(taken, patience=30)
