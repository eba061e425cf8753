"""A NATS that goes and comes back."""

import asyncio
from pathlib import Path

from support.serving import Attempt, refusing

from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile
from gnatwork_executor.services.of_bus import BusServices


async def test_keys_and_files_wait_for_it_and_messages_say_so(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server, Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        services = BusServices(connection)
        first = await services.keys(Attempt()).put("b", "k", 1, revision=0)
        gone = asyncio.Event()
        connection.on_disconnect(gone.set)
        await server.stop()
        await gone.wait()
        messages = services.messages(Attempt())
        for sending in (
            messages.publish("orders.paid", b""),
            messages.store("orders.paid", b"", message_id="a"),
            messages.request("orders.paid", b"", timeout=1),
        ):
            with refusing("nats.unavailable") as caught:
                await sending
            assert caught.value.retryable
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            put = group.create_task(services.keys(Attempt()).put("b", "k", 2, revision=first))
            group.create_task(services.files(Attempt()).put("it", b"x" * 300_000))
            await server.start()
        assert await services.keys(Attempt()).get("b", "k") == (2, put.result())
        assert (await services.files(Attempt()).get("it"))[1] == b"x" * 300_000
        await messages.publish("orders.paid", b"")
