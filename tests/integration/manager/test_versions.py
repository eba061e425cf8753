"""Versions of stored workflows: drafts, publishing, rolling back, and comparing, over HTTP and NATS."""

from typing import Any

import pytest
from support.managing import BLOCK_TYPES, Bench, start_of
from support.stored import WEBHOOK, ask, change, definition, published, put, state, stored

from gnatwork_schemas.diff import WorkflowDiff
from gnatwork_schemas.triggers import TRIGGER
from gnatwork_schemas.workflow import WorkflowVersion

_, RESPONSE = BLOCK_TYPES
SCHEDULE = {"id": "daily", "type": "schedule", "cron": "0 6 * * *"}


async def test_a_draft_does_not_run_unless_asked_for(bench: Bench) -> None:
    await put(bench, definition("a"))
    drafted = await bench.http.post("/workflows/news/versions", json=definition("b"))
    assert (drafted.status_code, drafted.headers["location"]) == (201, "/api/v1/workflows/news/versions/2")
    version = WorkflowVersion.model_validate(drafted.json())
    assert (version.version, version.published, version.created_by) == (2, False, "token")
    assert version.definition == {"name": "news", **definition("b")}
    assert await published(bench) == (1, "a")
    run = await bench.http.post("/workflows/news/runs", json={"version": 2})
    assert start_of(await bench.events(run.json()["run_id"])).control_block == version.control_block


async def test_the_same_draft_again_is_no_new_version(bench: Bench) -> None:
    await put(bench, definition("a"))
    first = await bench.http.post("/workflows/news/versions", json=definition("b"))
    again = await bench.http.post("/workflows/news/versions", json=definition("b"))
    assert (again.status_code, again.json()) == (200, first.json())


async def test_what_is_published_again_is_no_new_version_after_a_rollback(bench: Bench) -> None:
    await put(bench, definition("a"))
    await put(bench, definition("b"))
    await bench.http.post("/workflows/news/versions/1/publish")
    again = await put(bench, definition("a"))
    assert (again.status_code, again.json()["version"], again.json()["newest"]) == (200, 1, 2)
    newest = await put(bench, definition("b"))
    assert (newest.status_code, newest.json()["version"], newest.json()["newest"]) == (200, 2, 2)


async def test_a_workflow_may_begin_as_a_draft(bench: Bench) -> None:
    reply = await put(bench, definition(triggers=[WEBHOOK], labels={"team": "ops"}), publish=False)
    assert (reply.status_code, reply.json()["version"], reply.json()["newest"]) == (201, None, 1)
    assert (reply.json()["definition"], reply.json()["labels"]) == (None, {})
    assert (await stored(bench)).triggers() == {}
    start = await bench.http.post("/workflows/news/runs")
    assert (start.status_code, start.json()["code"]) == (404, "workflow.not_found")
    await bench.http.post("/workflows/news/versions/1/publish")
    assert await published(bench) == (1, "a")


async def test_a_draft_is_of_an_existing_workflow(bench: Bench) -> None:
    reply = await bench.http.post("/workflows/news/versions", json=definition())
    assert (reply.status_code, reply.json()["code"]) == (404, "workflow.not_found")
    assert await state(bench).list("definition.>") == []


async def test_publishing_moves_labels_and_triggers_with_it(bench: Bench) -> None:
    await put(bench, definition("a", labels={"team": "ops"}, triggers=[WEBHOOK, SCHEDULE]))
    before = await stored(bench)
    await put(bench, definition("b", labels={"team": "dev"}, triggers=[WEBHOOK]))
    after = await stored(bench)
    assert (before.labels, list(before.triggers())) == ({"team": "ops"}, ["hook", "daily"])
    assert (after.labels, list(after.triggers())) == ({"team": "dev"}, ["hook"])
    rolled_back = await bench.http.post("/workflows/news/versions/1/publish")
    assert (rolled_back.status_code, rolled_back.json()["version"]) == (200, 1)
    assert rolled_back.json()["labels"] == {"team": "ops"}
    assert (await stored(bench)).defined == before.defined


