"""Definitions in other languages do what the users of those systems expect."""

import json
import re
from typing import Any

import httpx
from support.documents import ROOT
from support.installation import Installation
from support.running import ended, statuses
from support.site import Reply, Request, Site

from gnatwork import Client

_JSON = (("content-type", "application/json"),)
_GOLDEN = ROOT / "tests/unit/engine/compiler/dialects/golden"


def _says(value: Any, status: int = 200) -> Reply:
    return Reply(status=status, headers=_JSON, body=json.dumps(value).encode())


def _bodies(web: Site, path: str) -> list[Any]:
    return [json.loads(request.body) for request in web.asked(path)]


async def test_a_filter_ends_ordered_steps_as_completed(client: Client, web: Site) -> None:
    tell = web.on("/tell", _says({"told": True}))
    definition = {
        "trigger": {"type": "http_request", "config": {"method": "POST", "path": "/orders"}},
        "steps": [
            {"id": "1", "type": "filter", "config": {"expression": "payload.total > 50"}},
            {
                "id": "2",
                "type": "http_request",
                "config": {"method": "POST", "url": tell, "body": "{{payload.customer}}"},
            },
            {"id": "3", "type": "transform", "config": {"expression": "steps['2'].body.told && payload.total"}},
        ],
    }
    small = await ended(await client.start(definition, input={"total": 10, "customer": {"name": "Ada"}}))
    assert small.status == "completed"
    assert (await statuses(small.run))["2"] == "skipped"
    large = await ended(await client.start(definition, input={"total": 80, "customer": {"name": "Bob"}}))
    assert large.output == {"3": 80}
    assert _bodies(web, "/tell") == [{"name": "Bob"}]


def _graph(web: Site, *, stops: bool) -> dict[str, Any]:
    steps = [
        {"id": "hook", "type": "TRIGGER", "ref": "http.webhook", "next": ["left", "right"]},
        {
            "id": "left",
            "type": "ACTION",
            "ref": "http.request",
            "next": "both",
            "params": {"url": f"{web.url}/left/{{{{id}}}}"},
        },
        {
            "id": "right",
            "type": "ACTION",
            "ref": "http.request",
            "next": "both",
            "stopOnFailure": stops,
            "retry": {"maxAttempts": 2, "backoffMs": 10},
            "params": {"url": f"{web.url}/right"},
        },
        {
            "id": "both",
            "type": "ACTION",
            "ref": "http.request",
            "params": {"method": "POST", "url": f"{web.url}/both", "body": {"all": "{{data}}", "name": "{{name}}"}},
        },
    ]
    return {"name": "Branches", "entryStepId": "hook", "steps": steps}


async def test_results_are_merged_into_the_data_of_a_step_graph(client: Client, web: Site) -> None:
    web.on("/left/7", _says({"name": "Ada", "n": 1}))
    web.on("/right", _says([1, 2]))
    web.on("/both", _says({"n": 2}))
    done = await ended(await client.start(_graph(web, stops=True), input={"id": 7, "name": "nobody"}))
    assert done.output == {"id": 7, "name": "Ada", "n": 2, "right": [1, 2]}
    assert _bodies(web, "/both") == [{"all": {"id": 7, "name": "Ada", "n": 1, "right": [1, 2]}, "name": "Ada"}]


async def test_a_failed_step_stops_a_step_graph_unless_it_says_otherwise(client: Client, web: Site) -> None:
    web.on("/left/7", _says({}))
    web.on("/right", _says({"error": "not now"}, 503))
    web.on("/both", _says(None))
    stopped = await ended(await client.start(_graph(web, stops=True), input={"id": 7, "name": "Ada"}))
    assert (stopped.status, stopped.code) == ("failed", "http.status")
    assert len(web.asked("/right")) == 2
    assert web.asked("/both") == []
    went_on = await ended(await client.start(_graph(web, stops=False), input={"id": 7, "name": "Ada"}))
    assert went_on.output == {"id": 7, "name": "Ada"}


