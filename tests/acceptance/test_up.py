"""`gnatwork up` from its start to its end, however that comes."""

import asyncio
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.installation import alive, gnatwork, up

from gnatwork_bus.embedded import EmbeddedServer

PAUSE = {
    "blocks": [{"id": "nap", "type": "sleep", "config": {"for": "1s"}}, {"id": "end", "type": "noop", "needs": ["nap"]}]
}


def listening(address: str) -> bool:
    url = urlsplit(address)
    with socket.socket() as probe:
        return probe.connect_ex((url.hostname or "", url.port or 0)) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    async with up(tmp_path / "data", "--blocks", "logic", "--scale", "logic=2") as installation:
        addresses, processes = installation.addresses, installation.processes()
        assert (tmp_path / "data" / "connection.json").stat().st_mode & 0o777 == 0o600
        assert addresses["pid"] == installation.process.pid
        # up, supervisord, nats-server, manager, scheduler, two executors
        assert len(processes) == 7
        assert listening(addresses["api"])
        assert listening(addresses["nats"])

        second = await gnatwork("up", "--data-dir", tmp_path / "data")
        assert second.code == 1
        assert f"process {installation.process.pid}" in second.err

        assert await installation.stop(number) == 0
    assert alive(processes) == set()
    assert not listening(addresses["api"])
    assert not listening(addresses["nats"])
    assert {path.name for path in (tmp_path / "data").iterdir()} & {"connection.json", "up.lock"} == set()
    assert list((tmp_path / "data" / "run").glob("*.pid")) == []


async def test_a_service_that_dies_is_started_again(tmp_path: Path) -> None:
    async with up(tmp_path, "--blocks", "logic") as installation:
        before = installation.pid_of("executor-logic")
        installation.kill("executor-logic")
        assert "is started again" in await installation.line("executor-logic ended unexpectedly")
        async with installation.client() as client:
            assert await (await client.start(PAUSE)).result(timeout=30) == {"end": {}}
        assert installation.pid_of("executor-logic") != before


async def test_a_killed_up_takes_its_services_along_and_the_next_goes_on(tmp_path: Path) -> None:
    async with up(tmp_path, "--blocks", "logic") as installation:
        processes = installation.processes()
        async with installation.client() as client:
            run = await client.start(PAUSE)
        installation.process.kill()
        await installation.process.wait()
        # Nobody asked the services to stop but the kernel; the next start need not wait for them.
        async with up(tmp_path, "--blocks", "logic") as following:
            async with following.client() as client:
                assert await client.run(run.run_id).result(timeout=30) == {"end": {}}
            assert alive(processes) == set()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux tells children that their parent is gone")
async def test_no_service_survives_a_killed_up(tmp_path: Path) -> None:
    async with up(tmp_path, "--blocks", "logic") as installation:
        installation.process.kill()
        await asyncio.to_thread(installation.wait_for_services_to_end)
        await installation.process.wait()


async def test_no_service_survives_a_killed_supervisor(tmp_path: Path) -> None:
    async with up(tmp_path, "--blocks", "logic") as installation:
        processes = installation.processes()
        installation.kill("supervisord")
        await installation.line("supervisor has ended")
        assert await installation.ended() == 1
        assert alive(processes) == set()
        assert not (tmp_path / "connection.json").exists()


async def test_a_nats_server_that_is_already_there(tmp_path: Path) -> None:
    async with (
        EmbeddedServer(tmp_path / "nats") as server,
        up(tmp_path, "--blocks", "logic", "--nats", server.url) as ours,
    ):
        assert ours.addresses["nats"] == server.url
        assert not (tmp_path / "run" / "nats.pid").exists()
        async with ours.client(over="nats") as client:
            assert await (await client.start(PAUSE)).result(timeout=30) == {"end": {}}


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = await gnatwork("up", "--port", str(taken.getsockname()[1]), "--data-dir", tmp_path)
    assert ended.code == 1
    assert "give another --port" in ended.err


async def test_a_service_that_can_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    # Nothing that a supervisor could mend: the index's place is taken by a folder.
    (tmp_path / "runs.sqlite3").mkdir(parents=True)
    async with up(tmp_path, "--blocks", "logic", ready=False) as installation:
        await installation.line("Error: Gnatwork did not start: manager ended")
        assert await installation.ended() == 1
    assert any("manager.log ends with" in line for line in installation.lines)


async def test_a_stop_while_it_starts(tmp_path: Path) -> None:
    async with up(tmp_path, ready=False) as installation:
        await installation.line("nats is ready")
        processes = installation.processes()
        assert await installation.stop() == 0
    assert alive(processes) == set()
