"""Pausing, resuming and signalling runs, over HTTP and NATS."""

import asyncio
from typing import Any

import orjson
import pytest
from support.managing import Bench

from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.compiler import digest, encode
from gnatwork_manager.claims import Claim, Claims, digest_of
from gnatwork_manager.run_ids import new_run_id
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock
from gnatwork_schemas.messages import PauseRequest, ResumeRequest, Signal, Start
from gnatwork_schemas.payload import PayloadRef

APPROVAL = ControlBlock(
    workflow="adhoc",
    blocks=(
        ControlledBlock(
            id="approval",
            type="wait",
            kind="wait",
            config={"schema": {"type": "object", "properties": {"by": {"type": "string"}}, "required": ["by"]}},
        ),
    ),
)


async def begin(bench: Bench, control_block: ControlBlock = APPROVAL) -> str:
    """Begin a run of a control block; its id."""
    encoded = encode(control_block)
    await Bucket(bench.connection, subjects.STATE_BUCKET).put(subjects.control_block_key(digest(encoded)), encoded)
    run_id = new_run_id()
    await bench.append(
        run_id, subjects.START, Start(run_id=run_id, workflow="adhoc", control_block=digest(encoded), input=None)
    )
    return run_id


async def ask(bench: Bench, verb: str, **body: Any) -> dict[str, Any]:
    reply = await bench.connection.request(subjects.api("default", verb), orjson.dumps(body))
    document: dict[str, Any] = orjson.loads(reply.data)
    return document


async def names(bench: Bench, run_id: str) -> list[str]:
    return [subjects.parse_history(event.subject).event for event in await bench.events(run_id)]


async def test_pause_and_resume_store_requests(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    paused = await bench.http.post(f"/runs/{run_id}/pause", json={"reason": "night"})
    again = await bench.http.post(f"/runs/{run_id}/pause")
    resumed = await bench.http.post(f"/runs/{run_id}/resume")
    for reply in (paused, again, resumed):
        assert (reply.status_code, reply.json()) == (202, {"run_id": run_id, "status": "pending"})
    assert (await ask(bench, "run.pause", run_id=run_id, reason="day"))["run_id"] == run_id
    assert (await ask(bench, "run.resume", run_id=run_id))["run_id"] == run_id
    assert await names(bench, run_id) == [
        "start",
        *["request.pause"] * 2,
        "request.resume",
        "request.pause",
        "request.resume",
    ]
    events = await bench.events(run_id)
    assert [PauseRequest.model_validate_json(events[n].data).reason for n in (1, 2, 4)] == ["night", "", "day"]
    assert ResumeRequest.model_validate_json(events[3].data).v == 1


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("pause", {"why": 1}),
        ("pause", {"reason": 1}),
        ("pause", {"reason": "x" * 1001}),
        ("pause", []),
        ("resume", {"reason": "x"}),
        ("resume", []),
        ("signals/Go", {}),
        ("signals/a.b", {}),
        ("signals/go", {"value": 1}),
        ("signals/go", "text"),
    ],
)
async def test_bad_requests_store_nothing(bench: Bench, linear: dict[str, Any], action: str, body: Any) -> None:
    run_id = await bench.submit(linear)
    reply = await bench.http.post(f"/runs/{run_id}/{action}", json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")
    assert await names(bench, run_id) == ["start"]


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "signals/go"])
async def test_a_run_that_has_ended_takes_nothing(bench: Bench, linear: dict[str, Any], action: str) -> None:
    run_id = await bench.submit(linear)
    await bench.complete(run_id)
    reply = await bench.http.post(f"/runs/{run_id}/{action}")
    assert (reply.status_code, reply.json()["code"]) == (409, "run.ended")
    assert "complete" in reply.json()["detail"]
    assert await names(bench, run_id) == ["start", "complete"]


@pytest.mark.parametrize("run_id", ["*", "a.>", new_run_id()])
@pytest.mark.parametrize("action", ["pause", "resume", "signals/go"])
async def test_an_unknown_run_is_not_found(bench: Bench, run_id: str, action: str) -> None:
    reply = await bench.http.post(f"/runs/{run_id}/{action}")
    assert (reply.status_code, reply.json()["code"]) == (404, "run.not_found")


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("run.pause", {}, "request.invalid"),
        ("run.pause", {"run_id": new_run_id()}, "run.not_found"),
        ("run.resume", {"run_id": new_run_id(), "reason": "x"}, "request.invalid"),
        ("run.signal", {"run_id": new_run_id()}, "request.invalid"),
        ("run.signal", {"run_id": new_run_id(), "name": "Go"}, "request.invalid"),
        ("run.signal", {"run_id": new_run_id(), "name": "go", "idempotency_key": ""}, "request.invalid"),
        ("run.signal", {"run_id": new_run_id(), "name": "go"}, "run.not_found"),
    ],
)
async def test_bad_requests_over_nats(bench: Bench, verb: str, body: dict[str, Any], code: str) -> None:
    assert (await ask(bench, verb, **body))["problem"]["code"] == code


