"""`/dead-letters` and its verbs: looked at, sent once more, thrown away."""

from typing import Any

import orjson
import pytest
from support.managing import TOKEN, Bench

from gnatwork import Client, RequestError
from gnatwork_bus.dead_letters import bury
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.error import ErrorInfo


async def bury_one(
    bench: Bench, subject: str, data: bytes = b"{", sequence: int = 1, code: str = "message.invalid"
) -> int:
    stream = "WORK" if subject.startswith("block.") else "HISTORY"
    error = ErrorInfo(code=code, message="no JSON")
    return await bury(bench.connection, stream, subject, sequence, error, data, 1.0)


async def code_of(bench: Bench, method: str, path: str) -> tuple[int, str]:
    reply = await bench.http.request(method, path)
    return reply.status_code, reply.json()["code"]


@pytest.fixture(params=["http", "nats"])
def client(request: pytest.FixtureRequest, bench: Bench, nats_url: str) -> Client:
    """Over either way."""
    if request.param == "nats":
        return Client(nats_url)
    return Client(bench.address.url, token=TOKEN)


async def test_lists_cut_bodies_and_single_ones_are_whole(bench: Bench) -> None:
    number = await bury_one(bench, "history.a", b"\xff" * 5000)
    (listed,) = (await bench.http.get("/dead-letters")).json()["items"]
    shown = (await bench.http.get(f"/dead-letters/{number}")).json()
    assert (listed["id"], listed["size"], len(listed["body"])) == (number, 5000, 1000)
    assert (shown["id"], shown["encoding"], len(shown["body"])) == (number, "base64", 6668)
    assert shown["body"].startswith(listed["body"])


async def test_redriven(bench: Bench, client: Client, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    start = (await bench.events(run_id))[0]
    subject = start.subject.removesuffix("start") + "block.first.output"
    number = await bury_one(bench, subject, b'{"v": 1}')
    async with client:
        (listed,) = (await client.dead_letters()).items
        assert (listed.id, (await client.dead_letter(number)).subject) == (number, subject)
        sent = await client.redrive_dead_letter(number)
        assert (sent.stream, sent.subject) == ("HISTORY", subject)
        assert [(event.sequence, event.data) for event in await bench.events(run_id)][1:] == [
            (sent.sequence, b'{"v": 1}')
        ]
        with pytest.raises(RequestError) as refused:
            await client.redrive_dead_letter(number)
        assert refused.value.problem.code == "letter.not_found"


async def test_discarded(bench: Bench, client: Client) -> None:
    numbers = [await bury_one(bench, "history.a", sequence=number) for number in range(3)]
    await bury_one(bench, "history.a", code="message.unknown_version")
    async with client:
        await client.discard_dead_letter(numbers[1])
        assert await client.discard_dead_letters(older_than=60) == 0
        assert await client.discard_dead_letters(reason="message.invalid") == 2
        assert await client.discard_dead_letters(older_than=0) == 1
        with pytest.raises(RequestError) as refused:
            await client.discard_dead_letters()
        assert refused.value.problem.code == "request.invalid"


async def test_why_one_can_not_be_redriven(bench: Bench, linear: dict[str, Any]) -> None:
    run_id = await bench.submit(linear)
    item = f"block.noop.normal.default.{run_id}.first.1.input"
    await bench.connection.publisher.publish(item, b"{}")
    queued = await bury_one(bench, item)
    cut = await bury_one(bench, f"history.0.default.adhoc.{run_id}.block.first.output", b"a" * 600_000)
    assert await code_of(bench, "POST", f"/dead-letters/{queued}/redrive") == (409, "letter.conflict")
    assert await code_of(bench, "POST", f"/dead-letters/{cut}/redrive") == (409, "letter.cut")
    gone = await bury_one(bench, item.replace(run_id[:8], "00000000"), sequence=2)
    reply = await bench.http.post(f"/dead-letters/{gone}/redrive")
    assert "is gone, or has never begun" in reply.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/redrive"), ("DELETE", "")])
async def test_unknown_ones(bench: Bench, method: str, path: str) -> None:
    assert await code_of(bench, method, f"/dead-letters/7{path}") == (404, "letter.not_found")
    for wrong in ("0", "seven"):
        assert await code_of(bench, method, f"/dead-letters/{wrong}{path}") == (422, "request.invalid")


@pytest.mark.parametrize("query", ["", "?reason=a.>", "?older_than=soon", "?older=1s"])
async def test_it_must_be_said_which_are_to_go(bench: Bench, query: str) -> None:
    await bury_one(bench, "history.a")
    assert await code_of(bench, "DELETE", f"/dead-letters{query}") == (422, "request.invalid")
    assert len((await bench.http.get("/dead-letters")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("get", {}),
        ("get", {"id": 0}),
        ("redrive", {"id": "x"}),
        ("redrive", {"id": 1, "all": True}),
        ("discard", {}),
        ("discard", {"id": 1, "reason": "message.invalid"}),
    ],
)
async def test_bad_verbs(bench: Bench, verb: str, body: dict[str, Any]) -> None:
    await bury_one(bench, "history.a")
    reply = await bench.connection.request(subjects.api("default", f"dead_letters.{verb}"), orjson.dumps(body))
    assert (reply.headers or {})[header_names.SERVICE_ERROR] == "request.invalid"
    assert len((await bench.http.get("/dead-letters")).json()["items"]) == 1
