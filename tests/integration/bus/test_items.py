"""The items of a loop, in pages."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnatwork_bus import items as module
from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import direct_get
from gnatwork_bus.items import ITEM_LIMIT, MOST_ON_PAGE, Items, page_size
from gnatwork_bus.payloads import Payloads
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.payload import CHUNK_SIZE, ItemRef, ItemsRef

RUN = "0190a000-0000-7000-8000-000000000001"
OTHER_RUN = "0190a000-0000-7000-8000-000000000002"


@pytest.fixture
def items(bus: Connection) -> Items:
    return Items(bus, Payloads(bus))


async def stored(bus: Connection, run: str = RUN) -> set[str]:
    info = await bus.api("STREAM.INFO.PAYLOADS", {"subjects_filter": f"payload.default.{run}.>"})
    return {subject.split(".", 3)[3] for subject in info["state"].get("subjects") or {}}


async def all_of(items: Items, ref: ItemsRef, run: str = RUN) -> list[Any]:
    return [await items.get("default", run, ref.item(index)) for index in range(ref.count)]


@pytest.mark.parametrize("count", [1, 2, 256, 257, 1000])
async def test_each_item_can_be_read_alone(bus: Connection, items: Items, count: int) -> None:
    values = [{"n": n} for n in range(count)]
    ref = await items.put("default", RUN, values, "each:expand")
    assert ref == ItemsRef(id=ref.id, count=count, page_size=MOST_ON_PAGE)
    assert ref.id.startswith("each-expand-items-")
    assert await stored(bus) == {f"{ref.id}.{page}" for page in range(-(-count // MOST_ON_PAGE))}
    assert await all_of(items, ref) == values
    assert await all_of(Items(bus, Payloads(bus)), ref) == values


async def test_no_items_are_fine(bus: Connection, items: Items) -> None:
    assert (await items.put("default", RUN, [], "each:expand")).count == 0
    assert await stored(bus) == set()


async def test_a_large_item_is_a_payload_of_its_own(bus: Connection, items: Items) -> None:
    values = ["x" * ITEM_LIMIT, "y", "z" * 3 * CHUNK_SIZE]
    ref = await items.put("default", RUN, values, "a/3/each:expand")
    assert await all_of(items, ref) == values
    assert len(await stored(bus)) == 1 + 1 + 4


async def test_what_looks_like_a_reference_stays_what_it_is(items: Items) -> None:
    values = [{"$payload": {"id": "x"}}, {"$payload": {"id": "x"}, "b": 1}, {"$payload": 1}, {"$item": {}}]
    assert await all_of(items, await items.put("default", RUN, values, "each:expand")) == values


async def test_pages_hold_no_more_than_a_chunk(bus: Connection, items: Items) -> None:
    values = ["x" * (ITEM_LIMIT - 2)] * 20
    ref = await items.put("default", RUN, values, "each:expand")
    assert ref.page_size == 8
    assert await all_of(items, ref) == values


async def test_the_same_items_are_stored_once(bus: Connection, items: Items) -> None:
    first, second = [await items.put("default", RUN, [1, 2], "each:expand") for _ in range(2)]
    other = await items.put("default", RUN, [1, 3], "each:expand")
    assert first == second
    assert await stored(bus) == {f"{first.id}.0", f"{other.id}.0"}


async def test_a_page_is_read_once_for_all_its_items(
    bus: Connection, items: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0

    async def counted(*args: Any) -> Any:
        nonlocal reads
        reads += 1
        return await direct_get(*args)

    monkeypatch.setattr(module, "direct_get", counted)
    ref = await items.put("default", RUN, list(range(300)), "each:expand")
    found = await asyncio.gather(*(items.get("default", RUN, ref.item(index)) for index in range(300)))
    assert found == list(range(300))
    await all_of(items, ref)
    assert reads == 2


async def test_who_stops_waiting_does_not_stop_the_others(items: Items) -> None:
    ref = await items.put("default", RUN, ["a", "b"], "each:expand")
    first, second = [asyncio.create_task(items.get("default", RUN, ref.item(index))) for index in range(2)]
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "b"


async def test_old_pages_are_forgotten(bus: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE", CHUNK_SIZE)
    items = Items(bus, Payloads(bus))
    values = [["x" * 15_000, n] for n in range(200)]
    ref = await items.put("default", RUN, values, "each:expand")
    assert await all_of(items, ref) == values
    assert len(items._pages._pages) == 1
    assert 0 < items._pages._size <= CHUNK_SIZE


async def test_each_reader_has_a_value_of_its_own(items: Items) -> None:
    ref = await items.put("default", RUN, [[1]], "each:expand")
    (await items.get("default", RUN, ref.item(0))).append(2)
    assert await items.get("default", RUN, ref.item(0)) == [1]


@pytest.mark.parametrize("missing", [ItemRef(id="none", page=0, at=0), None])
async def test_an_item_that_is_not_there_is_an_error(items: Items, missing: ItemRef | None) -> None:
    ref = await items.put("default", RUN, [1], "each:expand")
    for _ in range(2):
        with pytest.raises(PayloadError):
            await items.get("default", RUN, missing or ref.item(1))


async def test_items_can_be_copied_to_another_run(bus: Connection, items: Items) -> None:
    values: list[Any] = [*range(300), "x" * 20_000, {"$payload": {}}]
    ref = await items.put("default", RUN, values, "each:expand")
    await items.copy("default", RUN, OTHER_RUN, ref)
    assert await stored(bus, OTHER_RUN) == await stored(bus)
    assert await all_of(Items(bus, Payloads(bus)), ref, OTHER_RUN) == values


@given(st.lists(st.integers(1, ITEM_LIMIT), max_size=600))
def test_the_page_size_is_the_largest_that_fits(sizes: list[int]) -> None:
    texts = [b"x" * size for size in sizes]
    size = page_size(texts)
    assert size in {2**power for power in range(9)}

    def longest(size: int) -> int:
        return max((len(b",".join(texts[at : at + size])) + 2 for at in range(0, len(texts), size)), default=2)

    assert longest(size) <= CHUNK_SIZE
    assert size == MOST_ON_PAGE or longest(2 * size) > CHUNK_SIZE
