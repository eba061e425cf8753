"""Triggers by way of the command line, and a webhook that answers with what its run says."""

import json
from typing import Any

import httpx
from support.installation import Installation

SHOP = {
    "name": "hooked",
    "blocks": [
        {"id": "sum", "type": "transform", "config": {"expression": "input.order.total * 2"}},
        {"id": "answer", "type": "response", "config": {"status": 201, "body": {"twice": "{{ sum }}"}}},
    ],
    "triggers": [{"id": "shop", "type": "webhook", "path": "/hooked", "respond": "run"}],
}


async def run(installation: Installation, *arguments: str, stdin: str = "") -> Any:
    """What a command prints as JSON."""
    ended = await installation.gnatwork(*arguments, "-o", "json", stdin=stdin)
    assert ended.code == 0, ended.err
    return ended.document


async def test_a_webhook_answers_with_what_its_run_says(installation: Installation) -> None:
    await run(installation, "workflow", "apply", "-", stdin=json.dumps(SHOP))
    async with httpx.AsyncClient(base_url=installation.api, timeout=60) as outside:
        reply = await outside.post("/hooks/hooked", json={"order": {"total": 21}})
        assert (reply.status_code, reply.json()) == (201, {"twice": 42})
        assert (await installation.gnatwork("trigger", "disable", "hooked", "shop")).code == 0
        assert (await outside.post("/hooks/hooked", json={})).status_code == 404
        assert (await installation.gnatwork("trigger", "enable", "hooked", "shop")).code == 0
        failed = await outside.post("/hooks/hooked", json={})
        assert (failed.status_code, failed.json()["code"]) == (500, "hook.run_failed")
    shown = await run(installation, "trigger", "show", "hooked", "shop")
    assert (shown["addresses"][1], shown["state"]["last_run"]) == ("/hooks/hooked", failed.headers["x-gnatwork-run"])


async def test_triggers_are_added_and_changed_on_the_command_line(installation: Installation) -> None:
    await run(installation, "workflow", "apply", "-", "--name", "timed", stdin=json.dumps({"blocks": SHOP["blocks"]}))
    fields = ("--set", "cron=0 3 * * *", "--set", 'input={"order": {"total": 1}}', "--set", "enabled=false")
    added = await run(installation, "trigger", "add", "timed", "nightly", "--type", "schedule", *fields)
    assert (added["source"], added["enabled"], added["trigger"]["input"]) == ("api", False, {"order": {"total": 1}})
    changed = await run(installation, "trigger", "update", "timed", "nightly", "--set", "timezone=Asia/Tokyo")
    assert (changed["trigger"]["cron"], changed["trigger"]["timezone"]) == ("0 3 * * *", "Asia/Tokyo")
    times = (await run(installation, "trigger", "preview", "timed", "nightly"))["times"]
    assert [one["local"][11:] for one in times] == ["03:00:00+09:00"] * 10
    fired = await installation.gnatwork("trigger", "fire", "timed", "nightly")
    assert (fired.code, len(fired.out.strip())) == (0, 36)
    file = json.dumps({"id": "hook", "type": "webhook", "method": "PUT"})
    assert (await run(installation, "trigger", "add", "timed", "--file", "-", stdin=file))["trigger"]["id"] == "hook"
    listed = await installation.gnatwork("trigger", "list", "timed")
    assert [line.split()[1:4] for line in listed.out.splitlines()[1:]] == [
        ["hook", "webhook", "yes"],
        ["nightly", "schedule", "no"],
    ]
    assert (await installation.gnatwork("trigger", "delete", "timed", "hook")).code == 0
    assert [one["trigger"]["id"] for one in await run(installation, "trigger", "list", "timed")] == ["nightly"]
    refused = await installation.gnatwork("trigger", "add", "timed", "bad", "--type", "schedule", "--set", "cron=never")
    assert refused.code == 1
    assert "cron" in refused.err
