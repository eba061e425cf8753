"""Webhooks that want to know who calls: keys and signatures, with secrets from connections."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from standardwebhooks import Webhook
from support.hooking import hooks_of, put_workflow, start_of_run, state_once, webhook
from support.managing import Bench, open_bench

from gnatwork_bus.connection import Connection
from gnatwork_manager.connections.sealing import SecretKeys, generate_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = {"id": "evt_1", "total": 5}
DATA = orjson.dumps(BODY)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def bench(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> AsyncIterator[Bench]:
    """A manager that can open connections, with one that holds the secret."""
    keys = SecretKeys.parse(generate_key())
    async with open_bench(bus, nats_url, tmp_path / "index", secret_keys=keys) as opened:
        connection = {"type": "custom", "values": {"key": SECRET}}
        assert (await opened.http.put("/connections/shop", json=connection)).status_code in (200, 201)
        yield opened


async def put_hook(bench: Bench, **fields: Any) -> None:
    await put_workflow(bench, webhook(secret="{{ connections.shop.key }}", **fields))


async def call(bench: Bench, headers: dict[str, str], data: bytes = DATA) -> httpx.Response:
    async with hooks_of(bench) as outside:
        return await outside.post("/orders", content=data, headers=JSON | headers)


def key() -> dict[str, str]:
    return {"X-Gnatwork-Key": SECRET, "Idempotency-Key": "k-1"}


def standard(id_: str = "msg_1", ago: float = 0.0) -> dict[str, str]:
    at = int(time.time() - ago)
    signature = Webhook(SECRET).sign(id_, datetime.fromtimestamp(at, UTC), DATA.decode())
    return {"webhook-id": id_, "webhook-timestamp": str(at), "webhook-signature": signature}


def github() -> dict[str, str]:
    signed = hmac.new(SECRET.encode(), DATA, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={signed}", "X-GitHub-Delivery": "d-1"}


def stripe() -> dict[str, str]:
    at = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{at}.".encode() + DATA, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={signed}"}


def slack(data: bytes = DATA) -> dict[str, str]:
    at = int(time.time())
    signed = hmac.new(SECRET.encode(), f"v0:{at}:".encode() + data, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={signed}"}


@pytest.mark.parametrize(
    ("fields", "signed", "delivery"),
    [
        ({"auth": "key"}, key, "k-1"),
        ({"auth": "hmac"}, standard, "msg_1"),
        ({"auth": "hmac", "signature": "github"}, github, "d-1"),
        ({"auth": "hmac", "signature": "stripe"}, stripe, "evt_1"),
        ({"auth": "hmac", "signature": "slack", "delivery": "{{ event.id }}"}, slack, "evt_1"),
    ],
    ids=["key", "standard", "github", "stripe", "slack"],
)
async def test_only_who_has_the_secret_is_let_in(
    bench: Bench, fields: dict[str, Any], signed: Callable[[], dict[str, str]], delivery: str
) -> None:
    await put_hook(bench, **fields)
    headers = signed()
    first = await call(bench, headers)
    assert first.status_code == 202, first.text
    again = await call(bench, headers)
    assert (again.status_code, again.json()["run_id"]) == (200, first.json()["run_id"])
    start = await start_of_run(bench, first.json()["run_id"])
    assert (start.input, start.trigger.details["delivery"]) == (BODY, delivery)
    assert SECRET not in start.model_dump_json()
    forged = {name: value[:-1] + ("0" if value[-1] != "0" else "1") for name, value in headers.items()}
    for wrong in ({}, forged):
        refused = await call(bench, wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "hook.unauthorized")
        assert refused.headers["www-authenticate"] == "Webhook"
    state = await state_once(bench, lambda state: state.last_error)
    assert (state.fired, (state.last_error or "").split(":")[0]) == (1, "hook.unauthorized")


async def test_the_challenge_of_slack_is_given_back_to_slack_alone(bench: Bench) -> None:
    await put_hook(bench, auth="hmac", signature="slack")
    data = orjson.dumps(
        {"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
    )
    answered = await call(bench, slack(data), data)
    assert (answered.status_code, answered.text) == (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
    assert answered.headers["content-type"].startswith("text/plain")
    assert (await call(bench, {}, data)).status_code == 401
    assert (await bench.http.get("/runs")).json()["items"] == []


async def test_what_is_replayed_later_is_stale(bench: Bench) -> None:
    await put_hook(bench, auth="hmac", tolerance="1m")
    refused = await call(bench, standard(ago=90))
    assert (refused.status_code, refused.json()["code"]) == (401, "hook.stale")
    assert (await call(bench, standard(ago=-90))).json()["code"] == "hook.stale"
    assert (await call(bench, standard(ago=30))).status_code == 202


async def test_whoever_can_not_show_the_secret_does_not_use_up_the_rate(bench: Bench) -> None:
    await put_hook(bench, auth="key", rate_limit={"max": 1, "per": "1h"})
    for _ in range(3):
        assert (await call(bench, {})).status_code == 401
    assert (await call(bench, {"X-Gnatwork-Key": SECRET})).status_code == 202
    assert (await call(bench, {"X-Gnatwork-Key": SECRET})).status_code == 429


async def test_a_new_secret_counts_at_once(bench: Bench) -> None:
    await put_hook(bench, auth="key")
    await bench.http.put("/connections/shop", json={"type": "custom", "values": {"key": "another"}})
    assert (await call(bench, {"X-Gnatwork-Key": SECRET})).status_code == 401
    assert (await call(bench, {"X-Gnatwork-Key": "another"})).status_code == 202


@pytest.mark.parametrize("secret", ["{{ connections.absent.key }}", "{{ connections.shop.absent }}"])
async def test_a_secret_that_is_missing_lets_nobody_in(bench: Bench, secret: str) -> None:
    await put_workflow(bench, webhook(auth="key", secret=secret))
    refused = await call(bench, {"X-Gnatwork-Key": ""})
    assert (refused.status_code, refused.json()["code"]) == (503, "hook.secret_unusable")
    # Nobody outside learns why; people of the workflow do.
    assert "absent" not in refused.text
    await state_once(bench, lambda state: "connection" in (state.last_error or ""))
