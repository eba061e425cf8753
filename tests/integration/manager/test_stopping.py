"""Starting where there is no room, and stopping with callers who wait."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.managing import TOKEN, running_manager, until
from support.raw_http import raw_connection

from gnatwork_bus.connection import Connection
from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_manager.manager import Address, serve
from gnatwork_manager.server import ListenError
from gnatwork_manager.settings import ManagerSettings


async def test_lets_everyone_go_when_it_stops(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, linear: dict[str, Any]
) -> None:
    async with asyncio.TaskGroup() as tasks, running_manager(nats_url, tmp_path) as address:
        http = httpx.AsyncClient(
            base_url=f"{address.url}/api/v1", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )
        run_id = (await http.post("/runs", json={"workflow": linear})).json()["run_id"]
        waiting = tasks.create_task(http.post("/runs", params={"wait": "60s"}, json={"workflow": linear}))
        streaming = tasks.create_task(http.get(f"/runs/{run_id}/events"))

        async def both() -> bool:
            text = (await http.get(f"{address.url}/metrics")).text
            return "gnatwork_waiting_callers 1.0" in text and "gnatwork_event_streams 1.0" in text

        await until(both)
    assert waiting.result().status_code == 202
    assert streaming.result().status_code == 200
    with pytest.raises(httpx.ConnectError):
        await http.get("/runs")
    await http.aclose()


async def test_an_upload_that_is_not_done_in_time_is_told_so(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None
) -> None:
    stop = asyncio.Event()
    listening: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
    settings = ManagerSettings(nats_url=nats_url, token=TOKEN, data_dir=tmp_path, port=0, http=HttpBounds(grace=0.5))
    running = asyncio.create_task(serve(settings, stop, listening.set_result))
    async with raw_connection((await listening).url) as upload:
        head = f"POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 1000"
        await upload.send(f"{head}\r\nExpect: 100-continue\r\n\r\n{{".encode())
        # The manager reads the body.
        assert (await upload.answer()).status == 100
        stop.set()
        answer = await upload.answer()
        assert (answer.status, answer.code) == (503, "engine.unavailable")
        assert not await upload.closed()
    await running


async def test_a_port_that_is_taken_is_an_error(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = ManagerSettings(nats_url=nats_url, token=TOKEN, data_dir=tmp_path, port=port)
        with pytest.raises(ListenError, match=rf"127.0.0.1:{port}, .* in use"):
            await serve(settings, asyncio.Event())


async def test_stops_while_it_waits_for_nats(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"nats://127.0.0.1:{nobody.getsockname()[1]}"
        stop = asyncio.Event()
        settings = ManagerSettings(nats_url=url, token=TOKEN, data_dir=tmp_path, port=0)
        running = asyncio.create_task(serve(settings, stop))
        await asyncio.wait({running}, timeout=0)
        stop.set()
        async with asyncio.timeout(30):
            await running


def test_a_manager_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a token"):
        ManagerSettings(nats_url="nats://localhost", token="", data_dir=tmp_path)
