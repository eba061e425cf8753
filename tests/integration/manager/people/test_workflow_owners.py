"""Workflows belong to those who made them: others of the team may change them, but not delete them."""

import pytest
from support.peopling import Visitor, code_of


@pytest.mark.usefixtures("catalogue")
async def test_a_workflow_is_deleted_by_its_owner_or_an_admin(one: Visitor) -> None:
    async def put(name: str, token: str, text: str = "a") -> dict[str, object]:
        blocks = [{"id": "say", "type": "noop", "config": {"text": text}}]
        reply = await one.ask("PUT", f"/workflows/{name}", token, "team", blocks=blocks)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    admin = await one.founded("ada@example.org")
    bob = await one.invited(admin, "bob@example.org", {"team": "editor"})
    eve = await one.invited(admin, "eve@example.org", {"team": "editor"})
    reply = await one.ask("POST", "/auth/keys", bob, name="bob@example.org", roles={"team": "editor"})
    key = reply.json()["key"]
    reply = await one.ask("POST", "/auth/keys", eve, name="bob@example.org", roles={"team": "editor"})
    pretender = reply.json()["key"]

    for name in ("one", "two", "three"):
        assert (await put(name, bob))["owner"] == "person:bob@example.org"
    assert (await put("one", eve, "b"))["owner"] == "person:bob@example.org"
    assert (await put("four", key))["owner"] == "key:bob@example.org"
    mine = await one.ask("GET", "/workflows?owner=bob@example.org", bob, "team")
    assert [item["name"] for item in mine.json()["items"]] == ["four", "one", "three", "two"]

    for token in (eve, pretender):
        for name in ("one", "four"):
            refused = await one.ask("DELETE", f"/workflows/{name}", token, "team")
            assert code_of(refused) == (403, "auth.forbidden")
    for name, token in (("one", bob), ("two", key), ("three", admin), ("four", bob)):
        assert (await one.ask("DELETE", f"/workflows/{name}", token, "team")).status_code == 204
