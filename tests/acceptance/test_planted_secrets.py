"""Secrets of all types are planted, used in every way there is, and looked for everywhere."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
from support.installation import Installation, up
from support.leaks import Search
from support.oauth import SECRET as CLIENT_SECRET
from support.oauth import Service
from support.planted import write_package
from support.running import Ended, block, ended
from support.site import Reply, Request, Site

from gnatwork import Client
from gnatwork.errors import ClientError
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History

SECRETS = {
    "header": "plantedHeaderValue-4f6b1c",
    "basic": 'planted"Basic/Pass+word-9a2e',
    "bearer": "plantedBearerToken-77c0d1",
    "smtp": "plantedSmtpPassword-b81f55",
    "custom": "plantedCustomValue é ✓ 3d90aa",
    "key": "plantedKeyLineTwo-abf7158809cf4f3c",
    "hook": base64.b64encode(b"planted-hook-secret-0f1e2d3c4b5a").decode(),
    "webhook": "plantedWebhookKey-6c1f9e",
    "client": CLIENT_SECRET,
    "token": "plantedOauthToken-access",
    "refresh": "plantedOauthToken-refresh",
}
KEY = f"-----BEGIN KEY-----\nplantedKeyLineOne-2b7e151628aed2a6\n{SECRETS['key']}\n-----END KEY-----"
#: What must be found, or the search finds nothing at all.
CONTROL = "plantedControlValue-in-the-open-5e0c"
SERVICES = ("manager", "executor-fetch", "executor-careless", "scheduler", "nats")

CONNECTIONS: dict[str, dict[str, Any]] = {
    "header": {"type": "header", "values": {"name": "X-Api-Key", "value": SECRETS["header"]}},
    "basic": {"type": "basic", "values": {"username": "ada", "password": SECRETS["basic"]}},
    "bearer": {"type": "bearer", "values": {"token": SECRETS["bearer"]}},
    "smtp": {
        "type": "smtp",
        "values": {"host": "mail.test", "username": "ada", "password": SECRETS["smtp"]},
    },
    "custom": {
        "type": "custom",
        "values": {"value": SECRETS["custom"], "key": KEY, "hook": f"whsec_{SECRETS['hook']}"},
    },
    "webhook": {"type": "custom", "values": {"key": SECRETS["webhook"]}},
}


def echo(request: Request) -> Reply:
    """What was sent, also as base64 and escaped twice."""
    told = {"target": request.target, "headers": request.headers, "body": request.body.decode()}
    text = json.dumps(told)
    body = json.dumps({**told, "text": text, "base64": base64.b64encode(text.encode()).decode()})
    headers = (("content-type", "application/json"), ("x-echo", request.headers.get("authorization", "-")))
    return Reply(status=500 if "/fail" in request.target else 200, headers=headers, body=body.encode())


def careless(id_: str, secret: str, *needs: str, type_: str = "careless", **fields: Any) -> dict[str, Any]:
    config = {"secret": secret, **fields.pop("config", {})}
    return block(id_, type_, config, **({"needs": list(needs)} if needs else {}), **fields)


def used_well(url: str) -> dict[str, Any]:
    """Every secret is used, and all goes well."""
    fetch = {"url": f"{url}/echo", "method": "POST"}
    everything = " ".join(
        f"{{{{ connections.{path} }}}}"
        for path in ("header.value", "basic.password", "bearer.token", "smtp.password", "custom.value", "custom.key")
    )
    return {
        "name": "well",
        "blocks": [
            block("h", "fetch", {**fetch, "headers": {"X-Api-Key": "{{ connections.header.value }}"}}),
            block("b", "fetch", {**fetch, "headers": {"Authorization": "{{ connections.basic.authorization }}"}}),
            block("t", "fetch", {**fetch, "headers": {"Authorization": "{{ connections.bearer.authorization }}"}}),
            block("o", "fetch", {**fetch, "headers": {"Authorization": "{{ connections.oauth.authorization }}"}}),
            block("a", "fetch", {**fetch, "headers": {"Authorization": "{{ connections.agreed.authorization }}"}}),
            block(
                "q", "fetch", {**fetch, "query": {"key": "{{ connections.custom.value }}"}, "json": {"x": everything}}
            ),
            block("hook", "hook", {"url": fetch["url"], "body": everything, "secret": "{{ connections.custom.hook }}"}),
            block("n", "noop", {"said": everything}),
            careless("c", everything, config={"large": True}),
            careless("p", everything, type_="careless-process"),
            careless("each", everything, for_each={"items": [1, 2]}),
            block("loop", "loop", {"items": [1]}, blocks=[careless("inner", "{{ connections.custom.key }}")]),
            block("later", "noop", {"seen": "{{ q.body }}", "again": everything, "input": "{{ input }}"}),
        ],
        "triggers": [
            {
                "id": "in",
                "type": "webhook",
                "path": "/planted",
                "auth": "key",
                "secret": "{{ connections.webhook.key }}",
            }
        ],
    }


def goes_wrong(url: str, **careless_config: Any) -> dict[str, Any]:
    """What is used fails, is tried again and undone."""
    secret = "{{ connections.custom.value }} {{ connections.basic.authorization }}"
    call = {"url": f"{url}/fail", "headers": {"Authorization": "{{ connections.bearer.authorization }}"}}
    done = careless("done", secret, compensate={"type": "careless", "config": {"secret": secret}})
    failing = careless("failing", secret, "done", config=careless_config, retry={"max_attempts": 2, "initial": "10ms"})
    return {
        "blocks": [
            done,
            failing,
            block("call", "fetch", call, on_error="continue"),
            careless("process", secret, type_="careless-process", config={"fail": True}, on_error="continue"),
        ],
        "on_failure": [careless("handler", secret), block("call", "fetch", call, on_error="continue")],
    }


async def plant(installation: Installation, service: Service) -> None:
    """Store all connections, values by standard input."""
    oauth = {"type": "oauth2", "values": service.values("client_credentials")}
    agreed = {"type": "oauth2", "values": service.values("authorization_code", client_auth="body")}
    for name, stored in {**CONNECTIONS, "oauth": oauth, "agreed": agreed}.items():
        given = ("connection", "set", name, "--type", stored["type"], "--file", "-")
        ended = await installation.gnatwork(*given, stdin=json.dumps(stored["values"]))
        assert ended.code == 0, ended.err
    begun = await installation.gnatwork("connection", "authorize", "agreed")
    async with httpx.AsyncClient() as browser:
        assert (await browser.get(service.agree(begun.out.strip()))).status_code == 200


async def use(client: Client, installation: Installation, url: str) -> list[Ended]:
    """Run everything that there is, in the order of how it ends."""
    await client.put_workflow("well", used_well(url))
    runs = [
        await client.start("well", input=CONTROL),
        await client.start(goes_wrong(url, fail="foreseen"), input=CONTROL),
        await client.start(goes_wrong(url, fail="unforeseen"), input=CONTROL),
    ]
    async with httpx.AsyncClient(base_url=installation.api) as outside:
        refused = await outside.post("/hooks/planted", json=1, headers={"X-Gnatwork-Key": "wrong"})
        called = await outside.post("/hooks/planted", json=1, headers={"X-Gnatwork-Key": SECRETS["webhook"]})
    assert (refused.status_code, called.status_code) == (401, 202)
    runs.append(client.run(called.json()["run_id"]))
    found = [await ended(run) for run in runs]
    assert [one.status for one in found] == ["completed", "failed", "failed", "completed"], found
    retried = await ended(await found[1].run.retry())
    assert retried.status == "failed"
    return [*found, retried]


async def look_at(found: list[Ended], search: Search) -> None:
    """Everything that the API tells of the runs."""
    for one in found:
        tasks = [task.model_dump(mode="json") for task in await one.run.tasks()]
        history = [event.model_dump(mode="json") async for event in one.run.events()]
        search.look("the API", json.dumps([tasks, history, one.output, one.message], ensure_ascii=False).encode())


async def bury(connection: Connection, run_id: str) -> None:
    """Queue work that no one can read, so that it becomes a dead letter."""
    marker = {"$template": [{"path": ["connections", "custom", "value"], "source": "x"}], "values": {}}
    subject = f"block.careless.normal.default.{run_id}.done.9.input"
    await connection.publisher.publish(subject, json.dumps({"v": 1, "config": marker}).encode())


async def archived(connection: Connection, found: list[Ended]) -> None:
    """Wait until all the runs are put away."""
    history = History(connection, 8)
    async with asyncio.timeout(60):
        for one in found:
            while await history.find_live_start("default", one.run.run_id) is not None:
                await asyncio.to_thread(lambda: None)


async def insist_on(client: Client) -> None:
    """Wait for a manager that is being started again."""
    async with asyncio.timeout(60):
        while True:
            try:
                await client.connections.list()
            except ClientError:
                await asyncio.to_thread(lambda: None)
            else:
                return


async def test_planted_secrets_are_found_nowhere(tmp_path: Path, web: Site) -> None:
    web.on("*", echo)
    service = Service(site=web, prefix="plantedOauthToken-", expires_in=2)
    write_package(tmp_path / "packages")
    blocks = "fetch,hook,response,logic,careless,careless-process"
    search, control = Search(SECRETS), Search({"control": CONTROL})
    data = tmp_path / "data"
    async with up(
        data,
        "--egress-allow",
        "127.0.0.1",
        "--blocks",
        blocks,
        PYTHONPATH=str(tmp_path / "packages"),
        GNATWORK_ARCHIVE_AFTER="1s",
    ) as installation:
        await plant(installation, service)
        async with installation.client() as client:
            found = await use(client, installation, web.url)
            for name in SERVICES:
                installation.kill(name)
            for _ in SERVICES:
                await installation.line("is started again")
            await insist_on(client)
            found += await use(client, installation, web.url)
            await look_at(found, search)
            async with Connection.open(installation.addresses["nats"], name="search") as connection:
                await bury(connection, found[0].run.run_id)
                await archived(connection, found)
                full = await search.streams(connection)
                await control.streams(connection)
        assert await installation.stop() == 0
    files = search.files(data)
    control.files(data)
    # All that was planted was used: the site has seen it.
    seen = Search(SECRETS)
    for request in web.requests:
        seen.look("site", json.dumps(request.headers).encode() + request.target.encode() + request.body)
    assert {name for name, _ in seen.found} == SECRETS.keys() - {"hook", "webhook"}
    assert search.found == set()
    # And the search finds what is there.
    places = {place for _, place in control.found}
    assert "ARCHIVE, decompressed" in places
    assert any(place.startswith(str(data / "nats")) for place in places)
    assert {"ARCHIVE", "PAYLOADS", "LOGS", "KV_gnatwork_connections", "KV_gnatwork_state"} <= full
    assert files > 20
