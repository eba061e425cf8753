import base64
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from support.resources import resources
from support.site import Reply, Site

from gnatwork_blocks.builtin.hook import Hook
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.shared import Shared
from gnatwork_blocks.testing import Recorder, run_block

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_a_call_is_signed(site: Site, ctx: BlockContext) -> None:
    url = site.on("/hook", Reply(status=202, body=b'{"ok": true}', headers=(("content-type", "application/json"),)))
    body = {"event": "news", "text": "é 🦟", "n": [1, None]}
    output = await run_block(Hook, {"url": url, "body": body, "secret": SECRET, "headers": {"X-A": "b"}}, ctx)
    assert output == {"status": 202, "body": {"ok": True}}
    request = site.requests[0]
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-a"] == "b"
    assert Webhook(SECRET).verify(request.body, request.headers) == body
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", request.headers)


async def test_every_attempt_has_the_same_id(site: Site, http: Shared[httpx.AsyncClient]) -> None:
    recorder = Recorder(resources=resources(http=http))
    url = site.on("/", Reply())
    for attempt in (1, 2):
        await run_block(Hook, {"url": url}, recorder.context(attempt=attempt, idempotency_key="run:each/3/tell"))
    assert {request.headers["webhook-id"] for request in site.requests} == {"run:each/3/tell"}
    assert len(site.requests) == 2


async def test_a_call_without_a_secret_has_id_and_time(site: Site, ctx: BlockContext) -> None:
    before = int(datetime.now(UTC).timestamp())
    assert await run_block(Hook, {"url": site.on("/", Reply(status=204))}, ctx) == {"status": 204, "body": None}
    request = site.requests[0]
    assert request.headers["webhook-id"] == ctx.idempotency_key
    assert before <= int(request.headers["webhook-timestamp"]) <= datetime.now(UTC).timestamp()
    assert "webhook-signature" not in request.headers
    assert request.body == b"{}"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("body", [None, 0, "text", [1], {"a": 1}])
async def test_any_json_is_a_body(site: Site, ctx: BlockContext, method: str, body: Any) -> None:
    config = {"url": site.on("/", Reply()), "method": method, "body": body, "secret": SECRET}
    await run_block(Hook, config | {"headers": {"content-type": "application/cloudevents+json"}}, ctx)
    request = site.requests[0]
    assert (request.method, json.loads(request.body)) == (method, body)
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert Webhook(SECRET).verify(request.body, request.headers) == body


async def test_bytes_are_marked_as_base64(site: Site, ctx: BlockContext) -> None:
    url = site.on("/", Reply(body=b"\xff", headers=(("content-type", "image/png"),)))
    assert await run_block(Hook, {"url": url}, ctx) == {"status": 200, "body": "/w==", "body_encoding": "base64"}


@pytest.mark.parametrize(("status", "retryable"), [(301, False), (304, False), (410, False), (429, True), (500, True)])
async def test_all_but_success_is_an_error(site: Site, ctx: BlockContext, status: int, retryable: bool) -> None:
    url = site.redirect("/", "/elsewhere", status)
    with pytest.raises(BlockError) as caught:
        await run_block(Hook, {"url": url}, ctx)
    assert (caught.value.code, caught.value.retryable) == ("http.status", retryable)
    assert len(site.requests) == 1


async def test_private_addresses_are_refused(site: Site, ctx: BlockContext) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Hook, {"url": f"http://127.0.0.2:{site.port}/"}, ctx)
    assert caught.value.code == "http.blocked_address"


@pytest.mark.parametrize("length", [24, 25, 26, 64])
async def test_secrets_of_every_length(site: Site, ctx: BlockContext, length: int) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * length).decode()
    for given in (secret, secret.rstrip("=")):
        await run_block(Hook, {"url": site.on("/", Reply()), "secret": given}, ctx)
        Webhook(secret).verify(site.requests[-1].body, site.requests[-1].headers)


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_c2hv", "whsec_!!!", SECRET.removeprefix("whsec_"), "whsec_" + "A" * 100, "whsec_é"],
)
async def test_a_secret_that_is_none(site: Site, ctx: BlockContext, secret: str) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Hook, {"url": site.on("/", Reply()), "secret": secret}, ctx)
    assert (caught.value.code, caught.value.retryable) == ("hook.invalid_secret", False)
    assert not site.requests


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"method": "GET"},
        {"headers": {"Webhook-Id": "mine"}},
        {"headers": {"webhook-signature": "mine"}},
        {"headers": {"content-length": "1"}},
        {"secret": 5},
        {"follow_redirects": True},
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: dict[str, Any]) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Hook, config if not config else {"url": "http://a", **config}, ctx)
    assert caught.value.code == "block.config_invalid"