async def test_a_webhook_keeps_its_address_for_as_long_as_there_is_one(bench: Bench) -> None:
    await put(bench, definition("a", triggers=[WEBHOOK]))
    address = (await stored(bench)).hooks["hook"]
    assert len(address) == 22
    await put(bench, definition("b", triggers=[{**WEBHOOK, "method": "PUT"}, {**WEBHOOK, "id": "other"}]))
    hooks = (await stored(bench)).hooks
    assert hooks["hook"] == address != hooks["other"]
    await put(bench, definition("c"))
    assert (await stored(bench)).hooks == {}
    await bench.http.post("/workflows/news/versions/1/publish")
    assert (await stored(bench)).hooks["hook"] != address


async def test_publishing_what_is_published_changes_nothing(bench: Bench) -> None:
    first = await put(bench, definition(triggers=[WEBHOOK]))
    again = await bench.http.post("/workflows/news/versions/1/publish")
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_version_that_no_longer_compiles_is_not_published(bench: Bench) -> None:
    await put(bench, {"blocks": [{"id": "answer", "type": "response", "config": {"status": 200}}]})
    await put(bench, definition("b"))
    await bench.announce(RESPONSE.model_copy(update={"config_schema": {"type": "object", "required": ["body"]}}))
    reply = await bench.http.post("/workflows/news/versions/1/publish")
    assert (reply.status_code, reply.json()["code"]) == (422, "block.config_invalid")
    assert [fault["pointer"] for fault in reply.json()["errors"]] == ["/blocks/0/config"]
    assert await published(bench) == (2, "b")


async def test_a_version_is_published_as_it_compiles_today(bench: Bench) -> None:
    first = (await put(bench, {"blocks": [{"id": "answer", "type": "response"}]})).json()
    await put(bench, definition())
    await bench.announce(RESPONSE.model_copy(update={"responds": False}))
    again = (await bench.http.post("/workflows/news/versions/1/publish")).json()
    digests = [document["versions"][-1]["control_block"] for document in (first, again)]
    assert digests[0] != digests[1]
    run = await bench.http.post("/workflows/news/runs")
    assert start_of(await bench.events(run.json()["run_id"])).control_block == digests[1]


@pytest.mark.parametrize("path", ["", "/publish", "/diff/1", "/diff/9"])
async def test_an_unknown_version_is_not_found(bench: Bench, path: str) -> None:
    await put(bench, definition())
    method = "POST" if path == "/publish" else "GET"
    reply = await bench.http.request(method, f"/workflows/news/versions/9{path}")
    assert (reply.status_code, reply.json()["code"]) == (404, "workflow.not_found")
    reply = await bench.http.request(method, f"/workflows/olds/versions/1{path}")
    assert (reply.status_code, reply.json()["code"]) == (404, "workflow.not_found")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5"])
async def test_what_is_no_number_of_a_version(bench: Bench, number: str) -> None:
    reply = await bench.http.get(f"/workflows/news/versions/{number}")
    assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")


async def test_versions_come_in_pages_and_one_by_one(bench: Bench) -> None:
    for text in ("a", "b", "c"):
        await put(bench, definition(text))
    await bench.http.post("/workflows/news/versions/2/publish")
    first = (await bench.http.get("/workflows/news/versions", params={"limit": 2})).json()
    rest = (await bench.http.get("/workflows/news/versions", params={"cursor": first["next_cursor"]})).json()
    pages = [[(one["version"], one["published"]) for one in page["items"]] for page in (first, rest)]
    assert pages == [[(3, False), (2, True)], [(1, False)]]
    assert rest["next_cursor"] is None
    one = (await bench.http.get("/workflows/news/versions/1")).json()
    assert one == {**rest["items"][0], "definition": {"name": "news", **definition("a")}}


