"""Webhooks, as those outside call them."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.executing import hosting
from support.hooking import ANSWER, hooks_of, put_workflow, start_of_run, state_once, trigger_of, webhook
from support.managing import Bench, open_bench, until

from gnatwork_blocks.builtin.condition import Condition
from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.claims import claim_key, parse_claim
from gnatwork_manager.http.bounds import HttpBounds
from gnatwork_schemas import subjects


async def post(bench: Bench, place: str = "/orders", **how: Any) -> httpx.Response:
    async with hooks_of(bench) as outside:
        return await outside.post(place, **how)


async def test_a_call_begins_a_run_of_the_published_version(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    headers = {"X-Event": "paid", "Authorization": "Bearer s3cret", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    reply = await post(bench, "/orders?a=1&b=2&a=3", json={"total": 5}, headers=headers)
    assert reply.status_code == 202, reply.text
    run_id = reply.json()["run_id"]
    assert reply.json() == {"run_id": run_id, "status_url": f"/api/v1/runs/{run_id}"}
    assert (reply.headers["location"], reply.headers["x-gnatwork-run"]) == (f"/api/v1/runs/{run_id}", run_id)
    events = await bench.events(run_id)
    assert (events[0].headers or {})["traceparent"] == headers["traceparent"]
    start = await start_of_run(bench, run_id)
    assert (start.workflow, start.version, start.input) == ("shop", 1, {"total": 5})
    assert (start.trigger.type, start.trigger.id) == ("webhook", "hook")
    details = start.trigger.details
    assert (details["method"], details["path"], details["delivery"]) == ("POST", "/orders", None)
    assert (details["query"], details["headers"]["x-event"]) == ({"a": ["1", "3"], "b": "2"}, "paid")
    assert "authorization" not in details["headers"]
    assert (await bench.http.get(f"/runs/{run_id}")).json()["trigger"] == {"type": "webhook", "id": "hook"}


async def test_an_answer_may_be_empty(bench: Bench) -> None:
    await put_workflow(bench, webhook(respond="empty"))
    for _ in range(2):
        reply = await post(bench, json=1, headers={"Idempotency-Key": "k"})
        assert (reply.status_code, reply.content) == (200, b"")
        assert (await start_of_run(bench, reply.headers["x-gnatwork-run"])).input == 1


async def test_a_filter_says_which_calls_begin_a_run(bench: Bench, nats_url: str) -> None:
    condition = "trigger.headers['x-event'] === 'paid' && event.total > 1"
    await put_workflow(bench, webhook(filter=condition, max_body=4_000_000))
    async with hosting(nats_url, Condition):
        assert (await post(bench, json={"total": 5}, headers={"X-Event": "paid"})).status_code == 202
        assert (await post(bench, json={"total": 5}, headers={"X-Event": "sent"})).status_code == 204
        assert (await post(bench, json={"total": 1}, headers={"X-Event": "paid"})).status_code == 204
        # More than one message holds, but not what the filter looks at.
        large = {"total": 5, "lines": "x" * 2_000_000}
        assert (await post(bench, json=large, headers={"X-Event": "paid"})).status_code == 202
        failed = await post(bench, json=None, headers={"X-Event": "paid"})
        assert (failed.status_code, failed.json()["code"]) == (422, "trigger.filter_failed")
    assert len((await bench.http.get("/runs")).json()["items"]) == 2


async def test_the_input_is_made_of_the_event_and_of_how_it_came(bench: Bench) -> None:
    made = {"total": "{{ event.order.total }}", "kind": "{{ trigger.headers['x-event'] }} by {{ trigger.method }}"}
    await put_workflow(bench, webhook(input=made))
    reply = await post(bench, json={"order": {"total": 5}}, headers={"X-Event": "paid"})
    start = await start_of_run(bench, reply.json()["run_id"])
    assert start.input == {"total": 5, "kind": "paid by POST"}


async def test_a_webhook_has_an_address_that_nobody_can_guess(bench: Bench) -> None:
    await put_workflow(bench, webhook(path=None), webhook(id="other"))
    secret, *more = (await trigger_of(bench))["addresses"]
    assert (more, len(secret) > 20) == ([], True)
    async with httpx.AsyncClient(base_url=bench.address.url) as outside:
        assert (await outside.post(secret, json=1)).status_code == 202
        assert (await outside.post(f"/api/v1{secret}", json=1)).status_code == 202
    addresses = (await trigger_of(bench, "other"))["addresses"]
    assert (addresses[1:], addresses[0] == secret) == (["/hooks/orders"], False)


async def test_a_webhook_takes_its_method_and_no_other(bench: Bench) -> None:
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    await put_workflow(
        bench,
        *(webhook(id=method.lower(), method=method, path=f"/{method.lower()}") for method in methods),
        webhook(id="both", path="/get", input="posted"),
    )
    async with hooks_of(bench) as outside:
        for method in methods:
            taken = await outside.request(method, f"/{method.lower()}")
            assert taken.status_code == 202, method
            assert (await start_of_run(bench, taken.json()["run_id"])).trigger.id == method.lower()
        posted = await outside.post("/get")
        assert (await start_of_run(bench, posted.json()["run_id"])).input == "posted"
        for other in ("PUT", "PATCH", "DELETE"):
            refused = await outside.request(other, "/get")
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
        for other in ("HEAD", "OPTIONS"):
            refused = await outside.request(other, "/get")
            assert refused.status_code == 405
            assert "access-control-allow-origin" not in refused.headers


async def test_nothing_is_told_at_an_unknown_address(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    for place in ("/", "/nothing", "/orders/", "/orders/more", "/ORDERS", "/%2e%2e/orders", "/hook"):
        reply = await post(bench, place, json=1)
        assert (reply.status_code, reply.json()["code"]) == (404, "hook.not_found"), place
        assert "shop" not in reply.text


async def test_a_webhook_that_is_off_is_not_there(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    await bench.http.post("/workflows/shop/triggers/hook/disable")
    assert (await post(bench)).json()["code"] == "hook.not_found"
    await bench.http.post("/workflows/shop/triggers/hook/enable")
    assert (await post(bench)).status_code == 202


async def test_what_is_published_is_what_the_next_call_runs(bench: Bench) -> None:
    for number in range(1, 6):
        await put_workflow(bench, webhook(input=number), description=str(number))
        start = await start_of_run(bench, (await post(bench)).json()["run_id"])
        assert (start.version, start.input) == (number, number)


async def test_the_same_delivery_again_is_the_same_run(bench: Bench) -> None:
    await put_workflow(bench, webhook(), webhook(id="other", path="/other"))
    headers = {"X-GitHub-Delivery": "d-1"}
    first = await post(bench, json=1, headers=headers)
    again = await post(bench, json={"other": "body"}, headers=headers)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert (await start_of_run(bench, first.json()["run_id"])).trigger.details["delivery"] == "d-1"
    elsewhere = [
        await post(bench, "/other", json=1, headers=headers),
        await post(bench, json=1, headers={"X-GitHub-Delivery": "d-2"}),
        await post(bench, json=1),
        await post(bench, json=1),
    ]
    assert len({reply.json()["run_id"] for reply in (first, *elsewhere)}) == 5


@pytest.mark.parametrize("respond", ["accepted", "run"])
async def test_a_delivery_whose_run_has_been_deleted_is_taken_and_begins_nothing(bench: Bench, respond: str) -> None:
    await put_workflow(bench, webhook(respond=respond, deadline="1s"))
    headers = {"webhook-id": "d-1"}
    first = await post(bench, json=1, headers=headers)
    key, claims = (
        claim_key("default", "shop/hook/d-1", "occurrence"),
        Bucket(bench.connection, subjects.IDEMPOTENCY_BUCKET),
    )

    async def begun() -> bool:
        entry = await claims.get(key)
        return entry is not None and parse_claim(entry.value).begun

    await until(begun, 20)
    await bench.connection.api(f"STREAM.PURGE.{subjects.HISTORY}")
    again = await post(bench, json=1, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (202, 200, first.json())
    assert not await bench.events(first.json()["run_id"])


async def test_a_delivery_and_the_key_of_a_request_never_meet(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    hooked = await post(bench, json=1, headers={"Idempotency-Key": "same"})
    keys = ("same", "shop/hook/same")
    asked = [
        await bench.http.post("/workflows/shop/runs", json={"input": 1}, headers={"Idempotency-Key": key})
        for key in keys
    ]
    assert [reply.status_code for reply in asked] == [202, 202]
    assert len({reply.json()["run_id"] for reply in (hooked, *asked)}) == 3


async def test_a_delivery_that_comes_many_times_at_once_is_one_run(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    async with hooks_of(bench) as outside:
        calls = (outside.post("/orders", json=n, headers={"webhook-id": "msg_1"}) for n in range(20))
        replies = await asyncio.gather(*calls)
    assert {reply.status_code for reply in replies} <= {200, 202}
    assert len({reply.json()["run_id"] for reply in replies}) == 1
    state = await state_once(bench, lambda state: state.fired == 1)
    assert state.last_run == replies[0].json()["run_id"]


async def test_bodies_are_events(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    sent: list[tuple[dict[str, Any], Any, str | None]] = [
        ({"data": {"a": "1"}}, {"a": "1"}, None),
        ({"content": b"hi", "headers": {"Content-Type": "text/plain"}}, "hi", None),
        ({"content": b"\xff", "headers": {"Content-Type": "image/png"}}, "/w==", "base64"),
        ({}, None, None),
    ]
    for how, event, encoding in sent:
        start = await start_of_run(bench, (await post(bench, **how)).json()["run_id"])
        assert (start.input, start.trigger.details.get("encoding")) == (event, encoding)


async def test_a_large_body_is_an_input_like_any_other(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    reply = await post(bench, json={"text": "x" * 200_000})
    run = (await bench.http.get(f"/runs/{reply.json()['run_id']}")).json()
    assert run["input"] == {"text": "x" * 200_000}


async def test_malformed_json_is_refused_and_noted(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    reply = await post(bench, content=b'{"a": ', headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (400, "request.invalid_json")
    await state_once(bench, lambda state: (state.last_error or "").startswith("request.invalid_json"))


async def test_what_the_workflow_does_not_take_is_refused_and_noted(bench: Bench) -> None:
    await put_workflow(bench, webhook(), input={"type": "object", "required": ["total"]})
    reply = await post(bench, json={})
    assert (reply.status_code, reply.json()["code"]) == (422, "input.invalid")
    await put_workflow(bench, webhook(input="{{ event.order.id }}"))
    reply = await post(bench, json={})
    assert (reply.status_code, reply.json()["code"]) == (422, "template.missing")
    state = await state_once(bench, lambda state: "template.missing" in (state.last_error or ""))
    assert (state.fired, state.last_run) == (0, None)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_of_its_webhook_is_refused(bench: Bench, chunked: bool) -> None:
    await put_workflow(bench, webhook(max_body=1000))

    async def chunks() -> Any:
        for _ in range(11):
            yield b"x" * 100

    body = chunks() if chunked else b"x" * 1001
    reply = await post(bench, content=body, headers={"Content-Type": "text/plain"})
    assert (reply.status_code, reply.json()["code"]) == (413, "request.too_large")
    assert (await post(bench, content=b"x" * 1000, headers={"Content-Type": "text/plain"})).status_code == 202


async def test_headers_that_no_run_keeps_are_refused(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    reply = await post(bench, headers={f"X-{n}": "x" * 4000 for n in range(5)})
    assert (reply.status_code, reply.json()["code"]) == (431, "hook.headers_too_large")


async def test_who_sends_slowly_is_not_waited_for(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None
) -> None:
    bounds = HttpBounds(body_timeout=0.2, tick=0.05)
    async with open_bench(bus, nats_url, tmp_path / "index", http=bounds) as bench:
        await put_workflow(bench, webhook())
        reader, writer = await asyncio.open_connection(bench.address.host, bench.address.port)
        writer.write(b"POST /hooks/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx")
        async with asyncio.timeout(20):
            answer = await reader.read()
        assert b" 408 " in answer.splitlines()[0]
        writer.close()
        await writer.wait_closed()
        assert (await trigger_of(bench))["state"]["fired"] == 0


async def test_a_caller_may_wait_for_the_reply(bench: Bench) -> None:
    await put_workflow(bench, webhook(respond="run", deadline="20s"), blocks=ANSWER)
    calling = asyncio.create_task(post(bench, json=1, headers={"Idempotency-Key": "k"}))
    state = await state_once(bench, lambda state: state.fired == 1)
    reply_block = {"status": 201, "headers": {"X-Mine": "yes"}, "body": {"ok": True}}
    await bench.put_out(state.last_run or "", "answer", reply_block, "shop")
    reply = await calling
    assert (reply.status_code, reply.json(), reply.headers["x-mine"]) == (201, {"ok": True}, "yes")
    assert reply.headers["x-gnatwork-run"] == state.last_run
    again = await post(bench, json=1, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()) == (201, {"ok": True})


async def test_a_reply_that_does_not_come_in_time_degrades_to_202(bench: Bench) -> None:
    await put_workflow(bench, webhook(respond="run", deadline="50ms"), blocks=ANSWER)
    reply = await post(bench, json=1)
    assert reply.status_code == 202
    assert reply.json()["status_url"] == reply.headers["location"]


@pytest.mark.parametrize(("ends_well", "status"), [(True, 200), (False, 500)])
async def test_a_run_without_a_reply_tells_outsiders_no_more_than_whether_it_worked(
    bench: Bench, ends_well: bool, status: int
) -> None:
    await put_workflow(bench, webhook(respond="run", deadline="20s"))
    calling = asyncio.create_task(post(bench, json=1))
    run_id = (await state_once(bench, lambda state: state.fired == 1)).last_run or ""
    base = (await bench.events(run_id))[0].subject.removesuffix(".start")
    end = (
        ("complete", b'{"v": 1, "output": "private"}')
        if ends_well
        else ("failed", b'{"v": 1, "error": {"code": "x.y", "message": "private", "task": "say"}}')
    )
    await bench.history.append(base, *end)
    reply = await calling
    assert (reply.status_code, reply.headers["x-gnatwork-run"]) == (status, run_id)
    assert "private" not in reply.text


async def test_the_run_of_a_caller_that_leaves_goes_on(bench: Bench) -> None:
    await put_workflow(bench, webhook(respond="run", deadline="20s"), blocks=ANSWER)
    _, writer = await asyncio.open_connection(bench.address.host, bench.address.port)
    writer.write(b"POST /hooks/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1")
    run_id = (await state_once(bench, lambda state: state.fired == 1)).last_run or ""
    writer.close()
    await writer.wait_closed()
    events = await bench.events(run_id)
    assert [event.subject.rsplit(".", 1)[1] for event in events] == ["start"]


async def test_a_webhook_lets_in_as_many_calls_as_its_rate(bench: Bench) -> None:
    await put_workflow(bench, webhook(rate_limit={"max": 5, "per": "1h"}))
    replies = [await post(bench, json=n) for n in range(8)]
    assert [reply.status_code for reply in replies] == [202] * 5 + [429] * 3
    assert replies[-1].json()["code"] == "hook.rate_limited"
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 2 * 3600


async def test_metrics_count_what_triggers_began_and_what_was_refused(bench: Bench) -> None:
    await put_workflow(bench, webhook(max_body=10))
    assert (await post(bench, json={})).status_code == 202
    await post(bench, content=b"x" * 100)
    await post(bench, "/nowhere")
    text = await bench.metrics()
    for line in (
        'gnatwork_triggers_fired_total{type="webhook"} 1.0',
        'gnatwork_triggers_failed_total{type="webhook"} 1.0',
        'gnatwork_hooks_refused_total{code="request.too_large"} 1.0',
        'gnatwork_hooks_refused_total{code="hook.not_found"} 1.0',
    ):
        assert line in text, text
    assert "nowhere" not in text


async def test_a_secret_that_can_not_be_had_is_our_fault_and_noted(bench: Bench) -> None:
    await put_workflow(bench, webhook(auth="key", secret="{{ connections.shop.key }}"))
    reply = await post(bench, json=1, headers={"X-Gnatwork-Key": "k"})
    assert (reply.status_code, reply.json()["code"]) == (503, "hook.secret_unusable")
