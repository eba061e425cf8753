"""Large values travel as references, and blocks see what these stand for."""

from typing import Any

import orjson
import pytest
from support.executing import Scheduler, hosting, make_work
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import BlockContext
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.render import Renderer, Scope
from gnatwork_engine.template import parse_template
from gnatwork_schemas.payload import INLINE_LIMIT, MAX_PAYLOAD, PayloadRef, as_reference, reference_value
from gnatwork_schemas.template import TemplateLeaf


async def echo(_ctx: BlockContext, config: Any) -> Any:
    return config


async def make(_ctx: BlockContext, size: int) -> Any:
    """A text whose JSON has this many bytes."""
    return "x" * (size - 2)


async def stored_output(scheduler: Scheduler, sent: Any) -> bytes:
    """What the reference in the task's output stands for."""
    ref = as_reference(await scheduler.output(sent))
    assert ref is not None
    return await Payloads(scheduler.connection).get("default", sent.work.run_id, ref)


async def test_an_output_travels_as_a_reference_once_it_is_large(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, block_of(make)):
        assert await scheduler.output(await scheduler.send("odd", INLINE_LIMIT)) == "x" * (INLINE_LIMIT - 2)
        data = await stored_output(scheduler, await scheduler.send("odd", INLINE_LIMIT + 1))
    assert orjson.loads(data) == "x" * (INLINE_LIMIT - 1)


async def test_an_output_that_looks_like_a_reference_is_none(nats_url: str, scheduler: Scheduler) -> None:
    looks = {"$payload": {"id": "another-one", "size": 3, "digest": "sha256:00"}}
    async with hosting(nats_url, block_of(echo)):
        data = await stored_output(scheduler, await scheduler.send("odd", looks))
    assert orjson.loads(data) == looks


async def test_an_output_beyond_all_bounds_is_an_error(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, block_of(make)):
        error = await scheduler.error(await scheduler.send("odd", MAX_PAYLOAD + 1))
    assert (error["code"], error["retryable"]) == ("payload.too_large", False)


def deferred_work(ref: PayloadRef, run_id: str, *texts: str) -> Any:
    """A work item whose config is these texts, with `page` a stored output, as the scheduler renders it."""
    config = {"list": list(texts), "plain": [1, {"$template": "no leaf of ours"}]}
    leaves = []
    for index, text in enumerate(texts):
        parts = parse_template(text)
        assert parts is not None
        leaves.append(TemplateLeaf(at=("list", index), parts=parts))
    scope = Scope(input={}, outputs={"page": reference_value(ref), "small": {"a": 1}}, run={}, trigger={})
    rendered = Renderer(config, leaves).render(scope)
    return make_work("odd", rendered.config, deferred=rendered.deferred, run_id=run_id)


async def page(scheduler: Scheduler, run_id: str, value: Any) -> PayloadRef:
    return await Payloads(scheduler.connection).put("default", run_id, orjson.dumps(value), "page-1")


TEXTS = ("{{ blocks.page.title }}", "{{ blocks.page }}", "{{ blocks.page.title }}/{{ blocks.small.a }}")


async def test_deferred_leaves_are_resolved_before_the_block_sees_them(nats_url: str, scheduler: Scheduler) -> None:
    value = {"title": "News", "body": "z" * 1000}
    run_id = make_work("odd").run_id
    work = deferred_work(await page(scheduler, run_id, value), run_id, *TEXTS)
    assert len(work.deferred) == 3
    async with hosting(nats_url, block_of(echo)):
        output = await scheduler.output(await scheduler.send_work(work))
    assert output == {"list": ["News", value, "News/1"], "plain": [1, {"$template": "no leaf of ours"}]}


async def test_a_path_that_leads_nowhere_is_an_error(nats_url: str, scheduler: Scheduler) -> None:
    run_id = make_work("odd").run_id
    work = deferred_work(await page(scheduler, run_id, {"other": 1}), run_id, TEXTS[0])
    async with hosting(nats_url, block_of(echo)):
        error = await scheduler.error(await scheduler.send_work(work))
    assert (error["code"], error["retryable"]) == ("template.missing", False)
    assert "blocks.page.title" in error["message"]


async def test_a_payload_that_is_gone_is_an_error(nats_url: str, scheduler: Scheduler) -> None:
    run_id = make_work("odd").run_id
    work = deferred_work(await page(scheduler, run_id, {"title": 1}), run_id, TEXTS[0])
    await Payloads(scheduler.connection).purge_run("default", run_id)
    async with hosting(nats_url, block_of(echo)):
        error = await scheduler.error(await scheduler.send_work(work))
    assert (error["code"], error["retryable"]) == ("payload.missing", False)


@pytest.mark.parametrize("pointer", ["/list/0", "/nowhere", "no pointer"])
async def test_a_pointer_to_no_deferred_leaf_is_an_error(nats_url: str, scheduler: Scheduler, pointer: str) -> None:
    async with hosting(nats_url, block_of(echo)):
        error = await scheduler.error(await scheduler.send("odd", {"list": ["text"]}, deferred=(pointer,)))
    assert error["code"] == "message.invalid"
