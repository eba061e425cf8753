"""What integrations bring: triggers of their own types, and connections."""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from support.executing import hosting
from support.hooking import BLOCKS, hooks_of, put_workflow, start_of_run, trigger_of
from support.managing import TOKEN, Bench, open_bench, until
from typer.testing import CliRunner

from gnatwork import Client, RequestError
from gnatwork_blocks.builtin.condition import Condition
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_cli.main import app
from gnatwork_executor.announcing import announce
from gnatwork_github import INTEGRATION as GITHUB
from gnatwork_manager.connections.sealing import SecretKeys, generate_key
from gnatwork_schemas import subjects
from gnatwork_schemas.connections import Resolved

KEYS = SecretKeys.parse(generate_key())
SECRET = "It's a Secret to Everybody"
VALUES = {"token": "ghp_none", "webhook_secret": SECRET, "base_url": "https://git.example/api/v3"}
PUSHES = {"id": "pushes", "type": "github", "connection": "gh", "path": "/github", "events": ["push"]}


@pytest.fixture
def state(bus: Connection) -> Bucket:
    return Bucket(bus, subjects.STATE_BUCKET)


@pytest.fixture
async def bench(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, state: Bucket) -> AsyncIterator[Bench]:
    """A manager that knows the integration `github`, and has a connection of its type."""
    await announce(state, [GITHUB])
    async with open_bench(bus, nats_url, tmp_path / "index", secret_keys=KEYS) as opened:
        assert (await put_connection(opened)).status_code == 201
        yield opened


async def put_connection(bench: Bench, type_: str = "github", name: str = "gh", values: Any = None) -> httpx.Response:
    body = {"type": type_, "values": VALUES if values is None else values}
    return await bench.http.put(f"/connections/{name}", json=body)


async def forget(state: Bucket) -> None:
    """Everything of the integration is gone."""
    for entry in await state.list(subjects.integration_key("*", "*")):
        await state.delete(entry.key)


async def call(bench: Bench, event: str = "push", secret: str = SECRET, delivery: str = "d-1") -> httpx.Response:
    data = orjson.dumps({"ref": "refs/heads/main", "repository": {"full_name": "octocat/hello-world"}})
    signed = hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signed}", "X-GitHub-Delivery": delivery, "X-GitHub-Event": event}
    async with hooks_of(bench) as outside:
        return await outside.post("/github", content=data, headers={**headers, "content-type": "application/json"})


async def test_a_trigger_of_an_integration_works_like_one_of_the_engine(bench: Bench, nats_url: str) -> None:
    await put_workflow(bench, PUSHES)
    async with hosting(nats_url, Condition):
        begun = await call(bench)
        assert begun.status_code == 202, begun.text
        assert (await call(bench)).json()["run_id"] == begun.json()["run_id"]
        assert (await call(bench, secret="another")).status_code == 401
        assert (await call(bench, event="ping", delivery="d-2")).status_code == 204
        assert (await call(bench, event="issues", delivery="d-3")).status_code == 204
    start = await start_of_run(bench, begun.json()["run_id"])
    assert (start.input["ref"], start.trigger.id) == ("refs/heads/main", "pushes")


async def test_it_is_shown_as_it_was_written(bench: Bench) -> None:
    await put_workflow(bench, PUSHES)
    shown = await trigger_of(bench, "pushes")
    assert shown["trigger"] == {**PUSHES, "enabled": True}
    assert (shown["becomes"]["type"], shown["becomes"]["signature"]) == ("webhook", "github")
    assert "written" not in shown["becomes"]
    assert shown["addresses"][1:] == ["/hooks/github"]
    (listed,) = (await bench.http.get("/triggers")).json()["items"]
    assert listed["trigger"]["type"] == "github"
    definition = (await bench.http.get("/workflows/shop")).json()["definition"]
    assert definition["triggers"] == [PUSHES]
    off = await bench.http.post("/workflows/shop/triggers/pushes/disable")
    assert (off.json()["enabled"], off.json()["trigger"]["enabled"]) == (False, False)
    assert (await call(bench)).status_code == 404


