"""Every process is killed while runs are parked: in a delay, a wait, a retry, a loop, a child. They all go on."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from support.installation import Installation, up
from support.running import block, ended, event, noop, until_status
from support.site import Reply, Site

from gnatwork import Client
from gnatwork.errors import ClientError

SERVICES = ("scheduler", "executor-logic", "executor-fetch", "manager", "nats")


async def insist(order: Callable[[], Awaitable[None]]) -> None:
    """Give an order to services that are being started again."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await order()
            except ClientError:
                # Its socket says when.
                await asyncio.to_thread(lambda: None)


async def kill_all(installation: Installation) -> None:
    """Kill each service, and wait until another stands in its place."""
    for service in SERVICES:
        installation.kill(service)
    for _ in SERVICES:
        await installation.line("is started again")


async def test_parked_runs_outlive_every_process(tmp_path: Path, web: Site) -> None:
    web.on("/flaky", lambda _: Reply(status=503) if len(web.requests) == 1 else Reply(body=b"ok"))
    retry = {"max_attempts": 2, "initial": "3s", "jitter": 0}
    wait = block("w", "wait")
    async with up(tmp_path, "--egress-allow", "127.0.0.1") as installation:
        async with installation.client() as client:
            await client.put_workflow("patient", {"blocks": [wait], "concurrency": {"max": 1}})
            delayed = await client.start({"steps": [block("d", "delay", {"for": "3s"}), noop("x")]})
            retrying = await client.start(
                {"blocks": [block("f", "fetch", {"url": f"{web.url}/flaky"}, retry=retry)], "output": "{{ f.body }}"}
            )
            waiting = await client.start({"steps": [noop("before", config=1), wait, noop("x", config="{{ before }}")]})
            rounds = [block("w", "wait", {"signal": "go-{{ index }}"})]
            looping = await client.start({"blocks": [block("l", "loop", {"until": "index > 0"}, blocks=rounds)]})
            parent = await client.start({"blocks": [block("c", "workflow", {"name": "patient"})]})
            paused = await client.start({"steps": [block("d", "delay", {"for": "500ms"}), noop("x")]})
            await paused.pause()
            await event(retrying, "block.f.error")
            await looping.signal("go-0")
            for run in (delayed, waiting, looping, parent):
                await until_status(run, "waiting")
            await until_status(paused, "paused")
            queued = await client.start("patient")
            await kill_all(installation)
            await finish(client, waiting.run_id, looping.run_id, paused.run_id)
            child = await child_of(client, parent.run_id)
            await client.run(child).signal("w", "child")
            assert (await ended(parent)).output == {"c": {"w": "child"}}
            await queued.signal("w", "queued")
            outputs = [(await ended(run)).output for run in (delayed, retrying, waiting, looping, paused, queued)]
            assert outputs == [{"x": {}}, "ok", {"x": 1}, {"l": [{"w": None}, {"w": 7}]}, {"x": {}}, {"w": "queued"}]
            assert len(web.requests) == 2
        assert await installation.stop() == 0


async def child_of(client: Client, parent: str) -> str:
    """The run that another has started, once the index has it."""
    async with asyncio.timeout(60):
        while not (found := (await client.runs(parent=parent)).items):
            pass
    return found[0].run_id


async def finish(client: Client, waiting: str, looping: str, paused: str) -> None:
    """Say what the runs wait for."""
    await insist(lambda: client.run(waiting).signal("w", None))
    await insist(lambda: client.run(looping).signal("go-1", 7))
    await insist(client.run(paused).resume)