async def test_typed_steps_loop_branch_and_handle_errors(client: Client, web: Site) -> None:
    def order(request: Request) -> Reply:
        return _says({"id": json.loads(request.body)["id"] * 10})

    web.on("/orders", _says([{"id": 1, "total": 20}, {"id": 2, "total": 80}, {"id": 3, "total": 90}]))
    web.on("/send", order)
    web.on("/trouble", _says(None))
    send = {"method": "POST", "url": "{{site}}/send", "body": {"id": "{{order.id}}", "of": "{{big[0].id}}"}}
    fail = {"id": "fail", "type": "transform", "position": 9, "config": {"code": "throw new Error(`no ${input.word}`)"}}
    tell = {"method": "POST", "url": "{{site}}/trouble", "body": {"text": "{{error.message}}", "sent": "{{sent[1]}}"}}
    steps = [
        {"id": "get", "type": "http_request", "position": 0, "config": {"url": "{{site}}/orders"}},
        {
            "id": "big",
            "type": "transform",
            "position": 1,
            "config": {"code": "return context.get.data.filter(o => o.total > 50)"},
        },
        {
            "id": "any",
            "type": "conditional",
            "position": 2,
            "config": {"condition": "big.length > 0", "trueSteps": ["each"], "falseSteps": []},
        },
        {
            "id": "each",
            "type": "loop",
            "position": 3,
            "config": {
                "items": "{{big}}",
                "itemVariable": "order",
                "steps": [{"id": "send", "type": "http_request", "config": send}],
            },
        },
        {
            "id": "sent",
            "type": "custom_code",
            "position": 4,
            "config": {
                "language": "javascript",
                "code": "const ids = context.each.map(one => one.send.data.id);\nreturn await Promise.all(ids);",
            },
        },
        fail,
        {
            "id": "trouble",
            "type": "error_handler",
            "position": 10,
            "config": {"steps": [{"id": "tell", "type": "http_request", "config": tell}]},
        },
    ]
    done = await ended(await client.start({"name": "typed", "steps": steps}, input={"site": web.url, "word": "luck"}))
    assert (done.status, done.code) == ("failed", "code.error")
    assert _bodies(web, "/send") == [{"id": 2, "of": 2}, {"id": 3, "of": 2}]
    (told,) = _bodies(web, "/trouble")
    assert told["sent"] == 30
    assert "no luck" in told["text"]


def _from_elsewhere(name: str, web: Site) -> Any:
    """A definition as another system has it, with the hosts that it names played by a site."""
    sent = json.dumps(json.loads((_GOLDEN / f"{name}.json").read_text())["sent"])
    return json.loads(re.sub(r"https://(\w+)\.example\.com", rf"{web.url}/\1", sent))


async def test_ordered_steps_from_elsewhere_send_mail(installation: Installation, client: Client, web: Site) -> None:
    web.on("/email/withTemplate", _says({"ErrorCode": 0, "MessageID": "m-1"}))
    values = {"token": "not-a-real-token", "from": "shop@example.com", "base_url": web.url}
    await client.connections.put("mailer", "mailer", values)
    await client.put_workflow("big-order", _from_elsewhere("ordered-steps", web))
    async with httpx.AsyncClient(base_url=f"{installation.api}/hooks", trust_env=False, timeout=60) as outside:
        order = {"total": 80, "customer": {"email": "ada@example.com"}}
        called = await outside.post("/events/order-created", json=order)
    assert called.status_code == 202, called.text
    done = await ended(client.run(called.json()["run_id"]))
    assert done.output == {"2": {"message_id": "m-1", "submitted_at": None}}
    (mail,) = _bodies(web, "/email/withTemplate")
    assert (mail["From"], mail["To"]) == ("shop@example.com", "ada@example.com")
    assert (mail["TemplateAlias"], mail["TemplateModel"]) == ("big-order", {})


async def test_a_step_graph_from_elsewhere_tells_a_team(client: Client, web: Site) -> None:
    web.on("/api/users/7/notify", _says({"notified": True}))
    web.on("/chat/hooks/1", _says({"ok": True}))
    person = {"userId": 7, "name": "Ada", "email": "ada@example.com"}
    done = await ended(await client.start(_from_elsewhere("step-graph", web), input=person))
    assert done.output == {**person, "notified": True, "ok": True}
    assert _bodies(web, "/api/users/7/notify") == [{"email": "ada@example.com", "name": "Ada"}]
    assert _bodies(web, "/chat/hooks/1") == [{"text": "Ada signed up"}]


async def test_typed_steps_from_elsewhere_import_orders(client: Client, web: Site) -> None:
    small, large = {"id": 1, "total": 20, "items": []}, {"id": 2, "total": 80, "items": [{"name": "soup"}]}
    web.on("/erp/orders", _says({"taken": True}, 201))
    definition, person = _from_elsewhere("typed-steps", web), {"user": {"profile": {"email": "ada@example.com"}}}
    for orders, sent, other in (
        ([small, large], [{"id": 2, "first": "soup"}], "skipped"),
        ([small], [], "completed"),
    ):
        web.on("/shop/orders", _says(orders))
        web.requests.clear()
        done = await ended(await client.start(definition, input=person))
        assert (done.status, done.message) == ("completed", "")
        assert [request.headers["x-user"] for request in web.asked("/shop/orders")] == ["ada@example.com"]
        assert _bodies(web, "/erp/orders") == sent
        assert (await statuses(done.run))["none"] == other