async def test_it_can_be_added_beside_the_definition(bench: Bench) -> None:
    await put_workflow(bench)
    added = await bench.http.post("/workflows/shop/triggers", json=PUSHES)
    assert (added.status_code, added.json()["trigger"]["type"]) == (201, "github")
    other = {**PUSHES, "events": ["issues"]}
    put = await bench.http.put("/workflows/shop/triggers/pushes", json=other)
    assert (put.status_code, put.json()["trigger"]["events"]) == (200, ["issues"])
    # A native one shows nothing of all this.
    plain = await bench.http.post("/workflows/shop/triggers", json={"id": "plain", "type": "webhook"})
    assert plain.json()["becomes"] is None
    assert "written" not in plain.json()["trigger"]


async def test_faults_point_into_what_was_written(bench: Bench) -> None:
    wrong = {**PUSHES, "path": "no slash", "evnts": []}
    reply = await bench.http.post("/workflows", json={"name": "shop", "blocks": BLOCKS, "triggers": [wrong]})
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/triggers/0/evnts")
    await put_workflow(bench)
    reply = await bench.http.post("/workflows/shop/triggers", json={**PUSHES, "path": "no slash"})
    assert [fault["pointer"] for fault in reply.json()["errors"]] == ["/path"]
    reply = await bench.http.post("/workflows/shop/triggers", json={**PUSHES, "type": "githab"})
    assert reply.json()["errors"][0]["code"] == "trigger.unknown_type"
    assert "did you mean `github`" in reply.json()["errors"][0]["message"]


async def test_what_is_stored_goes_on_when_its_integration_is_gone(
    bench: Bench, state: Bucket, nats_url: str, tmp_path: Path
) -> None:
    await put_workflow(bench, PUSHES)
    await forget(state)

    async def refused() -> bool:
        return (await put_connection(bench, name="other")).status_code == 422

    await until(refused)
    async with hosting(nats_url, Condition):
        assert (await call(bench)).status_code == 202
        # Another manager has never heard of it.
        async with open_bench(bench.connection, nats_url, tmp_path / "other", secret_keys=KEYS) as other:
            assert (await trigger_of(other, "pushes"))["trigger"]["type"] == "github"
            connection = (await other.http.get("/connections/gh")).json()
            assert (connection["type"], connection["offers"]) == ("github", list(VALUES))
    blocks = await bench.http.put("/connections/gh", json={"type": "github", "blocks": ["github-comment"]})
    assert blocks.status_code == 200, blocks.text


async def test_a_type_that_was_announced_a_moment_ago_is_known(bench: Bench, state: Bucket) -> None:
    await forget(state)

    async def unknown() -> bool:
        return (await put_connection(bench, name="other")).status_code == 422

    await until(unknown)
    await announce(state, [GITHUB])
    await put_workflow(bench, PUSHES)
    assert (await put_connection(bench, name="other")).status_code == 201


async def test_executors_get_the_values_of_a_connection_and_hear_which_are_secret(
    bench: Bench, bus: Connection
) -> None:
    body = {"names": ["gh"], "type": "github-comment", "run_id": "01890a5d-ac96-774b-bcce-000000000001"}
    reply = await bus.request(subjects.api("default", "connection.resolve"), orjson.dumps(body))
    (found,) = Resolved.model_validate_json(reply.data).connections.values()
    assert (found.values, found.secret) == (VALUES, ("token", "webhook_secret"))
    shown = (await bench.http.get("/connections/gh")).json()
    assert (shown["type"], shown["values"], shown["offers"]) == ("github", list(VALUES), list(VALUES))
    assert SECRET not in orjson.dumps(shown).decode()


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({}, "/values"),
        ({"token": "ghp_none", "tokn": "x"}, "/values/tokn"),
        ({"token": "abc"}, "/values/token"),
        ({"token": 12345}, "/values/token"),
        ({"token": "ghp_none", "base_url": "ftp://x"}, "/values/base_url"),
    ],
)
async def test_values_are_those_of_the_type(bench: Bench, values: Any, pointer: str) -> None:
    reply = await put_connection(bench, values=values)
    assert (reply.status_code, reply.json()["code"]) == (422, "connection.invalid")
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert "abc" not in reply.text
    assert "12345" not in reply.text


