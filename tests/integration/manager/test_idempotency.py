"""`Idempotency-Key`: the same request twice is one run."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
from support.managing import Bench, start_of, until

from gnatwork_bus.kv import Bucket
from gnatwork_manager.claims import Claim, claim_key, parse_claim
from gnatwork_schemas import subjects


async def post(bench: Bench, body: dict[str, Any], key: str = "order-7") -> httpx.Response:
    return await bench.http.post("/runs", json=body, headers={"Idempotency-Key": key})


async def count_starts(bench: Bench) -> int:
    info = await bench.connection.api(f"STREAM.INFO.{subjects.HISTORY}")
    return int(info["state"]["messages"])


async def begun(bench: Bench, key: str) -> Claim:
    """The claim, once it says that its run has begun."""
    claims = Bucket(bench.connection, subjects.IDEMPOTENCY_BUCKET)

    async def said() -> Claim | None:
        entry = await claims.get(key)
        claim = parse_claim(entry.value) if entry else None
        return claim if claim and claim.begun else None

    claim = await until(said, 20)
    assert claim
    return claim


async def test_the_same_request_again_is_the_same_run(bench: Bench, linear: dict[str, Any]) -> None:
    first = await post(bench, {"workflow": linear, "input": {"value": 1, "more": 2}})
    again = await post(bench, {"input": {"more": 2, "value": 1}, "workflow": linear})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["run_id"] == again.json()["run_id"]
    assert await count_starts(bench) == 1
    assert start_of(await bench.events(first.json()["run_id"])).idempotency_key == "order-7"


async def test_another_request_under_the_key_is_refused(bench: Bench, linear: dict[str, Any]) -> None:
    first = await post(bench, {"workflow": linear, "input": {"value": 1}})
    other = await post(bench, {"workflow": linear, "input": {"value": 2}})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.conflict")
    assert first.json()["run_id"] in other.json()["detail"]
    assert await count_starts(bench) == 1


async def test_other_keys_and_namespaces_are_other_runs(bench: Bench, linear: dict[str, Any]) -> None:
    body = {"workflow": linear}
    headers = {"Idempotency-Key": "order-7", "X-Gnatwork-Namespace": "acme"}
    replies = [await post(bench, body), await post(bench, body, "order-8")]
    replies.append(await bench.http.post("/runs", json=body, headers=headers))
    assert len({reply.json()["run_id"] for reply in replies}) == 3


async def test_many_at_once_are_one_run(bench: Bench, linear: dict[str, Any]) -> None:
    replies = await asyncio.gather(*(post(bench, {"workflow": linear}) for _ in range(50)))
    assert {reply.status_code for reply in replies} == {202}
    assert len({reply.json()["run_id"] for reply in replies}) == 1
    assert await count_starts(bench) == 1


async def test_a_claim_whose_run_never_began_is_healed(bench: Bench, linear: dict[str, Any]) -> None:
    first = (await post(bench, {"workflow": linear})).json()["run_id"]
    claim = await begun(bench, claim_key("default", "order-7"))
    # As if the manager had died between the claim and the start.
    claims = Bucket(bench.connection, subjects.IDEMPOTENCY_BUCKET)
    await claims.put(claim_key("default", "order-7"), replace(claim, begun=False).encode())
    await bench.connection.api(f"STREAM.PURGE.{subjects.HISTORY}")
    again = await post(bench, {"workflow": linear})
    assert again.json()["run_id"] == first
    assert start_of(await bench.events(first)).run_id == first


async def test_a_run_that_has_been_deleted_since_does_not_begin_again(bench: Bench, linear: dict[str, Any]) -> None:
    first = (await post(bench, {"workflow": linear})).json()["run_id"]
    await begun(bench, claim_key("default", "order-7"))
    await bench.connection.api(f"STREAM.PURGE.{subjects.HISTORY}")
    for seconds in ("0", "5"):
        headers = {"Idempotency-Key": "order-7", "Prefer": f"wait={seconds}"}
        again = await bench.http.post("/runs", json={"workflow": linear}, headers=headers)
        assert (again.status_code, again.json()) == (202, {"run_id": first, "status": "gone"})
    assert await count_starts(bench) == 0


async def test_who_finds_the_run_notes_that_it_has_begun(bench: Bench, linear: dict[str, Any]) -> None:
    await post(bench, {"workflow": linear})
    key, claims = claim_key("default", "order-7"), Bucket(bench.connection, subjects.IDEMPOTENCY_BUCKET)
    # As if the manager had died before it could.
    await claims.put(key, replace(await begun(bench, key), begun=False).encode())
    assert (await post(bench, {"workflow": linear})).json()["status"] == "pending"
    await begun(bench, key)


async def test_a_bad_request_does_not_use_up_the_key(bench: Bench, linear: dict[str, Any]) -> None:
    bad = await post(bench, {"workflow": {"blocks": []}})
    assert bad.status_code == 422
    claims = Bucket(bench.connection, subjects.IDEMPOTENCY_BUCKET)
    assert await claims.get(claim_key("default", "order-7")) is None
    assert (await post(bench, {"workflow": linear})).status_code == 202


async def test_a_key_has_a_form(bench: Bench, linear: dict[str, Any]) -> None:
    for key in ("", "x" * 256):
        reply = await post(bench, {"workflow": linear}, key)
        assert (reply.status_code, reply.json()["code"]) == (422, "request.invalid")
