import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from gnatwork import BlockError
from gnatwork.local import open_local, run_local, stream_local
from gnatwork_schemas.errors import DefinitionError


async def price(context: dict[str, Any]) -> dict[str, Any]:
    return {"total": context["count"] * 3}


async def tell(context: dict[str, Any]) -> None:
    context["total"] = "a copy, so nobody sees this"


async def refuse(_: dict[str, Any]) -> None:
    raise BlockError("order.refused", "Too many.")


async def break_down(_: dict[str, Any]) -> None:
    raise ValueError("no")


async def test_what_functions_return_is_merged_into_the_context() -> None:
    assert await run_local([price, tell], {"count": 2}) == {"count": 2, "total": 6}


async def test_an_error_is_kept_in_the_context_and_ends_the_flow() -> None:
    context = await run_local([refuse, price], {"count": 2})
    error = {"code": "order.refused", "message": "Too many.", "retryable": False, "step": "refuse"}
    assert context == {"count": 2, "error": error}
    context = await run_local([price, break_down], {"count": 2})
    assert (context["total"], context["error"]["code"], context["error"]["step"]) == (6, "block.failed", "break_down")
    assert "ValueError: no" in context["error"]["message"]


def plain(_: dict[str, Any]) -> dict[str, Any]:
    return {}


async def number(_: dict[str, Any]) -> int:
    return 3


@pytest.mark.parametrize(
    ("step", "told"), [(plain, "has to be an `async` function"), (number, "a dict of what is new, or None, not int")]
)
async def test_a_function_of_another_kind_is_told_what_it_should_be(step: Any, told: str) -> None:
    assert told in (await run_local([step]))["error"]["message"]


async def test_what_is_no_flow_is_said_to_be_none() -> None:
    with pytest.raises(TypeError, match="a list of `async` functions, but 'price' is in the list"):
        await run_local(["price"])  # type: ignore[list-item]
    with pytest.raises(DefinitionError, match="JSON"):
        await run_local("flow.json")


async def test_events_tell_what_happens() -> None:
    events = [event async for event in stream_local([price, tell], {"count": 2})]
    assert [event.event for event in events] == ["start", "block.price.output", "block.tell.output", "complete"]
    assert events[0].body == {"input": {"count": 2}}
    assert events[-1].body == {"output": {"count": 2, "total": 6}}
    failed = [event.event async for event in stream_local([refuse, price])]
    assert failed == ["start", "block.refuse.error", "failed"]


async def test_a_flow_can_be_stopped_between_two_functions() -> None:
    called = []

    async def first(_: dict[str, Any]) -> None:
        called.append("first")

    async def second(_: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    async with aclosing(stream_local([first, second])) as events:
        async for event in events:
            if event.event == "block.first.output":
                break
    assert called == ["first"]


async def test_a_cancel_leaves_its_reason_in_the_context() -> None:
    async def wait(_: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    async with open_local([price, wait], {"count": 1}) as flow:
        async for event in flow:
            if event.event == "block.price.output":
                flow.cancel("enough")
        context = await flow.result()
    assert context["total"] == 3
    assert context["error"] == {"code": "run.cancelled", "message": "enough"}