async def test_an_unknown_type_is_told_what_there_is(bench: Bench) -> None:
    reply = await put_connection(bench, type_="githab")
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/type")
    for told in ("`bearer`", "`github`", "did you mean `github`"):
        assert told in reply.json()["detail"]


async def command(bench: Bench, *arguments: str, typed: str = "", code: int = 0) -> str:
    """What a command prints."""
    environment = {"GNATWORK_API": bench.address.url, "GNATWORK_TOKEN": TOKEN, "GNATWORK_DATA_DIR": str(bench.data_dir)}
    result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments), input=typed, env=environment)
    assert result.exit_code == code, result.output
    return result.output


async def test_on_the_command_line(bench: Bench, state: Bucket) -> None:
    assert re.search(
        r"github +GitHub +token, webhook_secret\?, base_url\?", await command(bench, "connection", "types")
    )
    assert re.search(r"github +GitHub webhook +connection, path\?, events\?", await command(bench, "trigger", "types"))
    assert json.loads(await command(bench, "trigger", "types", "-o", "json"))[1]["type"] == "github"
    setting = ("connection", "set", "other")
    assert "there are basic, bearer" in await command(bench, *setting, "--type", "githab", code=1)
    in_the_open = await command(bench, *setting, "--type", "github", "--value", "token=ghp_none", code=1)
    assert "list of processes" in in_the_open
    address = ("--value", "base_url=https://git.example/api/v3")
    stored = await command(bench, *setting, "--type", "github", "--value", "token=@-", *address, typed="ghp_none\n")
    assert "{{ connections.other }}" in stored
    await put_workflow(bench, PUSHES)
    assert re.search(r"shop +pushes +github +yes", await command(bench, "trigger", "list"))
    shown = await command(bench, "trigger", "show", "shop", "pushes")
    assert re.search(r"connection +gh", shown)
    await command(bench, "trigger", "add", "shop", "more", "--type", "github", "--set", "connection=gh")
    await command(bench, "trigger", "update", "shop", "more", "--set", 'events=["issues"]')
    more = (await trigger_of(bench, "more"))["trigger"]
    assert (more["connection"], more["events"]) == ("gh", ["issues"])
    await forget(state)
    described = await command(bench, *setting, "--description", "goes on")
    assert "goes on" in described


async def test_forms_can_be_made_of_the_types(bench: Bench, nats_url: str) -> None:
    async with Client(bench.address.url, token=TOKEN) as over_http, Client(nats_url) as over_nats:
        for client in (over_http, over_nats):
            kinds = {kind.type: kind for kind in (await client.connections.types()).items}
            assert {"bearer", "custom", "github", "oauth2"} <= kinds.keys()
            assert kinds["github"].values_schema["required"] == ["token"]
            assert (kinds["github"].integration, kinds["bearer"].integration) == ("github", "")
            assert kinds["basic"].secret == ("password",)
            types = {one.type: one for one in (await client.triggers.types()).items}
            assert {"event", "github", "polling", "schedule", "webhook"} <= types.keys()
            assert "cron" in types["schedule"].config_schema["required"]
            page = await client.triggers.types(limit=2)
            assert [one.type for one in page.items] == ["event", "github"]
            assert page.next_cursor
            with pytest.raises(RequestError):
                await client.connections.put("x", "nonsense", {"a": "long enough"})
