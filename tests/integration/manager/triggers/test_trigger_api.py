"""Triggers as people look at them and change them, over HTTP and NATS, by hand and by the client."""

from typing import Any

import httpx
import orjson
import pytest
from support.hooking import BLOCKS, put_workflow, start_of_run, state_once, trigger_of, webhook
from support.managing import TOKEN, Bench, until
from support.peopling import visitor

from gnatwork import Client, RequestError
from gnatwork_bus.kv import Bucket
from gnatwork_schemas import subjects
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.triggers import StoredTrigger, TriggerState

FETCH = BlockType(
    type="fetch",
    title="Fetch",
    summary="Fetches.",
    config_schema={"type": "object", "properties": {"url": {"type": "string"}}, "additionalProperties": False},
    output_schema=True,
)
NIGHTLY = {"id": "nightly", "type": "schedule", "cron": "0 3 * * *", "timezone": "Europe/Madrid"}


async def ask(bench: Bench, verb: str, **body: Any) -> dict[str, Any]:
    reply = await bench.connection.request(subjects.api("default", verb), orjson.dumps(body))
    document: dict[str, Any] = orjson.loads(reply.data)
    return document


async def until_written(bench: Bench, id_: str) -> None:
    """It is stored, and not only gathered, that a trigger has begun a run."""
    state = Bucket(bench.connection, subjects.STATE_BUCKET)

    async def is_written() -> bool:
        entry = await state.get(subjects.trigger_state_key("default", "shop", id_))
        return entry is not None and TriggerState.model_validate_json(entry.value).fired == 1

    await until(is_written)


async def add(bench: Bench, trigger: Any, **headers: str) -> httpx.Response:
    return await bench.http.post("/workflows/shop/triggers", json=trigger, headers=headers)


async def test_a_trigger_is_shown_with_all_that_is_known_of_it(bench: Bench) -> None:
    await put_workflow(bench, webhook(), NIGHTLY)
    hook = StoredTrigger.model_validate(await trigger_of(bench))
    assert (hook.workflow, hook.source, hook.enabled, hook.trigger.id) == ("shop", "definition", True, "hook")
    assert (hook.addresses[1], hook.next_at, hook.state.fired) == ("/hooks/orders", None, 0)
    nightly = StoredTrigger.model_validate(await trigger_of(bench, "nightly"))
    assert nightly.addresses == ()
    assert nightly.next_at
    reply = await bench.http.get("/workflows/shop/triggers")
    assert [item["trigger"]["id"] for item in reply.json()["items"]] == ["hook", "nightly"]


