"""Runs that start runs: their outputs, their failures, and their ends together."""

import asyncio
from typing import Any

from support.running import PATIENCE, block, ended, noop, run_of, tasks_of, until_status
from support.site import Reply, Site

from gnatwork import Client
from gnatwork.runs import RunHandle
from gnatwork_schemas.status import RunSummary


def child(name: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """A block that runs a stored workflow."""
    return {**block("child", "workflow", {"name": name, "input": value, **more.pop("config", {})}), **more}


async def listed(client: Client, *statuses: str, **query: Any) -> list[RunSummary]:
    """The runs of a list, once they are in these statuses; lists come a moment later."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = (await client.runs(limit=100, **query)).items
            if sorted(run.status for run in found) == sorted(statuses):
                return found


async def child_of(client: Client, run: RunHandle, status: str) -> RunSummary:
    """The run that another has started, once it is in this status."""
    return (await listed(client, status, parent=run.run_id))[0]


async def test_a_child_run_yields_its_output(client: Client) -> None:
    await client.put_workflow("double", {"blocks": [block("twice", "transform", {"expression": "input.n * 2"})]})
    done = await run_of(client, child("{{ input.name }}", {"n": "{{ input.n }}"}), value={"name": "double", "n": 21})
    assert done.output == {"child": {"twice": 42}}
    found = await child_of(client, done.run, "completed")
    assert (found.workflow, found.version) == ("double", 1)


async def test_a_run_need_not_wait_for_its_child(client: Client) -> None:
    await client.put_workflow("patient", {"blocks": [block("w", "wait")]})
    done = await run_of(client, child("patient", config={"wait": False}))
    assert done.status == "completed"
    assert done.output["child"]["workflow"] == "patient"
    run = client.run(done.output["child"]["run_id"])
    await run.signal("w", "hello")
    assert (await ended(run)).output == {"w": "hello"}


async def test_children_side_by_side(client: Client) -> None:
    await client.put_workflow("echo", {"blocks": [noop("said", config="{{ input }}")], "output": "{{ said }}"})
    done = await run_of(client, {**child("echo", "{{ item }}"), "for_each": {"items": [1, 2, 3]}})
    assert done.output == {"child": [1, 2, 3]}


async def test_the_failure_of_a_child_comes_up(client: Client) -> None:
    await client.put_workflow("fails", {"blocks": [noop("deep", config="{{ input.x }}")]})
    failed = await run_of(client, child("fails", {}))
    assert (failed.status, failed.code) == ("failed", "template.missing")
    error = (await failed.run.get()).error
    assert error
    assert (error.task, error.details and error.details["task"]) == ("child", "deep")
    caught = await run_of(client, child("fails", {}), noop("end", "child.error", config="{{ error.details.workflow }}"))
    assert caught.output == {"end": "fails"}


async def test_each_attempt_is_a_run_of_its_own(client: Client, web: Site) -> None:
    web.on("/flaky", lambda _: Reply(status=503) if len(web.requests) == 1 else Reply(body=b"ok"))
    await client.put_workflow("asks", {"blocks": [block("page", "fetch", {"url": f"{web.url}/flaky"})]})
    done = await run_of(client, child("asks", retry={"max_attempts": 2, "initial": "10ms"}))
    assert done.status == "completed"
    await listed(client, "failed", "completed", parent=done.run.run_id)
    assert (await tasks_of(done.run))["child"].attempts == 2


async def test_a_cancel_reaches_the_children_of_children(client: Client, web: Site) -> None:
    url = web.on("/hang", Reply(raw=b"", hang=True))
    await client.put_workflow("hangs", {"blocks": [block("page", "fetch", {"url": url})]})
    await client.put_workflow("between", {"blocks": [child("hangs")]})
    run = await client.start({"blocks": [child("between")]})
    between = client.run((await child_of(client, run, "waiting")).run_id)
    await child_of(client, between, "running")
    await run.cancel("all of it")
    await web.left.wait()
    assert [(await ended(one)).status for one in (run, between)] == ["cancelled", "cancelled"]


async def test_a_child_that_takes_too_long_is_cancelled(client: Client) -> None:
    await client.put_workflow("patient", {"blocks": [block("w", "wait")]})
    failed = await run_of(client, child("patient", timeout="300ms"))
    assert failed.code == "block.timeout"
    await child_of(client, failed.run, "cancelled")


async def test_runs_that_start_themselves_come_to_an_end(client: Client) -> None:
    await client.put_workflow("mirror", {"blocks": [child("mirror")]})
    await client.put_workflow("sparks", {"blocks": [child("sparks", config={"wait": False})]})
    failed = await run_of(client, child("mirror"))
    assert (failed.status, failed.code) == ("failed", "workflow.too_deep")
    assert (await run_of(client, child("sparks"))).status == "completed"
    await listed(client, *["failed"] * 16, workflow="mirror")
    await listed(client, *["completed"] * 15, "failed", workflow="sparks")


async def test_a_workflow_that_is_not_there(client: Client) -> None:
    failed = await run_of(client, child("nobody"))
    assert (failed.status, failed.code) == ("failed", "workflow.not_found")


async def test_large_values_go_down_and_come_up(client: Client) -> None:
    await client.put_workflow("carry", {"blocks": [noop("it", config="{{ input }}")], "output": "{{ it }}"})
    text = "x" * 300_000
    done = await run_of(client, child("carry", {"text": "{{ input }}"}), value=text)
    assert done.output == {"child": {"text": text}}


async def test_a_parent_waits_while_its_child_does(client: Client) -> None:
    await client.put_workflow("patient", {"blocks": [block("w", "wait")]})
    run = await client.start({"blocks": [child("patient")]})
    await until_status(run, "waiting")
    await client.run((await child_of(client, run, "waiting")).run_id).signal("w", 1)
    assert (await ended(run)).output == {"child": {"w": 1}}
