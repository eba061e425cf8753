"""What people see of runs with the command line: lists, logs, events, and what a shell completes."""

import asyncio
import json
import sys
from contextlib import aclosing

import orjson
from support.installation import Installation, clean_environment

from gnatwork import Client
from gnatwork_bus.connection import Connection
from gnatwork_schemas import subjects

WAITING = {"name": "seen", "blocks": [{"id": "ask", "type": "wait", "config": {"signal": "go"}}]}


async def completed(installation: Installation, *words: str) -> list[str]:
    """What bash would offer for the last of these words."""
    environment = clean_environment(
        GNATWORK_DATA_DIR=str(installation.data_dir),
        _GNATWORK_COMPLETE="complete_bash",
        COMP_WORDS=" ".join(("gnatwork", *words)),
        COMP_CWORD=str(len(words)),
    )
    program = "from gnatwork_cli.main import run; run()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=environment
    )
    out, _ = await process.communicate()
    return out.decode().split()


async def test_a_run_is_found_watched_and_its_log_read(installation: Installation, client: Client) -> None:
    run = await client.start(WAITING, labels={"customer": "Orinoco Flow"})
    found = (await installation.gnatwork("run", "list", "--search", "orinoco", "-o", "json")).document
    assert [one["run_id"] for one in found] == [run.run_id]
    since = (await installation.gnatwork("run", "list", "--search", "orinoco", "--since", "2999-01-01")).out
    assert since == ""

    assert run.run_id in await completed(installation, "run", "show", run.run_id[:13])
    assert await completed(installation, "run", "lo") == ["logs"]
    assert "fetch" in await completed(installation, "blocks", "show", "fe")

    async with asyncio.timeout(60), aclosing(run.events()) as events:
        async for event in events:
            if event.event == "start":
                break
    async with Connection.open(installation.addresses["nats"], name="block") as bus:
        line = {"v": 1, "task": "ask", "attempt": 1, "executor": "e", "at": 1.0, "level": "info", "message": "well"}
        bus.send(subjects.live_task(run.run_id, "ask", "log"), orjson.dumps(line))
        await bus.flush()
    following = asyncio.create_task(installation.gnatwork("run", "logs", run.run_id, "--follow", "-o", "json"))
    shown = await installation.gnatwork("run", "show", run.run_id)
    await run.signal("go")
    await run.result(60)
    assert "waits for the signal go" in shown.out
    logged = await following
    assert [json.loads(text)["message"] for text in logged.out.splitlines()] == ["well"]
    assert (await installation.gnatwork("run", "logs", run.run_id, "--level", "error")).out == ""


async def test_events_of_all_runs_go_on_until_nobody_reads(installation: Installation, client: Client) -> None:
    program = "from gnatwork_cli.main import run; run()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "events", "--workflow", "heard", "--event", "start", "--replay", "-o", "json"),
        stdout=asyncio.subprocess.PIPE,
        env=clean_environment(GNATWORK_DATA_DIR=str(installation.data_dir)),
    )
    assert process.stdout is not None
    definition = {"name": "heard", "blocks": [{"id": "a", "type": "noop"}]}
    run = await client.start(definition)
    async with asyncio.timeout(60):
        assert json.loads(await process.stdout.readline())["run_id"] == run.run_id
        process.stdout._transport.close()  # type: ignore[attr-defined]  # there is no other way to stop reading
        while process.returncode is None:
            await client.start(definition)
            await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=0.5)
    assert process.returncode == 0


async def test_the_script_for_a_shell(installation: Installation) -> None:
    for shell in ("bash", "zsh", "fish"):
        script = await installation.gnatwork("completion", shell)
        assert script.code == 0
        assert "_GNATWORK_COMPLETE" in script.out
