"""The audit log: who changed what, from where, and that nothing is done in silence."""

from typing import Any

import pytest
from support.managing import TOKEN
from support.peopling import PASSWORD, Visitor, code_of

from gnatwork import Client
from gnatwork_bus.connection import Connection
from gnatwork_schemas import subjects

WORKFLOW: dict[str, Any] = {"blocks": [{"id": "wait", "type": "delay", "config": {"for": "1s"}}]}


async def entries(visitor: Visitor, **query: Any) -> list[dict[str, Any]]:
    """What the log says, the newest first."""
    reply = await visitor.http.get("/audit", params=query, headers={"Authorization": f"Bearer {TOKEN}"})
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["items"]
    return found


async def test_every_change_is_there_with_who_what_and_where(one: Visitor) -> None:
    admin = await one.founded()
    bob = await one.invited(admin, "bob@example.org", {"team": "viewer"})
    assert (await one.ask("PUT", "/workflows/mine", admin, "team", **WORKFLOW)).status_code == 201
    assert (await one.ask("GET", "/workflows/mine", bob, "team")).status_code == 200
    assert (await one.ask("PUT", "/workflows/mine", bob, "team", **WORKFLOW)).status_code == 403
    assert (await one.ask("POST", "/workflows/mine/runs", admin, "team", input={})).status_code == 202
    assert code_of(await one.login("bob@example.org", "wrong password")) == (401, "auth.refused")

    found = await entries(one)
    assert [
        (entry["what"], entry["who"], entry["outcome"], entry["target"], entry["namespace"]) for entry in found
    ] == [
        ("auth.login", "nobody", "refused", "bob@example.org", None),
        ("workflow.put", "person:bob@example.org", "refused", "mine", "team"),
        ("workflow.put", "person:ada@example.org", "done", "mine", "team"),
        ("auth.login", "person:bob@example.org", "done", "bob@example.org", None),
        ("auth.register", "person:bob@example.org", "done", "bob@example.org", None),
        ("invitation.create", "person:ada@example.org", "done", found[5]["target"], None),
        ("auth.login", "person:ada@example.org", "done", "ada@example.org", None),
        ("auth.register", "person:ada@example.org", "done", "ada@example.org", None),
    ]
    assert {entry["address"] for entry in found} == {"127.0.0.1"}
    assert all(entry["request_id"] for entry in found)
    assert found[5]["details"] == {"email": None, "roles": {"team": "viewer"}}
    assert PASSWORD not in str(found)
    assert "wrong password" not in str(found)


async def test_entries_are_found_by_who_what_when_and_page_by_page(one: Visitor) -> None:
    admin = await one.founded()
    for name in ("a", "b", "c"):
        await one.ask("PUT", f"/workflows/{name}", admin, "team", **WORKFLOW)
        await one.ask("PUT", f"/workflows/{name}", TOKEN, **WORKFLOW)
    assert [entry["target"] for entry in await entries(one, what="workflow.put", namespace="team")] == ["c", "b", "a"]
    assert [entry["target"] for entry in await entries(one, what="workflow", who="token")] == ["c", "b", "a"]
    assert [entry["what"] for entry in await entries(one, what="auth")] == ["auth.login", "auth.register"]
    everything = await entries(one)
    assert await entries(one, until=everything[3]["at"]) == everything[4:]
    assert await entries(one, since=everything[3]["at"]) == everything[:4]
    paged: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query: dict[str, Any] = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        reply = await one.http.get("/audit", params=query, headers={"Authorization": f"Bearer {TOKEN}"})
        paged += reply.json()["items"]
        cursor = reply.json()["next_cursor"]
    assert paged == everything


async def test_changes_over_nats_are_there_too(one: Visitor, nats_url: str) -> None:
    async with Client(nats_url, namespace="team") as client:
        await client.put_workflow("mine", WORKFLOW)
        run = await client.start("mine")
        await client.validate(WORKFLOW)
        await client.triggers.add("mine", {"id": "hook", "type": "webhook"})
        await client.triggers.put("mine", "hook", {"id": "hook", "type": "webhook", "path": "/hook"})
        await client.triggers.disable("mine", "hook")
        await run.cancel()
    found = await entries(one)
    assert [(entry["what"], entry["who"], entry["target"], entry["namespace"]) for entry in found] == [
        ("run.cancel", "nats", run.run_id, "team"),
        ("trigger.disable", "nats", "mine/hook", "team"),
        ("trigger.put", "nats", "mine/hook", "team"),
        ("trigger.add", "nats", "mine/hook", "team"),
        ("workflow.put", "nats", "mine", "team"),
    ]


async def test_a_change_that_can_not_be_written_down_is_not_passed_off_as_done(one: Visitor, bus: Connection) -> None:
    await bus.api(f"STREAM.DELETE.{subjects.AUDIT}")
    reply = await one.ask("PUT", "/workflows/mine", TOKEN, **WORKFLOW)
    assert code_of(reply) == (503, "audit.failed")
    assert "may have been done" in reply.json()["title"]
    assert (await one.ask("GET", "/workflows/mine", TOKEN)).status_code == 200


@pytest.mark.parametrize("query", ["what=a%20b", "since=yesterday", "cursor=made-up", "outcome=maybe"])
async def test_what_is_no_question_to_the_log(one: Visitor, query: str) -> None:
    assert code_of(await one.http.get(f"/audit?{query}", headers={"Authorization": f"Bearer {TOKEN}"})) == (
        422,
        "request.invalid",
    )
