"""The implicit task `expand`."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from support.executing import Scheduler, hosting, make_work
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import BlockContext
from gnatwork_bus.items import Items
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.deferred import TEMPLATE_KEY, VALUES_KEY
from gnatwork_schemas.payload import ItemsRef


@pytest.fixture
async def logic(nats_url: str, scheduler: Scheduler) -> AsyncIterator[None]:
    async with hosting(nats_url, blocks=("logic",)):
        yield


async def expand(scheduler: Scheduler, items: Any, most: int = 10_000, **fields: Any) -> tuple[ItemsRef, Items, str]:
    sent = await scheduler.send("expand", {"items": items, "max": most}, task="each:expand", **fields)
    output = await scheduler.output(sent)
    assert output.keys() == {"items"}
    connection = scheduler.connection
    return ItemsRef.model_validate(output["items"]), Items(connection, Payloads(connection)), sent.work.run_id


@pytest.mark.parametrize("items", [[], [1], [None, {"a": []}, "x" * 20_000], list(range(1000))])
@pytest.mark.usefixtures("logic")
async def test_the_items_of_a_loop_are_stored_under_its_run(scheduler: Scheduler, items: list[Any]) -> None:
    ref, stored, run_id = await expand(scheduler, items)
    assert ref.count == len(items)
    assert [await stored.get("default", run_id, ref.item(index)) for index in range(ref.count)] == items


@pytest.mark.usefixtures("logic")
async def test_items_may_lie_in_a_payload(scheduler: Scheduler) -> None:
    work = make_work("expand")
    values = [{"n": n, "text": "x" * 500} for n in range(500)]
    page = await Payloads(scheduler.connection).put("default", work.run_id, orjson.dumps({"list": values}), "page")
    expression = {"path": ["blocks", "page", "list"], "source": "page.list"}
    leaf = {TEMPLATE_KEY: [expression], VALUES_KEY: {"blocks.page": {"$payload": page.model_dump()}}}
    ref, stored, run_id = await expand(scheduler, leaf, deferred=("/items",), run_id=work.run_id)
    assert await stored.get("default", run_id, ref.item(499)) == values[499]


@pytest.mark.parametrize(
    ("items", "kind"),
    [(None, "null"), ({}, "an object"), ("[]", "a text"), (1, "a number"), (1.5, "a number"), (True, "a boolean")],
)
@pytest.mark.usefixtures("logic")
async def test_what_is_no_array_is_an_error(scheduler: Scheduler, items: Any, kind: str) -> None:
    error = await scheduler.error(await scheduler.send("expand", {"items": items, "max": 10}))
    assert (error["code"], error["retryable"]) == ("loop.not_an_array", False)
    assert error["message"] == f"The items of a loop must be an array; this is {kind}."


@pytest.mark.usefixtures("logic")
async def test_too_many_items_are_an_error(scheduler: Scheduler) -> None:
    assert (await expand(scheduler, [1, 2], most=2))[0].count == 2
    error = await scheduler.error(await scheduler.send("expand", {"items": [1, 2, 3], "max": 2}))
    assert (error["code"], error["retryable"]) == ("loop.too_many", False)


@pytest.mark.usefixtures("logic")
async def test_an_item_that_is_too_deep_is_an_error(scheduler: Scheduler) -> None:
    work = make_work("expand")
    data = b"[%b]" % (b"[" * 500 + b"]" * 500)
    deep = await Payloads(scheduler.connection).put("default", work.run_id, data, "page")
    expression = {"path": ["blocks", "page"], "source": "page"}
    leaf = {TEMPLATE_KEY: [expression], VALUES_KEY: {"blocks.page": {"$payload": deep.model_dump()}}}
    config = {"items": leaf, "max": 2}
    error = await scheduler.error(await scheduler.send("expand", config, deferred=("/items",), run_id=work.run_id))
    assert (error["code"], error["retryable"]) == ("block.output_invalid", False)


async def test_no_catalogue_knows_of_it(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, blocks=("logic",)):
        await expand(scheduler, [])
    info = await scheduler.connection.api("STREAM.INFO.KV_gnatwork_state", {"subjects_filter": "$KV.*.catalogue.>"})
    assert not info["state"].get("subjects")


async def test_a_block_sees_the_item_that_its_template_names(nats_url: str, scheduler: Scheduler) -> None:
    async def echo(_ctx: BlockContext, config: Any) -> Any:
        return config

    async with hosting(nats_url, block_of(echo), blocks=("odd", "condition")):
        ref, _, run_id = await expand(scheduler, [{"name": "a"}, {"name": "b" * 30_000}])
        for index, name in enumerate(["a", "b" * 30_000]):
            expression = {"path": ["item", "name"], "source": "item.name"}
            values = {"item": {"$item": ref.item(index).model_dump()}}
            config = {"hello": {TEMPLATE_KEY: [expression], VALUES_KEY: values}}
            sent = await scheduler.send("odd", config, deferred=("/hello",), run_id=run_id, task=f"each/{index}/odd")
            assert await scheduler.output(sent) == {"hello": name}
