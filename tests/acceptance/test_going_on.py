"""Runs that wait, are held, fail and go on; stored workflows: by way of the command line and the client."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.installation import Installation

from gnatwork import RequestError, RunError, RunHandle

APPROVAL = {
    "name": "approval",
    "steps": [
        {"id": "before", "type": "noop"},
        {"id": "ask", "type": "wait", "config": {"schema": {"type": "object", "required": ["yes"]}}},
        {"id": "after", "type": "noop", "config": {"said": "{{ ask.yes }}"}},
    ],
}
LOOP = {
    "name": "loop",
    "blocks": [
        {"id": "each", "type": "noop", "for_each": {"items": "{{ input }}"}, "config": {"n": "{{ item }}"}},
    ],
}


def failing(url: str) -> dict[str, Any]:
    """Goes over items, then fetches."""
    fetch = {"id": "page", "type": "fetch", "needs": ["each"], "config": {"url": url}}
    return {"name": "mending", "blocks": [*LOOP["blocks"], fetch]}


async def until_status(run: RunHandle, status: str) -> None:
    async with asyncio.timeout(30):
        while (await run.get()).status != status:
            pass


def started(text: str) -> str:
    """The id in what `run start` says."""
    return text.split()[2].rstrip(";")


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_a_run_waits_for_a_signal(installation: Installation, over: str) -> None:
    async with installation.client(over=over) as client:
        run, early = await client.start(APPROVAL), await client.start(APPROVAL)
        await early.signal("ask", {"yes": 1})
        assert await early.result(timeout=30) == {"after": {"said": 1}}
        await until_status(run, "waiting")
        with pytest.raises(RequestError, match="`yes` is missing"):
            await run.signal("ask", {})
        for _ in range(2):
            await run.signal("ask", {"yes": "x" * 100_000}, idempotency_key=f"{over}-once")
        assert await run.result(timeout=30) == {"after": {"said": "x" * 100_000}}
        with pytest.raises(RequestError, match="has ended"):
            await run.signal("ask", {"yes": 1})


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_a_paused_run_goes_on_when_it_is_resumed(installation: Installation, over: str) -> None:
    async with installation.client(over=over) as client:
        run = await client.start(APPROVAL)
        await until_status(run, "waiting")
        await run.pause("night")
        await run.signal("ask", {"yes": 1})
        await until_status(run, "paused")
        await run.resume()
        assert await run.result(timeout=30) == {"after": {"said": 1}}


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_a_run_begins_later(installation: Installation, over: str) -> None:
    async with installation.client(over=over) as client:
        at = datetime.now(UTC) + timedelta(seconds=1)
        soon, much_later = (
            await client.start(LOOP, input=[], at=at),
            await client.start(LOOP, at=at + timedelta(days=9)),
        )
        assert (await much_later.get()).status == "pending"
        assert await soon.result(timeout=30) == {"each": []}
        run = await soon.get()
        assert run.started_at
        assert run.started_at >= at.timestamp() > run.created_at
        await much_later.cancel()
        with pytest.raises(RunError, match="cancelled"):
            await much_later.result(timeout=30)


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_a_retry_runs_only_what_did_not_complete(installation: Installation, site: str, over: str) -> None:
    async with installation.client(over=over) as client:
        name = f"mending-{over}"
        broken, mended = failing(f"{site}/none"), failing(f"{site}/weather/oslo")
        for definition in (broken, mended):
            definition["name"] = name
        await client.put_workflow(name, broken)
        failed = await client.start(name, input=[1, "x" * 100_000])
        with pytest.raises(RunError, match="404"):
            await failed.result(timeout=30)
        again = await failed.retry()
        with pytest.raises(RunError, match="404"):
            await again.result(timeout=30)
        await client.put_workflow(name, mended)
        last = await again.retry(version="published")
        assert (await last.result(timeout=30))["page"]["body"] == {"sky": "snow", "celsius": -3}
        tasks = {task.task: task for task in await last.tasks()}
        assert tasks["each"].output == [{"n": 1}, {"n": "x" * 100_000}]
        assert "each/0" not in tasks
        run = await last.get()
        assert (run.retry_of, run.version, run.input) == (again.run_id, 2, [1, "x" * 100_000])
        with pytest.raises(RequestError, match="nothing to go on with"):
            await last.retry()


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_a_rerun_and_what_is_deleted(installation: Installation, over: str) -> None:
    async with installation.client(over=over) as client:
        run = await client.start(LOOP, input=["x" * 100_000])
        output = await run.result(timeout=30)
        again = await run.rerun()
        assert await again.result(timeout=30) == output == {"each": [{"n": "x" * 100_000}]}
        await run.delete()
        with pytest.raises(RequestError, match="no run with this id"):
            await run.get()
        assert (await again.get()).output == output
        assert run.run_id not in {one.run_id for one in (await client.runs(workflow="loop")).items}


async def test_the_commands(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "approval.json"
    file.write_text(json.dumps({**APPROVAL, "name": "approval-by-command"}))
    checked = await installation.gnatwork("workflow", "validate", file)
    assert (checked.code, checked.out) == (0, "Nothing is wrong with it.\n")
    for _ in range(2):
        applied = await installation.gnatwork("workflow", "apply", file)
        assert "Version 1 of approval-by-command is published" in applied.out
    listed = await installation.gnatwork("workflow", "list")
    assert ["approval-by-command", "1"] in [line.split()[:2] for line in listed.out.splitlines()]
    shown = await installation.gnatwork("workflow", "show", "approval-by-command", "-o", "json")
    assert shown.document["definition"]["steps"] == APPROVAL["steps"]
    run_id = started((await installation.gnatwork("run", "start", "approval-by-command")).out)
    for command in (("pause", run_id), ("resume", run_id), ("signal", run_id, "ask", "--data", '{"yes": 1}')):
        ended = await installation.gnatwork("run", *command)
        assert ended.code == 0, ended.err
    watched = await installation.gnatwork("run", "watch", run_id)
    assert watched.code == 0, watched.err
    assert "approval-by-command, version 1" in watched.out
    retried = await installation.gnatwork("run", "retry", run_id)
    assert (retried.code, "gnatwork run rerun" in retried.err) == (1, True)
    again = started((await installation.gnatwork("run", "rerun", run_id)).out)
    cancelled = await installation.gnatwork("run", "cancel", again)
    assert cancelled.code == 0
    stopped = await installation.gnatwork("run", "watch", again)
    assert (stopped.code, f"gnatwork run retry {again}" in stopped.err) == (1, True)
    last = started((await installation.gnatwork("run", "retry", again)).out)
    await installation.gnatwork("run", "signal", last, "ask", "--data", '{"yes": 2}')
    document = await installation.gnatwork("run", "watch", last, "-o", "json")
    assert (document.document["output"], document.document["retry_of"]) == ({"after": {"said": 2}}, again)
    deleted = await installation.gnatwork("run", "delete", run_id)
    assert deleted.code == 0, deleted.err
    assert (await installation.gnatwork("run", "show", run_id)).code == 1
    none = await installation.gnatwork("run", "list", "--parent", last, "-o", "json")
    assert none.document == []


async def test_a_run_for_later_from_the_command_line(installation: Installation) -> None:
    ended = await installation.gnatwork("run", "start", "-", "--at", "2035-01-01T08:00Z", stdin=json.dumps(LOOP))
    assert "it begins at 2035-01-01" in ended.out
    run_id = started(ended.out)
    shown = await installation.gnatwork("run", "show", run_id, "-o", "json")
    assert shown.document["status"] == "pending"
    await installation.gnatwork("run", "cancel", run_id)
    odd = await installation.gnatwork("run", "start", "-", "--at", "soon", stdin=json.dumps(LOOP))
    assert (odd.code, "write a time" in odd.err) == (1, True)


async def test_a_run_of_many_tasks_is_watched_by_numbers(installation: Installation) -> None:
    items = json.dumps(list(range(1000)))
    ended = await installation.gnatwork("run", "start", "-", "--wait", "--input", items, stdin=json.dumps(LOOP))
    assert ended.code == 0, ended.err
    assert "1,000 completed" in ended.out
    assert len(ended.out.splitlines()) < 200
    (run,) = (await installation.gnatwork("run", "list", "--limit", "1", "-o", "json")).document
    shown = await installation.gnatwork("run", "show", run["run_id"])
    assert "1,000 completed" in shown.out
    assert f"gnatwork run tasks {run['run_id']}" in shown.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("workflow", "apply", "-"), "has no `name`"),
        (("workflow", "apply", "-", "--name", "No"), "has no `name` that a workflow can have"),
        (("workflow", "show", "none"), "gnatwork workflow list"),
        (("run", "start", "none"), "gnatwork workflow list"),
        (("run", "start", "-", "--version", "2"), "--version is for stored workflows"),
        (("run", "retry", "x", "--version", "newest"), "write a number"),
        (("run", "signal", "x", "go", "--data", "{"), "--data is not JSON"),
        (("run", "pause", "x"), "gnatwork run list"),
        (("run", "delete", "x"), "gnatwork run list"),
    ],
)
async def test_what_can_not_be_done_is_said(
    installation: Installation, arguments: tuple[str, ...], message: str
) -> None:
    ended = await installation.gnatwork(*arguments, stdin=json.dumps({"blocks": LOOP["blocks"]}))
    assert (ended.code, ended.out) == (1, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
