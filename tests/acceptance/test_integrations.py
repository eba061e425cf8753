"""Integrations from the command line to the service: what is stored, what starts a run, and what blocks then do."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx
from support.installation import Installation
from support.running import ended
from support.services import answer, body_of, query_of
from support.site import Reply, Request, Site

from gnatwork import Client
from gnatwork.runs import RunHandle

TOKEN, SECRET = "ghp_that-nobody-shall-see", "It's a Secret to Everybody"
ISSUES = {"action": "opened", "issue": {"number": 7}, "repository": {"full_name": "octocat/hello-world"}}


async def said(installation: Installation, *arguments: str, stdin: str = "") -> Any:
    """What a command prints as JSON."""
    done = await installation.gnatwork(*arguments, "-o", "json", stdin=stdin)
    assert done.code == 0, done.err
    return done.document


async def runs_of(client: Client, workflow: str, number: int) -> list[RunHandle]:
    """The runs of a workflow, once there are so many."""
    async with asyncio.timeout(60):
        while len(found := (await client.runs(workflow=workflow)).items) < number:
            pass
    return [client.run(run.run_id) for run in found]


async def test_a_webhook_of_github_is_answered_with_a_comment(
    installation: Installation, client: Client, web: Site
) -> None:
    comment = {"id": 1, "html_url": "https://github.test/c/1", "body": TOKEN}
    web.on("/api/v3/repos/octocat/hello-world/issues/7/comments", answer(comment, 201))
    values = json.dumps({"token": TOKEN, "webhook_secret": SECRET, "base_url": f"{web.url}/api/v3"})
    setting = ("connection", "set", "gh", "--type", "github", "--file", "-")
    stored = await said(installation, *setting, stdin=values)
    assert (stored["type"], stored["offers"]) == ("github", ["token", "webhook_secret", "base_url"])

    config = {
        "connection": "{{ connections.gh }}",
        "repository": "{{ input.repository.full_name }}",
        "number": "{{ input.issue.number }}",
        "body": "Thank you.",
    }
    blocks = [{"id": "thank", "type": "github-comment", "config": config}]
    await client.put_workflow("thanks", {"blocks": blocks})
    fields = ("--set", "connection=gh", "--set", "path=/thanks", "--set", 'events=["issues"]')
    added = await said(installation, "trigger", "add", "thanks", "issues", "--type", "github", *fields)
    assert (added["trigger"]["type"], added["becomes"]["type"]) == ("github", "webhook")

    data = json.dumps(ISSUES).encode()
    signed = hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signed}", "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d"}
    async with httpx.AsyncClient(base_url=installation.api, timeout=60) as outside:
        called = await outside.post("/hooks/thanks", content=data, headers=headers)
    assert called.status_code == 202, called.text
    done = await ended(client.run(called.json()["run_id"]))
    assert done.output == {"thank": {"id": 1, "url": "https://github.test/c/1"}}
    (request,) = web.requests
    assert (request.headers["authorization"], body_of(request)) == (f"Bearer {TOKEN}", {"body": "Thank you."})
    (task,) = await done.run.tasks()
    assert task.input["connection"] == "{{ connections.gh }}"


async def test_each_new_row_of_a_sheet_begins_one_run(installation: Installation, client: Client, web: Site) -> None:
    rows = [["a"], ["b"]]

    def reply(request: Request) -> Reply:
        names, wanted = query_of(request)["ranges"].split(",")
        first = int(wanted.rpartition("!")[2].partition(":")[0])
        values = rows[first - 2 :]
        return answer({"valueRanges": [{"range": names, "values": [["Name"]]}, {"range": wanted, "values": values}]})

    web.on("/v4/spreadsheets/abc/values:batchGet", reply)
    await client.connections.put("sheets", "bearer", {"token": "ya29.that-nobody-sees", "base_url": web.url})
    trigger = {"id": "rows", "type": "google-sheets", "connection": "sheets", "spreadsheet": "abc", "sheet": "People"}
    definition = {
        "blocks": [{"id": "note", "type": "noop", "config": "{{ input.values.Name }}"}],
        "triggers": [{**trigger, "every": "1s"}],
    }
    await client.put_workflow("people", definition)
    await runs_of(client, "people", 2)
    rows.append(["c"])
    found = await runs_of(client, "people", 3)
    assert sorted([(await ended(run)).output["note"] for run in found]) == ["a", "b", "c"]
    await client.triggers.disable("people", "rows")
