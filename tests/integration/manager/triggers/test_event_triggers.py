"""Event triggers: what is said on NATS, or over HTTP, starts runs, each message one, whichever manager hears it."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.executing import hosting
from support.hooking import put_workflow, start_of_run, state_once
from support.managing import BLOCK_TYPES, Bench, open_bench, until

from gnatwork_blocks.builtin.condition import Condition
from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.direct import read_all
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import reconcile
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.messages import Complete, Start

_MESSAGES = 40


def listening(subject: str = "orders.>", **fields: Any) -> dict[str, Any]:
    return {"id": "hook", "type": "event", "subject": subject, **fields}


async def make_stream(bus: Connection, name: str = "ORDERS", subject: str = "orders.>") -> None:
    await bus.api(f"STREAM.CREATE.{name}", {"name": name, "subjects": [subject]})


async def consumers_of(bus: Connection, stream: str = "ORDERS") -> list[str]:
    try:
        return list((await bus.api(f"CONSUMER.NAMES.{stream}"))["consumers"] or [])
    except ApiError:
        return []


async def listens(bus: Connection, count: int = 1) -> None:
    """Wait until there are so many consumers on the stream."""

    async def look() -> bool:
        return len(await consumers_of(bus)) == count

    await until(look, patience=30)


async def starts(bus: Connection, workflow: str = "shop") -> list[Start]:
    """The starts of all runs of a workflow."""
    messages = await read_all(bus, subjects.HISTORY, f"{subjects.history_of('default', workflow)}.start")
    return [Start.model_validate_json(message.data) for message in messages]


async def inputs_once(bus: Connection, count: int, workflow: str = "shop") -> Counter[Any]:
    """How often each input has started a run, once there are so many."""

    async def look() -> bool:
        return len(await starts(bus, workflow)) >= count

    await until(look, patience=30)
    return Counter(orjson.dumps(start.input) for start in await starts(bus, workflow))


def say(bus: Connection, subject: str, value: Any, headers: Mapping[str, str] | None = None) -> None:
    bus.send(subject, value if isinstance(value, bytes) else orjson.dumps(value), headers=headers)


async def heard(bench: Bench, bus: Connection, subject: str = "orders.probe", name: str = "shop") -> None:
    """Speak until the trigger has heard it: before, what is said is lost."""

    async def look() -> bool:
        say(bus, subject, "probe")
        reply = await bench.http.get(f"/workflows/{name}/triggers/hook")
        return bool(reply.json()["state"]["fired"])

    await until(look, patience=30)


@pytest.fixture
async def second(bench: Bench, bus: Connection, nats_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    assert bench.connection is bus
    async with open_bench(bus, nats_url, tmp_path / "second") as second:
        yield second


@pytest.mark.usefixtures("second")
async def test_each_message_of_core_nats_is_one_run_of_two_managers(bench: Bench, bus: Connection) -> None:
    await put_workflow(bench, listening(input={"n": "{{ event.n ?? null }}", "how": "{{ trigger.subject }}"}))
    await heard(bench, bus)
    for number in range(_MESSAGES):
        say(bus, f"orders.{number}", {"n": number}, {"X-From": "here"})
    wanted = {orjson.dumps({"n": number, "how": f"orders.{number}"}): 1 for number in range(_MESSAGES)}

    async def look() -> bool:
        found = Counter(orjson.dumps(start.input) for start in await starts(bus))
        return wanted.items() <= found.items()

    await until(look, patience=30)
    one = next(start for start in await starts(bus) if start.input["n"] == 3)
    assert (one.trigger.type, one.trigger.id) == ("event", "hook")
    assert one.trigger.details == {"subject": "orders.3", "headers": {"x-from": "here"}}


async def test_what_names_a_message_starts_one_run(bench: Bench, bus: Connection) -> None:
    await put_workflow(bench, listening())
    await heard(bench, bus)
    event = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "created", "data": {"n": 1}}
    binary = {"ce-specversion": "1.0", "ce-id": "8", "ce-source": "/shop", "ce-type": "created"}
    for _ in range(3):
        say(bus, "orders.a", event)
        say(bus, "orders.b", b'{"n": 2}', binary)
        say(bus, "orders.c", {"n": 3}, {"Nats-Msg-Id": "9"})
    say(bus, "orders.end", {"n": 4})

    async def look() -> bool:
        return orjson.dumps({"n": 4}) in {orjson.dumps(start.input) for start in await starts(bus)}

    await until(look, patience=30)
    await inputs_once(bus, 5)
    found = Counter(orjson.dumps(start.input) for start in await starts(bus) if start.input != "probe")
    assert found == Counter(orjson.dumps({"n": number}) for number in (1, 2, 3, 4))


async def test_a_stream_is_listened_to_from_when_the_trigger_is_made(bench: Bench, bus: Connection) -> None:
    await make_stream(bus)
    say(bus, "orders.before", "before")
    await bus.flush()
    await put_workflow(bench, listening(stream="ORDERS", input=["{{ event }}", "{{ trigger.sequence }}"]))
    await listens(bus)
    say(bus, "orders.x", b"caf\xc3\xa9")
    say(bus, "orders.x", b"\xff\xfe")
    assert await inputs_once(bus, 2) == Counter([orjson.dumps(["café", 2]), orjson.dumps(["//4=", 3])])
    encodings = {start.trigger.details.get("encoding") for start in await starts(bus)}
    assert encodings == {None, "base64"}


async def test_what_a_stream_takes_while_no_manager_is_there_is_seen_to_later(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None
) -> None:
    await make_stream(bus)
    async with open_bench(bus, nats_url, tmp_path / "one") as bench:
        await put_workflow(bench, listening(stream="ORDERS"))
        await listens(bus)
    for number in range(_MESSAGES):
        say(bus, "orders.x", number)
    async with open_bench(bus, nats_url, tmp_path / "one"), open_bench(bus, nats_url, tmp_path / "two"):
        assert await inputs_once(bus, _MESSAGES) == Counter(orjson.dumps(number) for number in range(_MESSAGES))


@pytest.mark.usefixtures("second")
async def test_consumers_come_and_go_with_their_triggers(bench: Bench, bus: Connection) -> None:
    await make_stream(bus)
    await put_workflow(bench, listening(stream="ORDERS"))
    await listens(bus)
    (first,) = await consumers_of(bus)
    await put_workflow(bench, listening("orders.*", stream="ORDERS"))

    async def changed() -> bool:
        return first not in await consumers_of(bus)

    await until(changed, patience=30)
    await listens(bus)
    await bench.http.post("/workflows/shop/triggers/hook/disable")
    await listens(bus, 0)
    await bench.http.post("/workflows/shop/triggers/hook/enable")
    await listens(bus)
    await put_workflow(bench)
    await listens(bus, 0)


async def test_a_consumer_is_removed_whose_trigger_went_unseen(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None
) -> None:
    await make_stream(bus)
    async with open_bench(bus, nats_url, tmp_path / "one") as bench:
        await put_workflow(bench, listening(stream="ORDERS"))
        await listens(bus)
    state = subjects.bucket_subject(subjects.STATE_BUCKET, subjects.workflow_key("default", "shop"))
    await bus.api(f"STREAM.PURGE.{subjects.bucket_stream(subjects.STATE_BUCKET)}", {"filter": state})
    async with open_bench(bus, nats_url, tmp_path / "two"):
        await listens(bus, 0)


async def test_a_consumer_is_removed_once_the_cluster_has_a_leader(
    bus: Connection, nats_url: str, tmp_path: Path, catalogue: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_stream(bus)
    async with open_bench(bus, nats_url, tmp_path / "one") as bench:
        await put_workflow(bench, listening(stream="ORDERS"))
        await listens(bus)
    state = subjects.bucket_subject(subjects.STATE_BUCKET, subjects.workflow_key("default", "shop"))
    await bus.api(f"STREAM.PURGE.{subjects.bucket_stream(subjects.STATE_BUCKET)}", {"filter": state})
    answer = Connection.api
    refused: list[str] = []

    async def without_leader(
        connection: Connection, subject: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        if (body or {}).get("last_by_subj") == state and len(refused) < 2:
            refused.append(subject)
            raise ApiError(503, 10008, "JetStream system temporarily unavailable")
        return await answer(connection, subject, body)

    monkeypatch.setattr(Connection, "api", without_leader)
    async with open_bench(bus, nats_url, tmp_path / "two"):
        await listens(bus, 0)
    assert len(refused) == 2


async def test_a_stream_that_is_not_there_yet_is_told_of_and_listened_to_once_it_is(
    bench: Bench, bus: Connection
) -> None:
    await put_workflow(bench, listening(stream="ORDERS"))
    state = await state_once(bench, lambda state: state.last_error)
    assert "ORDERS" in str(state.last_error)
    await make_stream(bus)
    await listens(bus)
    say(bus, "orders.x", 1)
    await inputs_once(bus, 1)


async def test_a_filter_is_asked_of_executors(bench: Bench, bus: Connection, nats_url: str) -> None:
    await make_stream(bus)
    condition = "event.total > 50 && trigger.subject.endsWith('created')"
    await put_workflow(bench, listening(stream="ORDERS", filter=condition))
    await listens(bus)
    say(bus, "orders.created", {"total": 80})
    state = await state_once(bench, lambda state: state.last_error)
    assert "no executor" in str(state.last_error)
    assert await starts(bus) == []
    async with hosting(nats_url, Condition):
        say(bus, "orders.created", {"total": 20})
        say(bus, "orders.changed", {"total": 90})
        say(bus, "orders.created", {"total": 70})
        found = await inputs_once(bus, 2)
        assert found == Counter([orjson.dumps({"total": 80}), orjson.dumps({"total": 70})])
        say(bus, "orders.created", None)
        state = await state_once(bench, lambda state: "trigger.filter_failed" in str(state.last_error))
    info = await bus.api(f"CONSUMER.INFO.ORDERS.{(await consumers_of(bus))[0]}")
    assert info["num_ack_pending"] == 0


async def test_an_event_that_nobody_could_read_again_is_told_of_and_over(bench: Bench, bus: Connection) -> None:
    await make_stream(bus)
    await put_workflow(bench, listening(stream="ORDERS", filter="event"))
    await listens(bus)
    say(bus, "orders.x", b"[" * 300 + b"]" * 300)
    state = await state_once(bench, lambda state: state.last_error)
    assert "nested deeper" in str(state.last_error)

    async def settled() -> bool:
        info = await bus.api(f"CONSUMER.INFO.ORDERS.{(await consumers_of(bus))[0]}")
        return bool(info["ack_floor"]["stream_seq"])

    await until(settled, patience=30)


async def test_an_event_that_can_start_nothing_is_told_of_and_over(bench: Bench, bus: Connection) -> None:
    await make_stream(bus)
    await put_workflow(bench, listening(stream="ORDERS", input="{{ event.n }}"))
    await listens(bus)
    say(bus, "orders.x", {"m": 1})
    say(bus, "orders.x", {"n": 2})
    assert await inputs_once(bus, 1) == Counter([b"2"])
    await state_once(bench, lambda state: "template.missing" in str(state.last_error))


async def end(bench: Bench, run_id: str, workflow: str) -> None:
    await bench.append(run_id, subjects.COMPLETE, Complete(output=1), workflow)


async def test_events_of_runs_start_runs_of_their_own_namespace_and_never_go_round(
    bench: Bench, bus: Connection
) -> None:
    await put_workflow(bench, listening("workflow.*.complete"), name="a")
    await put_workflow(bench, listening("workflow.*.complete"), name="b")
    await put_workflow(bench, name="plain")

    async def start(name: str, **headers: str) -> str:
        reply = await bench.http.post(f"/workflows/{name}/runs", json={}, headers=headers)
        assert reply.status_code == 202, reply.text
        return str(reply.json()["run_id"])

    async def both() -> bool:
        await end(bench, await start("plain"), "plain")
        return bool(await starts(bus, "a") and await starts(bus, "b"))

    await until(both, patience=30)
    first = (await starts(bus, "a"))[0]
    details = first.trigger.details
    assert (details["workflow"], details["event"], details["chain"]) == ("plain", "complete", ["plain"])
    known = len(await starts(bus, "b"))
    await end(bench, first.run_id, "a")

    async def by_a() -> list[Start]:
        return [start for start in await starts(bus, "b") if start.trigger.details["workflow"] == "a"]

    (of_a,) = await until(by_a, patience=30)
    assert known < len(await starts(bus, "b"))
    assert of_a.trigger.details["chain"] == ["a", "plain"]
    count = len(await starts(bus, "a"))
    await end(bench, of_a.run_id, "b")
    last = await start("plain")
    await end(bench, last, "plain")

    async def by_last() -> bool:
        return any(start.trigger.details["run_id"] == last for start in await starts(bus, "a"))

    await until(by_last, patience=30)
    assert len(await starts(bus, "a")) == count + 1


async def test_an_event_over_http_fires_what_listens_to_its_subject(bench: Bench, bus: Connection) -> None:
    await put_workflow(bench, listening(), listening("orders.*", id="two"), listening("other.>", id="three"))
    await put_workflow(bench, listening("orders.created"), name="also")
    body = {"subject": "orders.created", "data": {"n": 1}, "id": "order-1"}
    reply = await bench.http.post("/events", json=body)
    assert reply.status_code == 202
    runs = reply.json()["runs"]
    assert [(run["workflow"], run["trigger"]) for run in runs] == [("also", "hook"), ("shop", "hook"), ("shop", "two")]
    for run in runs:
        assert (await start_of_run(bench, run["run_id"])).input == {"n": 1}
    assert (await bench.http.post("/events", json=body)).json() == reply.json()
    other = await bench.http.post("/events", json=body, headers={"X-Gnatwork-Namespace": "other"})
    assert other.json() == {"runs": []}
    twin = await bus.request(subjects.api("default", "events.publish"), orjson.dumps(body))
    assert orjson.loads(twin.data)["runs"] == runs


async def test_a_cloudevent_over_http_is_heard_by_its_type_and_its_subject(bench: Bench) -> None:
    await put_workflow(bench, listening("com.example.>"), listening("orders.7", id="two"))
    event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.created", "subject": "orders.7"}
    reply = await bench.http.post("/events", json={**event, "data": [1]})
    assert [run["trigger"] for run in reply.json()["runs"]] == ["hook", "two"]
    start = await start_of_run(bench, reply.json()["runs"][0]["run_id"])
    assert start.input == [1]
    assert start.trigger.details["cloudevent"] == event
    binary = {f"ce-{name}": value for name, value in event.items()} | {"content-type": "application/json"}
    again = await bench.http.post("/events", content=b"[1]", headers=binary)
    assert again.json() == reply.json()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "request.invalid"),
        ({}, "request.invalid"),
        ({"subject": "a", "more": 1}, "request.invalid"),
        ({"subject": "a", "id": ""}, "request.invalid"),
        ({"subject": "a.*"}, "trigger.bad_subject"),
        ({"subject": "history.x"}, "trigger.bad_subject"),
        ({"subject": "workflow.x"}, "trigger.bad_subject"),
        ({"specversion": "1.0", "id": "1", "source": "/a"}, "request.invalid"),
        ({"specversion": "1.0", "id": "1", "source": "/a", "type": "> >"}, "trigger.bad_subject"),
    ],
)
async def test_what_is_no_event_is_refused(bench: Bench, body: Any, code: str) -> None:
    reply = await bench.http.post("/events", json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, code)


async def test_an_event_over_http_waits_for_no_executor(bench: Bench) -> None:
    await put_workflow(bench, listening(filter="event > 1"))
    reply = await bench.http.post("/events", json={"subject": "orders.x", "data": 2, "id": "1"})
    assert (reply.status_code, reply.json()["code"]) == (503, "engine.unavailable")


async def test_triggers_listen_again_after_nats_was_away(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "nats") as server, Connection.open(server.url, name="test") as connection:
        await reconcile(connection)
        await make_stream(connection)
        state = Bucket(connection, subjects.STATE_BUCKET)
        for entry in BLOCK_TYPES:
            await state.put(subjects.catalogue_key(entry.type), entry.model_dump_json().encode())
        async with open_bench(connection, server.url, tmp_path / "index") as bench:
            await put_workflow(bench, listening(stream="ORDERS"))
            await put_workflow(bench, listening("plain.>"), name="core")
            await listens(connection)
            await server.stop()
            await server.start()

            async def heard_both() -> bool:
                say(connection, "plain.x", 1)
                say(connection, "orders.x", 1)
                await connection.flush()
                with contextlib.suppress(UnavailableError):
                    return bool(await starts(connection, "core") and await starts(connection))
                return False

            await until(heard_both, patience=40)


async def test_a_stream_that_is_made_anew_is_listened_to_again(bench: Bench, bus: Connection) -> None:
    await make_stream(bus)
    await put_workflow(bench, listening(stream="ORDERS"))
    await listens(bus)
    await bus.api("STREAM.DELETE.ORDERS")
    await make_stream(bus)
    await listens(bus)
    say(bus, "orders.x", 1)
    await inputs_once(bus, 1)