async def test_an_added_trigger_stays_whatever_is_published(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    added = await add(bench, NIGHTLY)
    assert (added.status_code, added.headers["location"]) == (201, "/api/v1/workflows/shop/triggers/nightly")
    assert (added.json()["source"], added.json()["trigger"]["cron"]) == ("api", "0 3 * * *")
    await put_workflow(bench, description="without triggers")
    items = (await bench.http.get("/workflows/shop/triggers")).json()["items"]
    assert [(item["trigger"]["id"], item["source"]) for item in items] == [("nightly", "api")]
    assert (await bench.http.delete("/workflows/shop/triggers/nightly")).status_code == 204
    gone = await bench.http.get("/workflows/shop/triggers/nightly")
    assert (gone.status_code, gone.json()["code"]) == (404, "trigger.not_found")


async def test_an_added_trigger_is_replaced_as_a_whole(bench: Bench) -> None:
    await put_workflow(bench)
    path = "/workflows/shop/triggers/hook"
    made = await bench.http.put(path, json=webhook(rate_limit={"max": 5, "per": "1m"}))
    assert made.status_code == 201
    await bench.http.post(f"{path}/disable")
    changed = await bench.http.put(path, json={"type": "webhook", "path": "/other"})
    assert (changed.status_code, changed.json()["enabled"]) == (200, True)
    assert (changed.json()["trigger"]["rate_limit"], changed.json()["addresses"][1]) == (None, "/hooks/other")
    assert changed.json()["addresses"][0] == made.json()["addresses"][0]


async def test_a_trigger_of_the_definition_is_switched_and_nothing_else(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    path = "/workflows/shop/triggers/hook"
    for reply in (await bench.http.put(path, json=webhook()), await bench.http.delete(path)):
        assert (reply.status_code, reply.json()["code"]) == (409, "trigger.defined")
        assert "disable" in reply.json()["detail"]
    assert (await bench.http.post(f"{path}/disable")).json()["enabled"] is False
    await put_workflow(bench, webhook(), description="the next version")
    assert (await trigger_of(bench))["enabled"] is False
    assert (await bench.http.post(f"{path}/enable")).json()["enabled"] is True


async def test_ids_and_paths_belong_to_one_trigger(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    taken = await add(bench, NIGHTLY | {"id": "hook"})
    assert (taken.status_code, taken.json()["code"]) == (409, "trigger.exists")
    path = await add(bench, webhook(id="second"))
    assert (path.status_code, path.json()["errors"][0]["pointer"]) == (409, "/path")
    await add(bench, NIGHTLY)
    published = await bench.http.put(
        "/workflows/shop", json={"blocks": [{"id": "a", "type": "noop"}], "triggers": [NIGHTLY]}
    )
    assert (published.status_code, published.json()["code"]) == (409, "trigger.exists")


WRONG: list[tuple[Any, str]] = [
    ([], ""),
    ({"id": "a"}, ""),
    ({"id": "a", "type": "webhok"}, "/type"),
    ({"id": "A", "type": "webhook"}, "/id"),
    ({"id": "a", "type": "webhook", "paht": "/a"}, "/paht"),
    ({"id": "a", "type": "webhook", "path": "no"}, "/path"),
    ({"id": "a", "type": "webhook", "auth": "key"}, ""),
    ({"id": "a", "type": "webhook", "auth": "key", "secret": "plain"}, "/secret"),
    ({"id": "a", "type": "webhook", "input": {"x": "{{ body.a }}"}}, "/input/x"),
    ({"id": "a", "type": "schedule", "cron": "61 * * * *"}, "/cron"),
    ({"id": "a", "type": "schedule", "cron": "@daily", "timezone": "Mars/Olympus"}, "/timezone"),
    ({"id": "a", "type": "webhook", "max_body": 0}, "/max_body"),
]


async def test_what_is_wrong_with_a_trigger_is_named_at_its_place(bench: Bench) -> None:
    await put_workflow(bench)
    for trigger, pointer in WRONG:
        reply = await add(bench, trigger)
        assert reply.status_code == 422, (trigger, reply.text)
        assert pointer in [error["pointer"] for error in reply.json()["errors"]], trigger
    assert (await bench.http.get("/workflows/shop/triggers")).json()["items"] == []


async def test_writes_may_depend_on_what_was_seen(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    tag = (await bench.http.get("/workflows/shop/triggers/hook")).headers["etag"]
    first = await add(bench, NIGHTLY, **{"If-Match": tag})
    assert (first.status_code, first.headers["etag"] == tag) == (201, False)
    for reply in (
        await add(bench, NIGHTLY | {"id": "second"}, **{"If-Match": tag}),
        await bench.http.delete("/workflows/shop/triggers/nightly", headers={"If-Match": tag}),
        await bench.http.post("/workflows/shop/triggers/hook/disable", headers={"If-Match": tag}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (412, "workflow.changed")
    assert (await trigger_of(bench))["revision"] == int(first.headers["etag"].strip('"'))


async def test_a_preview_tells_times_in_the_zone_of_the_schedule(bench: Bench) -> None:
    await put_workflow(bench, webhook(), NIGHTLY)
    times = (await bench.http.get("/workflows/shop/triggers/nightly/preview")).json()["times"]
    assert len(times) == 10
    assert all(one["local"][11:19] == "03:00:00" for one in times)
    assert [one["at"] for one in times] == sorted(one["at"] for one in times)
    refused = await bench.http.get("/workflows/shop/triggers/hook/preview")
    assert (refused.status_code, refused.json()["code"]) == (409, "trigger.no_times")


async def test_a_trigger_is_fired_by_hand_to_see_what_it_does(bench: Bench) -> None:
    made = {"total": "{{ event.total }}", "kind": "{{ trigger.headers.kind ?? 'none' }}"}
    await put_workflow(bench, webhook(input=made, enabled=False))
    path = "/workflows/shop/triggers/hook/fire"
    body = {"event": {"total": 5}, "trigger": {"headers": {"kind": "test"}}}
    reply = await bench.http.post(path, json=body)
    assert reply.status_code == 202
    start = await start_of_run(bench, reply.json()["run_id"])
    assert (start.input, start.trigger.type) == ({"total": 5, "kind": "test"}, "webhook")
    missing = await bench.http.post(path)
    assert (missing.status_code, missing.json()["code"]) == (422, "template.missing")
    state = await state_once(bench, lambda state: state.fired and state.last_error)
    assert (state.fired, state.last_run) == (1, start.run_id)
    wrongs: list[Any] = [[], {"evnt": 1}, {"trigger": []}, {"trigger": {"x": "y" * 17_000}}]
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    wrongs.append({"trigger": {"x": deep}})
    for wrong in wrongs:
        assert (await bench.http.post(path, json=wrong)).status_code == 422


async def test_a_workflow_that_is_not_published_has_nothing_to_fire(bench: Bench) -> None:
    await bench.http.put("/workflows/shop?publish=false", json={"blocks": BLOCKS})
    await add(bench, webhook())
    refused = await bench.http.post("/workflows/shop/triggers/hook/fire")
    assert (refused.status_code, refused.json()["code"]) == (404, "workflow.not_found")
    async with httpx.AsyncClient(base_url=bench.address.url) as outside:
        assert (await outside.post("/hooks/orders")).json()["code"] == "hook.not_found"


async def test_the_triggers_of_a_namespace_come_in_pages(bench: Bench) -> None:
    for name in ("b", "a"):
        await put_workflow(bench, *(NIGHTLY | {"id": f"t{n}"} for n in range(3)), name=name)
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await bench.http.get("/triggers", params=query)).json()
        seen += [(item["workflow"], item["trigger"]["id"]) for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [(name, f"t{n}") for name in "ab" for n in range(3)]
    other = await bench.http.get("/triggers", headers={"X-Gnatwork-Namespace": "other"})
    assert other.json()["items"] == []


async def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    await put_workflow(bench)
    for method, path, code in (
        ("GET", "/workflows/none/triggers", "workflow.not_found"),
        ("POST", "/workflows/none/triggers", "workflow.not_found"),
        ("GET", "/workflows/shop/triggers/none", "trigger.not_found"),
        ("DELETE", "/workflows/shop/triggers/none", "trigger.not_found"),
        ("POST", "/workflows/shop/triggers/none/enable", "trigger.not_found"),
        ("POST", "/workflows/shop/triggers/none/fire", "trigger.not_found"),
    ):
        reply = await bench.http.request(method, path, json=NIGHTLY if path.endswith("triggers") else None)
        assert (reply.status_code, reply.json()["code"]) == (404, code), path


async def test_a_removed_trigger_leaves_no_state(bench: Bench) -> None:
    await put_workflow(bench)
    await add(bench, webhook())
    await bench.http.post("/workflows/shop/triggers/hook/fire")
    await until_written(bench, "hook")
    await bench.http.delete("/workflows/shop/triggers/hook")
    await add(bench, webhook())
    assert (await trigger_of(bench))["state"]["fired"] == 0
    await bench.http.delete("/workflows/shop/triggers/hook")
    state = Bucket(bench.connection, subjects.STATE_BUCKET)
    assert await state.get(subjects.trigger_state_key("default", "shop", "hook")) is None


async def test_what_became_of_a_trigger_is_forgotten_with_it_and_kept_by_the_next_version(bench: Bench) -> None:
    await put_workflow(bench, webhook(), NIGHTLY)
    for id_ in ("hook", "nightly"):
        await bench.http.post(f"/workflows/shop/triggers/{id_}/fire", json={"event": {}})
        await until_written(bench, id_)
    await put_workflow(bench, webhook(path="/moved"), NIGHTLY | {"cron": "@hourly"})
    assert [(await trigger_of(bench, id_))["state"]["fired"] for id_ in ("hook", "nightly")] == [1, 1]
    await put_workflow(bench, description="without triggers")
    await put_workflow(bench, webhook(), NIGHTLY)

    async def all_is_forgotten() -> bool:
        return [(await trigger_of(bench, id_))["state"]["fired"] for id_ in ("hook", "nightly")] == [0, 0]

    await until(all_is_forgotten)
    await bench.http.post("/workflows/shop/triggers/hook/fire", json={"event": {}})
    await state_once(bench, lambda state: state.fired == 1)


@pytest.mark.parametrize("way", ["http", "nats"])
async def test_the_client_does_all_of_it(bench: Bench, nats_url: str, way: str) -> None:
    await put_workflow(bench, webhook())
    address, token = (bench.address.url, TOKEN) if way == "http" else (nats_url, None)
    async with Client(address, token=token) as client:
        triggers = client.triggers
        assert [one.trigger.id for one in (await triggers.list()).items] == ["hook"]
        added = await triggers.add("shop", NIGHTLY)
        assert (added.source, added.next_at is not None) == ("api", True)
        changed = await triggers.put("shop", "nightly", NIGHTLY | {"cron": "@hourly"})
        assert changed.trigger.model_dump()["cron"] == "@hourly"
        assert len((await triggers.preview("shop", "nightly")).times) == 10
        assert (await triggers.disable("shop", "nightly")).enabled is False
        assert (await triggers.enable("shop", "nightly")).enabled is True
        run = await triggers.fire("shop", "hook", {"a": 1}, details={"headers": {}})
        assert (await run.get()).input == {"a": 1}
        assert (await triggers.get("shop", "hook")).state.last_run == run.run_id
        await triggers.delete("shop", "nightly")
        assert [one.trigger.id for one in (await triggers.list("shop")).items] == ["hook"]
        with pytest.raises(RequestError) as refused:
            await triggers.delete("shop", "hook")
        assert refused.value.problem.code == "trigger.defined"


@pytest.mark.parametrize("way", ["http", "nats"])
async def test_the_client_changes_a_trigger_only_in_the_state_that_it_has_seen(
    bench: Bench, nats_url: str, way: str
) -> None:
    await put_workflow(bench, webhook())
    address, token = (bench.address.url, TOKEN) if way == "http" else (nats_url, None)
    async with Client(address, token=token) as client:
        triggers = client.triggers
        seen = (await triggers.get("shop", "hook")).revision
        added = await triggers.add("shop", NIGHTLY, revision=seen)
        assert added.revision != seen
        for stale in (
            triggers.add("shop", NIGHTLY | {"id": "other"}, revision=seen),
            triggers.put("shop", "nightly", NIGHTLY, revision=seen),
            triggers.delete("shop", "nightly", revision=seen),
            triggers.disable("shop", "nightly", revision=seen),
            triggers.enable("shop", "nightly", revision=seen),
        ):
            with pytest.raises(RequestError) as refused:
                await stale
            assert refused.value.problem.code == "workflow.changed"
        off = await triggers.disable("shop", "nightly", revision=added.revision)
        on = await triggers.enable("shop", "nightly", revision=off.revision)
        changed = await triggers.put("shop", "nightly", NIGHTLY | {"cron": "@hourly"}, revision=on.revision)
        await triggers.delete("shop", "nightly", revision=changed.revision)
        assert [one.trigger.id for one in (await triggers.list("shop")).items] == ["hook"]


async def test_what_an_added_poll_fetches_is_checked_as_in_a_definition(bench: Bench) -> None:
    await put_workflow(bench)
    await bench.announce(FETCH)
    poll = {"id": "feed", "type": "polling", "every": "1h", "items": "{{ response.body }}", "key": "{{ item.id }}"}
    refused = await add(bench, poll | {"fetch": {"url": "https://example.org", "metod": "GET"}})
    fault = refused.json()["errors"][0]
    assert (refused.status_code, fault["code"]) == (422, "block.config_invalid")
    assert fault["pointer"] == "/fetch/metod"
    put = await bench.http.put("/workflows/shop/triggers/feed", json=poll | {"fetch": {"url": 7}})
    assert put.json()["errors"][0]["pointer"] == "/fetch/url"
    assert (await add(bench, poll | {"fetch": {"url": "https://example.org/{{ cursor }}"}})).status_code == 201


async def test_the_verbs_take_conditions_and_refuse_what_they_do_not_know(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    shown = await ask(bench, "trigger.get", name="shop", id="hook")
    tag = f'"{shown["revision"]}"'
    assert (await ask(bench, "trigger.disable", name="shop", id="hook", if_match=tag))["enabled"] is False
    stale = await ask(bench, "trigger.enable", name="shop", id="hook", if_match=tag)
    assert stale["problem"]["code"] == "workflow.changed"
    for verb in ("get", "put", "delete", "enable", "disable", "preview", "fire"):
        unknown = await ask(bench, f"trigger.{verb}", name="shop", id="hook", nonsense=1)
        assert unknown["problem"]["code"] == "request.invalid", verb


async def test_viewers_do_not_see_what_would_let_them_start_runs(bench: Bench) -> None:
    await put_workflow(bench, webhook())
    guest = visitor(bench.address)
    async with guest.http:
        admin = await guest.founded()
        viewer = await guest.invited(admin, "vera@example.org", {"default": "viewer"})
        editor = await guest.invited(admin, "ed@example.org", {"default": "editor"})
        for path in ("/workflows/shop/triggers/hook", "/workflows/shop/triggers", "/triggers"):
            seen = [(await guest.ask("GET", path, token)).json() for token in (viewer, editor)]
            less, more = (one["items"][0] if "items" in one else one for one in seen)
            assert less["addresses"] == ["/hooks/orders"] == more["addresses"][1:]
            assert len(more["addresses"]) == 2
        refused = await guest.ask("POST", "/workflows/shop/triggers/hook/fire", viewer)
        assert refused.json()["code"] == "auth.forbidden"


@pytest.mark.parametrize("depth", [150, 190, 198, 220, 1000])
async def test_a_trigger_that_nobody_could_read_again_is_not_stored(bench: Bench, depth: int) -> None:
    await put_workflow(bench)
    deep = b"[" * depth + b"]" * depth
    body = b'{"id": "deep", "type": "webhook", "input": ' + deep + b"}"
    refused = await bench.http.post("/workflows/shop/triggers", content=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "request.invalid")
    assert (await bench.http.get("/workflows")).json()["items"][0]["name"] == "shop"
