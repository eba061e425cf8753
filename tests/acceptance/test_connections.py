"""Connections by way of the command line, from storing one to the block that uses it."""

import json
from typing import Any

from support.installation import Installation
from support.running import block, run_of
from support.site import Reply, Site

from gnatwork import Client

TOKEN = "the-token-of-the-bot"


async def run(installation: Installation, *arguments: str, stdin: str = "") -> Any:
    """What a command prints as JSON."""
    ended = await installation.gnatwork(*arguments, "-o", "json", stdin=stdin)
    assert ended.code == 0, ended.err
    return ended.document


async def test_a_connection_from_the_command_line_to_the_block(
    installation: Installation, client: Client, web: Site
) -> None:
    url = web.on("/secret", lambda request: Reply(body=request.headers["authorization"].encode()))
    setting = ("connection", "set", "bot", "--type", "bearer")
    empty = await installation.gnatwork(*setting)
    assert (empty.code, "/values/token: is missing" in empty.err) == (1, True)
    stored = await run(installation, *setting, "--value", "token=@-", "--blocks", "fetch", stdin=f"{TOKEN}\n")
    assert (stored["name"], stored["values"], stored["blocks"]) == ("bot", ["token"], ["fetch"])
    headers = {"authorization": "{{ connections.bot.authorization }}"}
    call = block("call", "fetch", {"url": url, "headers": headers})
    done = await run_of(client, call, output="{{ call.body }}")
    assert done.output == "Bearer [redacted]"
    assert web.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    (task,) = await done.run.tasks()
    assert task.input["headers"] == headers

    refused = await run_of(client, block("n", "noop", {"x": "{{ connections.bot.token }}"}))
    assert refused.code == "connection.not_permitted"
    described = await run(installation, "connection", "set", "bot", "--description", "for everything")
    assert (described["blocks"], described["description"]) == (["fetch"], "for everything")
    await run(installation, "connection", "set", "bot", "--blocks", "*")
    shown = await run(installation, "connection", "show", "bot")
    assert (shown["blocks"], shown["description"]) == (None, "for everything")
    assert (await run_of(client, block("n", "noop", "{{ connections.bot.token }}"))).output == {"n": "[redacted]"}

    assert "bot" in [one["name"] for one in await run(installation, "connection", "list")]
    assert "All is sealed with the key" in (await installation.gnatwork("connection", "rotate")).out
    open_ = await installation.gnatwork(*setting, "--value", f"token={TOKEN}")
    assert (open_.code, "list of processes" in open_.err) == (1, True)
    nobody = await installation.gnatwork(*setting, "--value", "token")
    assert "no terminal" in nobody.err
    untested = await installation.gnatwork("connection", "test", "bot")
    assert (untested.code, "oauth2" in untested.err) == (1, True)
    assert (await installation.gnatwork("connection", "delete", "bot")).code == 0
    gone = await installation.gnatwork("connection", "show", "bot")
    assert (gone.code, "there is no connection" in gone.err) == (1, True)
    assert TOKEN not in json.dumps([stored, shown, done.output, open_.err])


async def test_over_nats_it_is_the_same(installation: Installation) -> None:
    async with installation.client(over="nats") as client:
        made = await client.connections.put("over-nats", "custom", {"url": "https://x.test"}, revision=0)
        assert (await client.connections.get("over-nats")) == made
        changed = await client.connections.put("over-nats", "custom", blocks=["noop"], revision=made.revision)
        assert (changed.offers, changed.blocks) == (("url",), ("noop",))
        assert made.name in [one.name for one in (await client.connections.list()).items]
        await client.connections.delete("over-nats", revision=changed.revision)
