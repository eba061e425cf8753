"""A run's life by way of the command line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.installation import Ended, Installation, gnatwork

from gnatwork import Client, RunError
from gnatwork_bus.connection import Connection

SLEEP = {"name": "sleepy", "blocks": [{"id": "nap", "type": "sleep", "config": {"for": "10m"}}]}
TWO = {
    "name": "two",
    "blocks": [
        {"id": "one", "type": "noop", "config": {"n": "{{ input.n }}"}},
        {"id": "two", "type": "noop", "config": {"n": "{{ one.n }}"}},
    ],
}
FAILING = {"blocks": [{"id": "lost", "type": "fetch", "config": {"url": "http://127.0.0.1:1/"}}]}


async def started(installation: Installation, definition: dict[str, Any], *options: str) -> str:
    ended = await installation.gnatwork("run", "start", "-", "-o", "json", *options, stdin=json.dumps(definition))
    assert ended.code == 0, ended.err
    run_id: str = ended.document["run_id"]
    return run_id


async def test_a_run_from_start_to_history(installation: Installation) -> None:
    run_id = await started(installation, TWO, "--input", '{"n": 5}', "--label", "team=a")
    watched = await installation.gnatwork("run", "watch", run_id)
    assert watched.code == 0
    assert [line.split()[2:4] for line in watched.out.splitlines()[:6]] == [
        [task, step] for task in ("one", "two") for step in ("queued", "started", "completed")
    ]
    assert "The run completed after" in watched.out
    shown, tasks, history = await asyncio.gather(
        installation.gnatwork("run", "show", run_id, "-o", "yaml"),
        installation.gnatwork("run", "tasks", run_id, "-o", "json"),
        installation.gnatwork("run", "history", run_id, "-o", "json"),
    )
    run = yaml.safe_load(shown.out)
    assert (run["status"], run["output"], run["labels"]) == ("completed", {"two": {"n": 5}}, {"team": "a"})
    assert [(task["task"], task["status"], task["attempts"]) for task in tasks.document] == [
        ("one", "completed", 1),
        ("two", "completed", 1),
    ]
    names = [event["event"] for event in history.document]
    assert names == ["start", "block.one.output", "block.two.output", "complete"]


async def test_a_list_finds_a_run_by_its_label(installation: Installation) -> None:
    run_id = await started(installation, TWO, "--input", '{"n": 1}', "--label", "find=me")
    listed = await installation.gnatwork("run", "list", "--label", "find=me", "-o", "json")
    assert [run["run_id"] for run in listed.document] == [run_id]
    table = await installation.gnatwork("run", "list", "--label", "find=me")
    assert table.out.splitlines()[0].split() == ["RUN", "WORKFLOW", "STATUS", "CREATED", "TOOK", "ERROR"]


async def test_the_same_key_starts_one_run(installation: Installation) -> None:
    options = ("--input", '{"n": 1}', "--idempotency-key", "only-once")
    assert await started(installation, TWO, *options) == await started(installation, TWO, *options)


async def test_a_cancelled_run_ends_at_once_and_not_well(installation: Installation) -> None:
    run_id = await started(installation, SLEEP)
    cancelled = await installation.gnatwork("run", "cancel", run_id, "--reason", "never mind")
    assert cancelled.code == 0
    watched = await installation.gnatwork("run", "watch", run_id)
    assert watched.code == 1
    assert "never mind" in watched.out
    again = await installation.gnatwork("run", "cancel", run_id)
    assert again.code == 1
    assert "has ended" in again.err


async def test_a_run_that_fails_exits_with_1_and_says_why(installation: Installation) -> None:
    ended = await installation.gnatwork("run", "start", "-", "--wait", stdin=json.dumps(FAILING))
    assert ended.code == 1
    assert "lost         failed" in ended.out
    assert "http.connection" in ended.out
    assert ended.err.startswith("Error: run ")


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_the_client(installation: Installation, over: str) -> None:
    async with installation.client(over=over) as client:
        run = await client.start(TWO, input={"n": "x" * 100_000}, labels={"over": over})
        output = await run.result(timeout=30)
        assert output == {"two": {"n": "x" * 100_000}}
        followed = [event.event async for event in run.events() if event.sequence]
        assert followed == [event.event for event in await run.history()]
        assert (await run.get()).status == "completed"
        assert [task.status for task in await run.tasks()] == ["completed", "completed"]
        assert (await run.result()) == output
        assert [found.run_id for found in (await client.runs(label=[f"over={over}"])).items] == [run.run_id]
        assert {"fetch", "noop"} <= {block.type for block in await client.blocks()}
        assert (await client.dead_letters()).next_cursor is None
        with pytest.raises(RunError, match=r"http\.connection"):
            await (await client.start(FAILING)).result(timeout=30)


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_the_client_cancels(installation: Installation, over: str) -> None:
    async with installation.client(over=over) as client:
        run = await client.start(SLEEP)
        with pytest.raises(TimeoutError):
            await run.result(timeout=0.1)
        await run.cancel("enough")
        with pytest.raises(RunError, match="enough"):
            await run.result(timeout=30)


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_many_runs_at_once(installation: Installation, over: str) -> None:
    async def one(client: Client, number: int) -> Any:
        return await (await client.start(TWO, input={"n": number})).result(timeout=60)

    async with installation.client(over=over) as client:
        outputs = await asyncio.gather(*(one(client, number) for number in range(100)))
    assert outputs == [{"two": {"n": number}} for number in range(100)]


async def test_blocks(installation: Installation) -> None:
    listed, shown, misspelt, unknown = await asyncio.gather(
        installation.gnatwork("blocks", "list"),
        installation.gnatwork("blocks", "show", "fetch"),
        installation.gnatwork("blocks", "show", "fetsh"),
        installation.gnatwork("blocks", "show", "unheard-of"),
    )
    assert {line.split()[0] for line in listed.out.splitlines()[1:]} >= {"fetch", "html-scraper", "hook", "response"}
    assert "follow_redirects" in shown.out
    assert unknown.code == 1
    assert "did you mean 'fetch'?" in misspelt.err
    assert "`gnatwork blocks list` shows" in unknown.err


async def test_doctor_finds_nothing_wrong(installation: Installation) -> None:
    ended = await installation.gnatwork("doctor", "-o", "json")
    assert ended.code == 0, ended.out
    assert all(finding["ok"] for finding in ended.document)
    assert {"manager", "nats", "streams", "schedulers", "executor fetch", "store"} <= {
        finding["name"] for finding in ended.document
    }


async def test_the_index_is_made_anew(installation: Installation) -> None:
    assert (await installation.gnatwork("index", "rebuild")).code == 0


async def test_dead_letters(installation: Installation) -> None:
    run_id = "01931d2e-0000-7000-8000-000000000001"
    async with Connection.open(installation.addresses["nats"], name="test") as connection:
        await connection.publisher.publish(f"history.0.default.w.{run_id}.start", b"{not JSON")

    async def listed() -> Ended:
        return await installation.gnatwork("dlq", "list", "-o", "json")

    async with asyncio.timeout(30):
        while not (letters := (await listed()).document):
            pass
    (letter,) = letters
    number = str(letter["id"])
    assert (letter["body"], letter["error"]["code"]) == ("{not JSON", "message.invalid")
    shown, redriven, nothing = (
        await installation.gnatwork("dlq", "show", number),
        await installation.gnatwork("dlq", "redrive", number, "999"),
        await installation.gnatwork("dlq", "discard"),
    )
    assert f"w.{run_id}.start" in shown.out
    # Still no one can read it.
    assert (redriven.code, f"{number}: sent to" in redriven.out) == (1, True)
    assert "999" in redriven.err
    assert "--older-than" in nothing.err
    async with asyncio.timeout(30):
        while not (letters := (await listed()).document):
            pass
    assert letters[0]["id"] > letter["id"]
    discarded = await installation.gnatwork("dlq", "discard", "--older-than", "0s", "--reason", "message.invalid")
    assert discarded.out == "1 dead letter discarded.\n"
    assert (await listed()).document == []


async def test_it_is_found_from_the_directory_where_it_was_started(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / ".gnatwork").symlink_to(installation.data_dir)
    assert (await gnatwork("run", "list", cwd=tmp_path)).code == 0


async def test_an_output_too_large_for_a_message_comes_back_whole(installation: Installation) -> None:
    large, larger = "x" * 40_000, "y" * 90_000
    definition = {
        "blocks": [
            {"id": "a", "type": "noop", "config": {"text": large}},
            {"id": "b", "type": "noop", "config": {"text": large}},
            {"id": "c", "type": "noop", "config": {"text": larger}},
            {"id": "looks", "type": "noop", "config": {"$payload": {"id": "x"}}},
        ]
    }
    async with installation.client() as client:
        run = await client.start(definition)
        output = await run.result(30)
        assert output == {block["id"]: block["config"] for block in definition["blocks"]}
        assert (await run.get()).output == output
        alone = await client.start({"blocks": definition["blocks"][3:], "output": "{{ looks }}"})
        assert await alone.result(30) == {"$payload": {"id": "x"}}