async def test_two_versions_are_compared(bench: Bench) -> None:
    await put(bench, definition("a"))
    await put(bench, definition("b", description="More."))
    reply = await bench.http.get("/workflows/news/versions/1/diff/2")
    diff = WorkflowDiff.model_validate(reply.json())
    assert (diff.old, diff.new, diff.same) == (1, 2, False)
    assert [change_.pointer for change_ in diff.fields] == ["/description"]
    assert [(one.id, one.fields[0].pointer, one.fields[0].old) for one in diff.blocks] == [("say", "/config/text", "a")]
    assert (await bench.http.get("/workflows/news/versions/2/diff/2")).json()["same"] is True


async def test_a_definition_is_compared_before_it_is_stored(bench: Bench) -> None:
    await put(bench, definition("a"))
    await put(bench, definition("b"), publish=False)
    newest = (await bench.http.post("/workflows/news/diff", json=definition("b"))).json()
    assert (newest["old"], newest["new"], newest["same"]) == (2, None, True)
    first = await bench.http.post("/workflows/news/diff", json=definition("b"), params={"version": 1})
    assert (first.json()["old"], first.json()["same"]) == (1, False)
    bad = await bench.http.post("/workflows/news/diff", json={"blocks": [{"id": "a", "type": "nope"}]})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/blocks/0/type")
    assert (await bench.http.post("/workflows/olds/diff", json=definition())).status_code == 404


async def test_an_order_of_fields_is_no_change(bench: Bench) -> None:
    await put(bench, definition("a", description="As it is."))
    backwards = dict(reversed(definition("a", description="As it is.").items()))
    assert (await put(bench, backwards)).status_code == 200


async def test_a_trigger_of_the_api_is_in_the_way_of_one_with_its_id(bench: Bench) -> None:
    await put(bench, definition("a"))
    await change(bench, added={"hook": TRIGGER.validate_python(WEBHOOK)})
    reply = await put(bench, definition("b", triggers=[SCHEDULE, WEBHOOK]))
    assert (reply.status_code, reply.json()["code"]) == (409, "trigger.exists")
    assert [fault["pointer"] for fault in reply.json()["errors"]] == ["/triggers/1/id"]
    assert [entry.key for entry in await state(bench).list("definition.>")] == ["definition.default.news.1"]
    assert (await put(bench, definition("b", triggers=[SCHEDULE, WEBHOOK]), publish=False)).status_code == 201


async def test_a_path_is_another_webhooks(bench: Bench) -> None:
    def listening(text: str) -> Any:
        return definition(text, triggers=[{**WEBHOOK, "path": "/orders"}])

    await put(bench, listening("a"), "shop")
    reply = await put(bench, listening("b"))
    assert (reply.status_code, reply.json()["code"]) == (409, "trigger.path_taken")
    assert [fault["pointer"] for fault in reply.json()["errors"]] == ["/triggers/0/path"]
    assert await state(bench).list("definition.default.news.*") == []
    await put(bench, definition("c"), "shop")
    assert (await put(bench, listening("b"))).status_code == 201
    back = await bench.http.post("/workflows/shop/versions/1/publish")
    assert (back.status_code, back.json()["code"]) == (409, "trigger.path_taken")


async def test_the_same_over_nats(bench: Bench) -> None:
    created = await ask(bench, "workflow.create", definition=definition("a", name="news"))
    assert (created["version"], created["owner"]) == (1, "nats")
    drafted = await ask(bench, "workflow.draft", name="news", definition=definition("b"))
    assert (drafted["version"], drafted["published"], drafted["created_by"]) == (2, False, "nats")
    assert [one["version"] for one in (await ask(bench, "workflow.versions", name="news", limit=1))["items"]] == [2]
    assert await ask(bench, "workflow.version", name="news", version=2) == drafted
    assert (await ask(bench, "workflow.diff", name="news", version=1, other=2))["same"] is False
    assert (await ask(bench, "workflow.diff", name="news", definition=definition("b")))["same"] is True
    assert (await ask(bench, "workflow.publish", name="news", version=2))["version"] == 2
    assert await ask(bench, "workflow.delete", name="news") == {"v": 1}
    assert (await ask(bench, "workflow.get", name="news"))["problem"]["code"] == "workflow.not_found"
