"""Slack calls: its challenge, its events and its slash commands, as its documentation shows them."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from support.executing import hosting
from support.hooking import ANSWER, hooks_of, put_workflow, start_of_run
from support.managing import Bench, open_bench

from gnatwork_blocks.builtin.condition import Condition
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_executor.announcing import announce
from gnatwork_manager.connections.sealing import SecretKeys, generate_key
from gnatwork_schemas import subjects
from gnatwork_slack import INTEGRATION

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
EVENT = {
    "token": "XXYYZZ",
    "team_id": "T123ABC456",
    "api_app_id": "A123ABC456",
    "event": {"type": "app_mention", "user": "U061F7AUR", "text": "<@U0LAN0Z89> hello", "channel": "C123ABC456"},
    "type": "event_callback",
    "event_id": "Ev123ABC456",
    "event_time": 1234567890,
}
COMMAND = {
    "command": "/weather",
    "text": "94070",
    "user_id": "U2147483697",
    "response_url": "https://hooks.slack.com/commands/1234/5678",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}
CHALLENGE = {
    "token": "Jhj5dZrVaK7ZwHHjRyZWjbDl",
    "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd",
    "type": "url_verification",
}


@pytest.fixture
async def bench(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> AsyncIterator[Bench]:
    """A manager that knows the integration `slack`, and has a connection of its type."""
    await announce(Bucket(bus, subjects.STATE_BUCKET), [INTEGRATION])
    keys = SecretKeys.parse(generate_key())
    async with open_bench(bus, nats_url, tmp_path / "index", secret_keys=keys) as opened:
        body = {"type": "slack", "values": {"token": "xoxb-none", "signing_secret": SECRET}}
        assert (await opened.http.put("/connections/slack", json=body)).status_code == 201
        yield opened


async def call(bench: Bench, body: bytes, type_: str, secret: str = SECRET) -> httpx.Response:
    at = str(int(time.time()))
    signed = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"content-type": type_, "x-slack-request-timestamp": at, "x-slack-signature": f"v0={signed}"}
    async with hooks_of(bench) as outside:
        return await outside.post("/slack", content=body, headers=headers)


async def say(bench: Bench, json: dict[str, Any], secret: str = SECRET) -> httpx.Response:
    return await call(bench, orjson.dumps(json), "application/json", secret)


async def command(bench: Bench) -> httpx.Response:
    return await call(bench, urlencode(COMMAND).encode(), "application/x-www-form-urlencoded")


async def test_each_event_begins_one_run_and_is_answered_with_nothing(bench: Bench, nats_url: str) -> None:
    events = {"id": "t", "type": "slack", "connection": "slack", "path": "/slack", "events": ["app_mention"]}
    await put_workflow(bench, events)
    challenged = await say(bench, CHALLENGE)
    assert (challenged.status_code, challenged.text) == (200, CHALLENGE["challenge"])
    async with hosting(nats_url, Condition):
        first, again = await say(bench, EVENT), await say(bench, EVENT)
        for answered in (first, again):
            assert (answered.status_code, answered.content) == (200, b"")
        assert first.headers["x-gnatwork-run"] == again.headers["x-gnatwork-run"]
        other = {**EVENT, "event_id": "Ev2", "event": {"type": "message"}}
        assert (await say(bench, other)).status_code == 204
        assert (await say(bench, {"type": "app_rate_limited"})).status_code == 204
        assert (await say(bench, {**EVENT, "event_id": "Ev3"}, secret="another")).status_code == 401
    start = await start_of_run(bench, first.headers["x-gnatwork-run"])
    assert (start.input, start.trigger.details["delivery"]) == (EVENT["event"], "Ev123ABC456")


async def test_a_slash_command_is_a_form(bench: Bench) -> None:
    await put_workflow(bench, {"id": "t", "type": "slack-command", "connection": "slack", "path": "/slack"})
    answered = await command(bench)
    assert (answered.status_code, answered.content) == (200, b"")
    start = await start_of_run(bench, answered.headers["x-gnatwork-run"])
    assert (start.input, start.trigger.details["delivery"]) == (COMMAND, COMMAND["trigger_id"])
    assert "x-slack-signature" not in start.trigger.details["headers"]


async def test_a_slash_command_may_wait_for_a_reply(bench: Bench) -> None:
    trigger = {"id": "t", "type": "slack-command", "connection": "slack", "path": "/slack", "respond": "run"}
    await put_workflow(bench, trigger, blocks=ANSWER)
    answered = await command(bench)
    # Nobody runs it here, so the time is over.
    assert answered.status_code == 202
    assert answered.json()["run_id"]
