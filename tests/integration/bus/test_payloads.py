import asyncio
import random
from collections.abc import Sequence

import pytest

from gnatwork_bus import payloads as module
from gnatwork_bus.connection import Connection
from gnatwork_bus.payloads import Payloads
from gnatwork_schemas.errors import PayloadError, PayloadTooLargeError
from gnatwork_schemas.payload import CHUNK_SIZE, MAX_PAYLOAD, PayloadRef

RUN = "0190a000-0000-7000-8000-000000000001"
OTHER_RUN = "0190a000-0000-7000-8000-000000000002"


@pytest.fixture
def payloads(bus: Connection) -> Payloads:
    return Payloads(bus)


def some(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - nothing secret about it


async def stored(bus: Connection, pattern: str = "payload.>") -> dict[str, int]:
    info = await bus.api("STREAM.INFO.PAYLOADS", {"subjects_filter": pattern})
    return info["state"].get("subjects") or {}


@pytest.mark.parametrize("size", [0, 1, 100_000, CHUNK_SIZE, CHUNK_SIZE + 1, 5_000_000])
async def test_comes_back_as_it_was(bus: Connection, payloads: Payloads, size: int) -> None:
    data = some(size)
    ref = await payloads.put("default", RUN, data, "page")
    assert ref.size == size
    assert await payloads.get("default", RUN, ref) == data
    assert len(await stored(bus)) == -(-size // CHUNK_SIZE)


async def test_lies_under_its_run_in_chunks(bus: Connection, payloads: Payloads) -> None:
    ref = await payloads.put("default", RUN, some(CHUNK_SIZE + 5), "page")
    assert await stored(bus) == {f"payload.default.{RUN}.{ref.id}.{chunk}": 1 for chunk in (0, 1)}
    assert ref.id.startswith("page-")
    assert ref.digest.removeprefix("sha256:").startswith(ref.id.removeprefix("page-"))


@pytest.mark.parametrize("name", ["each/3/notify", "ü" * 100, "a" * 64, "", "a.b>*"])
async def test_any_name_becomes_an_id(payloads: Payloads, name: str) -> None:
    ref = await payloads.put("default", RUN, b"1", name)
    assert await payloads.get("default", RUN, PayloadRef.model_validate(ref.model_dump())) == b"1"


async def test_the_same_value_twice_is_stored_once(bus: Connection, payloads: Payloads) -> None:
    data = some(3 * CHUNK_SIZE)
    first, second = await asyncio.gather(*(payloads.put("default", RUN, data, "page") for _ in range(2)))
    assert first == second
    assert len(await stored(bus)) == 3
    assert await payloads.get("default", RUN, first) == data


async def test_two_results_of_one_attempt_do_not_mix(payloads: Payloads) -> None:
    results = [some(3 * CHUNK_SIZE, seed) for seed in range(4)]
    refs = await asyncio.gather(*(payloads.put("default", RUN, data, "page") for data in results))
    assert [await payloads.get("default", RUN, ref) for ref in refs] == results


async def test_can_be_read_while_it_is_written_again(payloads: Payloads) -> None:
    data = some(5_000_000)
    ref = await payloads.put("default", RUN, data, "page")
    writing = asyncio.create_task(payloads.put("default", RUN, data, "page"))
    while not writing.done():
        assert await payloads.get("default", RUN, ref) == data
    assert await writing == ref


async def test_a_changed_chunk_is_found_out(bus: Connection, payloads: Payloads) -> None:
    ref = await payloads.put("default", RUN, some(2 * CHUNK_SIZE), "page")
    await bus.publisher.publish(f"payload.default.{RUN}.{ref.id}.1", some(CHUNK_SIZE, seed=2))
    with pytest.raises(PayloadError, match="its digest differs"):
        await payloads.get("default", RUN, ref)


async def test_a_lost_chunk_is_found_out(bus: Connection, payloads: Payloads) -> None:
    ref = await payloads.put("default", RUN, some(3 * CHUNK_SIZE), "page")
    await bus.api("STREAM.PURGE.PAYLOADS", {"filter": f"payload.default.{RUN}.{ref.id}.1"})
    with pytest.raises(PayloadError, match=rf"payload\.default\.{RUN}\.{ref.id}\.1"):
        await payloads.get("default", RUN, ref)


async def test_what_a_replica_does_not_have_yet_is_asked_of_the_leader(
    payloads: Payloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def behind(*_: object) -> Sequence[object]:
        return []

    data = some(2 * CHUNK_SIZE + 1)
    ref = await payloads.put("default", RUN, data, "page")
    monkeypatch.setattr(module, "read_all", behind)
    assert await payloads.get("default", RUN, ref) == data


async def test_is_read_in_its_own_run_only(payloads: Payloads) -> None:
    ref = await payloads.put("default", RUN, b"secret", "page")
    for namespace, run in (("default", OTHER_RUN), ("other", RUN)):
        with pytest.raises(PayloadError):
            await payloads.get(namespace, run, ref)


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE + 1, 5_000_000])
async def test_is_copied_to_another_run(payloads: Payloads, size: int) -> None:
    data = some(size)
    ref = await payloads.put("default", RUN, data, "page")
    assert await payloads.copy("default", RUN, OTHER_RUN, ref) == ref
    assert await payloads.copy("default", RUN, OTHER_RUN, ref) == ref
    await payloads.purge_run("default", RUN)
    assert await payloads.get("default", OTHER_RUN, ref) == data


async def test_what_is_gone_or_changed_is_not_copied(bus: Connection, payloads: Payloads) -> None:
    ref = await payloads.put("default", RUN, some(2 * CHUNK_SIZE), "page")
    await bus.publisher.publish(f"payload.default.{RUN}.{ref.id}.1", some(CHUNK_SIZE, seed=2))
    with pytest.raises(PayloadError, match="its digest differs"):
        await payloads.copy("default", RUN, OTHER_RUN, ref)
    await bus.api("STREAM.PURGE.PAYLOADS", {"filter": f"payload.default.{RUN}.{ref.id}.1"})
    with pytest.raises(PayloadError, match=rf"payload\.default\.{RUN}\.{ref.id}\.1"):
        await payloads.copy("default", RUN, OTHER_RUN, ref)


async def test_whether_a_run_has_any(payloads: Payloads) -> None:
    assert not await payloads.any("default", RUN)
    await payloads.put("default", RUN, b"1", "page")
    assert await payloads.any("default", RUN)
    assert not await payloads.any("default", OTHER_RUN)


async def test_is_purged_with_its_run(bus: Connection, payloads: Payloads) -> None:
    gone = await payloads.put("default", RUN, some(2 * CHUNK_SIZE), "page")
    kept = await payloads.put("default", OTHER_RUN, b"kept", "page")
    await payloads.purge_run("default", RUN)
    with pytest.raises(PayloadError):
        await payloads.get("default", RUN, gone)
    assert await payloads.get("default", OTHER_RUN, kept) == b"kept"
    assert len(await stored(bus)) == 1


async def test_too_large_is_refused_before_anything_is_stored(bus: Connection, payloads: Payloads) -> None:
    with pytest.raises(PayloadTooLargeError, match=f"page has {MAX_PAYLOAD + 1} bytes"):
        await payloads.put("default", RUN, bytes(MAX_PAYLOAD + 1), "page")
    assert await stored(bus) == {}
