"""Connections over HTTP and NATS: values go in and come out for executors alone."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.managing import Bench, open_bench, running_manager

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.connections.sealing import SecretKeys, SecretKeysError, generate_key
from gnatwork_schemas import subjects

RUN = "01890a5d-ac96-774b-bcce-000000000001"
OLD, NEW = generate_key(), generate_key()


@pytest.fixture
async def bench(bus: Connection, nats_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    """A manager with a key."""
    async with open_bench(bus, nats_url, tmp_path / "index", secret_keys=SecretKeys.parse(OLD)) as opened:
        yield opened


async def put(bench: Bench, name: str, type_: str, values: Any = None, **fields: Any) -> dict[str, Any]:
    body = {"type": type_, **({} if values is None else {"values": values}), **fields}
    reply = await bench.http.put(f"/connections/{name}", json=body)
    assert reply.status_code in {200, 201}, reply.text
    document: dict[str, Any] = reply.json()
    return document


async def ask(connection: Connection, verb: str, namespace: str = "default", **body: Any) -> dict[str, Any]:
    reply = await connection.request(subjects.api(namespace, verb), orjson.dumps(body))
    document: dict[str, Any] = orjson.loads(reply.data)
    return document


async def resolve(connection: Connection, *names: str, type_: str = "fetch", namespace: str = "default") -> Any:
    """The values of one connection, or the code of the problem."""
    answer = await ask(connection, "connection.resolve", namespace, names=names, type=type_, run_id=RUN)
    if problem := answer.get("problem"):
        return problem["code"]
    assert 0 < answer["keep"] <= 60
    return {name: found["values"] for name, found in answer["connections"].items()}


async def test_connections_of_all_types_are_offered_to_executors(bench: Bench) -> None:
    stored: dict[str, dict[str, Any]] = {
        "header": {"name": "X-Key", "value": "k3y-value"},
        "basic": {"username": "ada", "password": "pa55word"},
        "bearer": {"token": "t0ken"},
        "smtp": {"host": "mail", "port": 25, "username": "ada", "password": "pa55", "tls": "none"},
        "custom": {"url": "https://x", "key_2": "word"},
    }
    for type_, values in stored.items():
        shown = await put(bench, type_, type_, values)
        resolved = (await resolve(bench.connection, type_))[type_]
        assert resolved.items() >= values.items()
        assert sorted(resolved) == sorted(shown["offers"])
    assert len(await resolve(bench.connection, *stored)) == len(stored)


async def test_nothing_shows_a_value(bench: Bench) -> None:
    shown = await put(bench, "gh", "bearer", {"token": "s3cr3t"}, description="of the bot", blocks=["fetch"])
    assert shown == {
        "name": "gh",
        "revision": shown["revision"],
        "type": "bearer",
        "description": "of the bot",
        "blocks": ["fetch"],
        "values": ["token"],
        "offers": ["token", "authorization"],
        "created_by": "token",
        "updated_by": "token",
        "created_at": shown["created_at"],
        "updated_at": shown["created_at"],
        "authorization": None,
    }
    one = await bench.http.get("/connections/gh")
    assert (one.json(), one.headers["etag"]) == (shown, f'"{shown["revision"]}"')
    assert (await bench.http.get("/connections")).json() == {"items": [shown], "next_cursor": None}
    assert await ask(bench.connection, "connection.get", name="gh") == {"v": 1, **shown}
    entry = await Bucket(bench.connection, subjects.CONNECTIONS_BUCKET).get(subjects.connection_key("default", "gh"))
    assert entry
    assert b"s3cr3t" not in entry.value
    assert base64.b64encode(b"s3cr3t") not in entry.value


async def test_lists_come_in_pages_and_by_namespace(bench: Bench) -> None:
    for name in ("b", "c", "a"):
        await put(bench, name, "bearer", {"token": "s3cr3t"})
    first = (await bench.http.get("/connections", params={"limit": 2})).json()
    rest = (await bench.http.get("/connections", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [[one["name"] for one in page["items"]] for page in (first, rest)] == [["a", "b"], ["c"]]
    assert rest["next_cursor"] is None
    assert (await ask(bench.connection, "connection.list", "acme"))["items"] == []
    assert await resolve(bench.connection, "a", namespace="acme") == "connection.not_found"


async def test_writes_take_conditions(bench: Bench) -> None:
    body = {"type": "bearer", "values": {"token": "s3cr3t"}}
    made = await bench.http.put("/connections/gh", json=body, headers={"If-None-Match": "*"})
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/connections/gh")
    again = await bench.http.put("/connections/gh", json=body, headers={"If-None-Match": "*"})
    assert (again.status_code, again.json()["code"]) == (412, "connection.changed")
    next_ = await bench.http.put("/connections/gh", json=body, headers={"If-Match": made.headers["etag"]})
    assert next_.status_code == 200
    stale = await bench.http.delete("/connections/gh", headers={"If-Match": made.headers["etag"]})
    assert (stale.status_code, stale.headers["etag"]) == (412, next_.headers["etag"])
    assert (await bench.http.delete("/connections/gh", headers={"If-Match": next_.headers["etag"]})).status_code == 204
    assert (await bench.http.get("/connections/gh")).status_code == 404
    assert (await bench.http.delete("/connections/gh")).json()["code"] == "connection.not_found"
    assert await resolve(bench.connection, "gh") == "connection.not_found"


async def test_without_values_those_that_are_stored_stay(bench: Bench) -> None:
    await put(bench, "gh", "bearer", {"token": "s3cr3t"})
    changed = await put(bench, "gh", "bearer", blocks=["hook"])
    assert (changed["blocks"], changed["values"]) == (["hook"], ["token"])
    assert (await resolve(bench.connection, "gh", type_="hook"))["gh"]["token"] == "s3cr3t"
    for name, type_ in (("gh", "header"), ("new", "bearer")):
        reply = await bench.http.put(f"/connections/{name}", json={"type": type_})
        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/values")


async def test_a_connection_is_for_the_blocks_that_it_names(bench: Bench) -> None:
    await put(bench, "gh", "bearer", {"token": "s3cr3t"}, blocks=["hook", "fetch"])
    assert "gh" in await resolve(bench.connection, "gh", type_="fetch")
    assert await resolve(bench.connection, "gh", type_="noop") == "connection.not_permitted"
    figures = await bench.metrics()
    assert "gnatwork_connections_resolved_total 1.0" in figures
    assert 'gnatwork_connections_refused_total{code="connection.not_permitted"} 1.0' in figures
    # Not even for whoever can write to the bucket.
    bucket, key = Bucket(bench.connection, subjects.CONNECTIONS_BUCKET), subjects.connection_key("default", "gh")
    entry = await bucket.get(key)
    assert entry
    revision = await bucket.put(key, orjson.dumps({**orjson.loads(entry.value), "blocks": None}))
    async with asyncio.timeout(20):
        while (await bench.http.get("/connections/gh")).json()["revision"] != revision:
            pass
    assert await resolve(bench.connection, "gh", type_="noop") == "connection.not_permitted"


@pytest.mark.parametrize("type_", ["code", "python-full"])
async def test_what_runs_what_someone_has_written_has_to_be_named(bench: Bench, type_: str) -> None:
    values = {"token": "s3cr3t", "base_url": "https://api.example.com"}
    await put(bench, "gh", "bearer", values)
    assert await resolve(bench.connection, "gh", type_=type_) == "connection.not_permitted"
    assert (await resolve(bench.connection, "gh", type_="fetch"))["gh"]["base_url"] == values["base_url"]
    await put(bench, "gh", "bearer", values, blocks=[type_])
    assert (await resolve(bench.connection, "gh", type_=type_))["gh"]["authorization"] == "Bearer s3cr3t"


async def test_what_is_wrong_is_said_without_the_values(bench: Bench) -> None:
    wrong: list[tuple[Any, str]] = [
        ({"type": "bearer", "values": {"token": "s3c"}}, "/values/token"),
        ({"type": "other", "values": {"a": "s3cr3t"}}, "/type"),
        ({"type": "bearer", "values": {"token": "s3cr3t"}, "blocks": ["Not A Type"]}, "/blocks/0"),
        ({"type": "bearer", "values": "s3cr3t"}, "/values"),
        ({"values": {"token": "s3cr3t"}}, "/type"),
        ([], ""),
    ]
    for body, pointer in wrong:
        reply = await bench.http.put("/connections/gh", json=body)
        assert reply.status_code == 422
        assert pointer in [fault["pointer"] for fault in reply.json()["errors"]]
        assert "s3c" not in reply.text


async def test_values_are_no_more_than_one_message(bench: Bench) -> None:
    values = {f"v{number}": "\N{GRINNING FACE}" * 60_000 for number in range(4)}
    refused = await bench.http.put("/connections/large", json={"type": "custom", "values": values})
    assert (refused.status_code, refused.json()["code"]) == (422, "connection.invalid")


async def test_a_name_is_one(bench: Bench) -> None:
    body = {"type": "bearer", "values": {"token": "s3cr3t"}}
    assert (await bench.http.put("/connections/No", json=body)).status_code == 422
    assert (await bench.http.get("/connections/a.b")).status_code == 404
    assert await resolve(bench.connection, "gh") == "connection.not_found"
    answer = await ask(bench.connection, "connection.resolve", names=["*"], type="fetch", run_id=RUN)
    assert answer["problem"]["code"] == "request.invalid"


async def test_what_one_manager_stores_the_others_know(bench: Bench, nats_url: str, tmp_path: Path) -> None:
    """Whichever of them answers."""
    async with running_manager(nats_url, tmp_path / "second", secret_keys=SecretKeys.parse(OLD)):
        for number in range(10):
            await put(bench, "gh", "bearer", {"token": f"token-{number}"})
            # The other one hears of it in a moment.
            async with asyncio.timeout(20):
                for _ in range(4):
                    while (await resolve(bench.connection, "gh"))["gh"]["token"] != f"token-{number}":
                        pass


async def test_without_keys_a_manager_runs_but_for_connections(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    async with open_bench(bus, nats_url, tmp_path / "index") as bench:
        for reply in (
            await bench.http.get("/connections"),
            await bench.http.put("/connections/gh", json={"type": "bearer", "values": {"token": "s3cr3t"}}),
            await bench.http.delete("/connections/gh"),
            await bench.http.post("/connections/rotate"),
        ):
            assert (reply.status_code, reply.json()["code"]) == (503, "connection.no_keys")
            assert "GNATWORK_SECRET_KEYS" in reply.json()["detail"]
        assert await resolve(bus, "gh") == "connection.no_keys"
        assert (await bench.http.get("/runs")).status_code == 200


async def test_a_manager_with_other_keys_does_not_start(bench: Bench, nats_url: str, tmp_path: Path) -> None:
    with pytest.raises(SecretKeysError, match="do not open what is stored"):
        async with running_manager(nats_url, tmp_path / "second", secret_keys=SecretKeys.parse(NEW)):
            pass


async def test_rotation(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    async with open_bench(bus, nats_url, tmp_path / "a", secret_keys=SecretKeys.parse(OLD)) as bench:
        for name in ("a", "b", "c"):
            await put(bench, name, "bearer", {"token": f"token of {name}"})
    both = SecretKeys.parse(f"{NEW},{OLD}")
    async with open_bench(bus, nats_url, tmp_path / "b", secret_keys=both) as bench:
        await put(bench, "c", "bearer", {"token": "token of c"})
        rotated = (await bench.http.post("/connections/rotate")).json()
        assert rotated == {"key": NEW.partition(":")[0], "sealed": 2, "current": 1}
        assert (await ask(bus, "connection.rotate"))["sealed"] == 0
        await put(bench, "d", "bearer", {"token": "token of d"})
    async with open_bench(bus, nats_url, tmp_path / "c", secret_keys=SecretKeys.parse(NEW)):
        values = await resolve(bus, "a", "b", "c", "d")
        assert {name: found["token"] for name, found in values.items()} == {
            name: f"token of {name}" for name in ("a", "b", "c", "d")
        }
    # The old key is of no more use.
    with pytest.raises(SecretKeysError, match="do not open what is stored"):
        async with running_manager(nats_url, tmp_path / "d", secret_keys=SecretKeys.parse(OLD)):
            pass


async def test_what_can_not_be_opened_is_said(bench: Bench) -> None:
    await put(bench, "gh", "bearer", {"token": "s3cr3t"})
    bucket = Bucket(bench.connection, subjects.CONNECTIONS_BUCKET)
    entry = await bucket.get(subjects.connection_key("default", "gh"))
    assert entry
    # What was sealed for one name opens under no other.
    await bucket.put(subjects.connection_key("default", "moved"), entry.value)
    assert await resolve(bench.connection, "moved") == "connection.unreadable"


async def test_only_oauth2_asks_anyone_for_anything(bench: Bench) -> None:
    await put(bench, "gh", "bearer", {"token": "s3cr3t"})
    for verb in ("test", "authorize"):
        reply = await bench.http.post(f"/connections/gh/{verb}")
        assert (reply.status_code, "oauth2" in reply.json()["detail"]) == (422, True)