async def test_a_signal_is_stored_with_its_data(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    for body in (b'{"data": {"n": 1}}', b"{}", b""):
        reply = await bench.http.post(f"/runs/{run_id}/signals/go-on_2", content=body)
        assert (reply.status_code, reply.json()) == (202, {"run_id": run_id, "status": "pending"})
    assert (await ask(bench, "run.signal", run_id=run_id, name="go-on_2", data=[3]))["run_id"] == run_id
    _, *stored = await bench.events(run_id)
    assert {subjects.parse_history(event.subject).event for event in stored} == {"signal.go-on_2"}
    signals = [Signal.model_validate_json(event.data) for event in stored]
    assert [signal.data for signal in signals] == [{"n": 1}, None, None, [3]]
    assert {signal.name for signal in signals} == {"go-on_2"}


@pytest.mark.parametrize("data", ["x" * 100_000, {"$payload": {"id": "made-up"}}])
async def test_large_data_is_a_payload_of_the_run(bench: Bench, linear: dict[str, Any], data: Any) -> None:
    run_id = await bench.submit(linear)
    assert (await bench.http.post(f"/runs/{run_id}/signals/go", json={"data": data})).status_code == 202
    signal = Signal.model_validate_json((await bench.events(run_id))[-1].data)
    reference = PayloadRef.model_validate(signal.data["$payload"])
    assert orjson.loads(await Payloads(bench.connection).get("default", run_id, reference)) == data


async def test_data_meets_the_schema_of_the_block_that_waits(bench: Bench) -> None:
    run_id = await begin(bench)
    reply = await bench.http.post(f"/runs/{run_id}/signals/approval", json={"data": {"by": 7}})
    assert (reply.status_code, reply.json()["code"]) == (422, "signal.invalid")
    assert reply.json()["errors"][0]["pointer"] == "/data/by"
    problem = (await ask(bench, "run.signal", run_id=run_id, name="approval"))["problem"]
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("signal.invalid", "/data")
    assert await names(bench, run_id) == ["start"]
    assert (await bench.http.post(f"/runs/{run_id}/signals/approval", json={"data": {"by": "me"}})).status_code == 202
    assert (await bench.http.post(f"/runs/{run_id}/signals/other", json={"data": 7})).status_code == 202


async def test_too_deep_data_is_refused(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    reply = await bench.http.post(f"/runs/{run_id}/signals/go", content=f'{{"data": {"[" * 200}{"]" * 200}}}')
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/data")


async def test_signals_race_with_the_end(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    async with asyncio.TaskGroup() as tasks:
        sending = [
            tasks.create_task(bench.http.post(f"/runs/{run_id}/signals/go", json={"data": n})) for n in range(50)
        ]
        tasks.create_task(bench.append_end(run_id))
    replies = [sent.result() for sent in sending]
    found = await names(bench, run_id)
    assert found.count("signal.go") == sum(reply.status_code == 202 for reply in replies)
    assert {reply.status_code for reply in replies} <= {202, 409}
    assert found[-1] == "complete"


class TestIdempotency:
    KEY = "approve-once"

    async def send(self, bench: Bench, run_id: str, data: Any = 1, name: str = "go", key: str = KEY) -> Any:
        headers = {"Idempotency-Key": key}
        return await bench.http.post(f"/runs/{run_id}/signals/{name}", json={"data": data}, headers=headers)

    async def test_the_same_signal_again_is_stored_once(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id = await bench.submit(linear)
        replies = await asyncio.gather(*(self.send(bench, run_id) for _ in range(20)))
        assert {reply.status_code for reply in replies} == {202}
        over_nats = await ask(bench, "run.signal", run_id=run_id, name="go", data=1, idempotency_key=self.KEY)
        assert over_nats["run_id"] == run_id
        assert (await self.send(bench, run_id, key="another")).status_code == 202
        assert await names(bench, run_id) == ["start", "signal.go", "signal.go"]

    async def test_a_repeat_after_the_end_is_harmless_too(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id = await bench.submit(linear)
        await self.send(bench, run_id)
        await bench.complete(run_id)
        assert (await self.send(bench, run_id)).status_code == 202
        late = await self.send(bench, run_id, key="late")
        assert (late.status_code, late.json()["code"]) == (409, "run.ended")
        assert (await self.send(bench, run_id, key="late")).status_code == 409

    async def test_another_signal_under_the_key_is_refused(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id, other = await bench.submit(linear), await bench.submit(linear)
        await self.send(bench, run_id)
        for refused in (
            await self.send(bench, run_id, data=2),
            await self.send(bench, run_id, name="stop"),
            await self.send(bench, other),
            await bench.http.post("/runs", json={"workflow": linear}, headers={"Idempotency-Key": self.KEY}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "idempotency.conflict")

    async def test_a_claim_whose_signal_was_never_stored_is_healed(self, bench: Bench, linear: dict[str, Any]) -> None:
        run_id = await bench.submit(linear)
        # As if a manager had died between the two.
        claims = Claims(Bucket(bench.connection, subjects.IDEMPOTENCY_BUCKET))
        claim = Claim(run_id, digest_of(["signal", run_id, "go", 1]))
        assert not (await claims.take("default", self.KEY, claim)).repeated
        assert (await self.send(bench, run_id)).status_code == 202
        assert await names(bench, run_id) == ["start", "signal.go"]

    async def test_bad_data_does_not_use_up_the_key(self, bench: Bench) -> None:
        run_id = await begin(bench)
        assert (await self.send(bench, run_id, 1, "approval")).status_code == 422
        assert (await self.send(bench, run_id, {"by": "me"}, "approval")).status_code == 202


async def test_a_key_has_a_form(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    reply = await bench.http.post(f"/runs/{run_id}/signals/go", headers={"Idempotency-Key": "x" * 256})
    assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")
