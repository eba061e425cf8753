"""Loops over items, `while`, `until`, and groups: in order, within their bounds, one inside of another."""

from collections.abc import Iterable
from typing import Any

from support.running import block, event, noop, run_of, statuses, tasks_of
from support.site import Reply, Request, Site

from gnatwork import Client
from gnatwork_schemas.status import Task


def most_at_once(tasks: Iterable[Task]) -> int:
    """How many of the tasks ran at the same time."""
    spans = [(task.started_at, task.ended_at) for task in tasks]
    moments = [(at, step) for start, end in spans if start and end for at, step in ((start, 1), (end, -1))]
    running = most = 0
    for _, step in sorted(moments):
        running += step
        most = max(most, running)
    return most


async def test_for_each_keeps_the_order_and_its_bound(client: Client) -> None:
    ended = await run_of(
        client,
        block("naps", "sleep", {"for": "{{ ms }}"}, for_each={"items": "{{ input }}", "as": "ms", "concurrency": 3}),
        noop("names", "naps", for_each={"items": "{{ input }}", "as": "ms"}, config="{{ index }}: {{ ms }}"),
        value=[f"{ms}ms" for ms in (300, 200, 100, 250, 50, 150)],
    )
    assert ended.output == {"names": ["0: 300ms", "1: 200ms", "2: 100ms", "3: 250ms", "4: 50ms", "5: 150ms"]}
    tasks = await tasks_of(ended.run)
    assert most_at_once(tasks[f"naps/{index}"] for index in range(6)) == 3


async def test_an_item_that_fails_ends_the_loop_or_stands_in_its_place(client: Client) -> None:
    async def run(on_error: str) -> Any:
        each = {"items": [{"v": 1}, {}, {"v": 3}], "concurrency": 1, "on_error": on_error}
        return await run_of(client, noop("a", for_each=each, config="{{ item.v }}"))

    failed, went_on = await run("fail"), await run("continue")
    assert (failed.status, failed.code) == ("failed", "template.missing")
    assert await statuses(failed.run) == {"a": "failed", "a/0": "completed", "a/1": "failed"}
    first, second, third = went_on.output["a"]
    assert (first, second["error"]["code"], third) == (1, "template.missing", 3)


async def test_loops_within_loops_see_both_items(client: Client) -> None:
    cells = block("cells", "loop", {"items": "{{ row.cells }}", "as": "cell"}, blocks=[
        block("group", "group", blocks=[
            block("value", "transform", {"expression": "cell * row.factor + index"}),
            noop("text", config="{{ row.name }}: {{ value }}", when="value > 1"),
        ]),
    ])  # fmt: skip
    ended = await run_of(
        client,
        block(
            "rows", "loop", {"items": "{{ input }}", "as": "row"}, blocks=[cells, noop("name", config="{{ index }}")]
        ),
        value=[{"name": "a", "factor": 1, "cells": [1, 2]}, {"name": "b", "factor": 10, "cells": [3]}],
        output="{{ rows }}",
    )
    assert ended.output == [
        {"cells": [{"group": {}}, {"group": {"text": "a: 3"}}], "name": 0},
        {"cells": [{"group": {"text": "b: 30"}}], "name": 1},
    ]
    assert (await statuses(ended.run))["rows/0/cells/0/group/text"] == "skipped"


async def test_until_turns_pages_with_what_came_before(client: Client, web: Site) -> None:
    def page(request: Request) -> Reply:
        number = int(request.target.partition("=")[2])
        following = f'"{web.url}/items?page={number + 1}"' if number < 3 else "null"
        body = f'{{"items": [{number}, {number * 10}], "next": {following}}}'
        return Reply(headers=(("content-type", "application/json"),), body=body.encode())

    first = web.on("/items", page) + "?page=1"
    ended = await run_of(
        client,
        block("pages", "loop", {"until": "page.body.next === null", "max_iterations": 10}, blocks=[
            block("page", "fetch", {"url": f"{{{{ previous.page.body.next ?? '{first}' }}}}"}),
        ]),
        block("all", "transform", {"expression": "pages.flatMap(({page}) => page.body.items)"}),
    )  # fmt: skip
    assert ended.output == {"all": [1, 10, 2, 20, 3, 30]}
    assert len(web.requests) == 3


async def test_while_asks_before_each_time(client: Client) -> None:
    counting = [block("n", "transform", {"expression": "(previous.n ?? 10) + 1"})]
    ended = await run_of(
        client,
        block("three", "loop", {"while": "(previous.n ?? 0) < input"}, blocks=counting),
        block("none", "loop", {"while": "input < 0"}, blocks=counting),
        value=13,
    )
    assert ended.output == {"three": [{"n": 11}, {"n": 12}, {"n": 13}], "none": []}


async def test_a_loop_without_items_is_over_at_once(client: Client) -> None:
    ended = await run_of(
        client, noop("a", for_each={"items": []}, config="{{ item }}"), noop("b", config="{{ a.length }}")
    )
    assert ended.output == {"b": 0}


async def test_a_group_yields_what_nothing_inside_waits_for(client: Client) -> None:
    ended = await run_of(
        client,
        noop("before", config=1),
        {"id": "g", "type": "group", "steps": [noop("a", config="{{ before }}"), noop("b", config="{{ a }}")]},
        noop("after", config="{{ g }}"),
    )
    assert ended.output == {"after": {"b": 1}}


async def test_large_items_and_results_go_round(client: Client) -> None:
    texts = [letter * 100_000 for letter in "abcde"]
    ended = await run_of(
        client,
        noop("copies", for_each={"items": "{{ input }}"}, config={"text": "{{ item }}", "n": "{{ index }}"}),
        block("sizes", "loop", {"items": "{{ copies }}", "as": "copy"}, blocks=[
            block("size", "transform", {"expression": "copy.text.length + copy.n"}),
        ]),
        noop("third", config="{{ copies[2].text }}"),
        value=texts,
    )  # fmt: skip
    assert ended.output["sizes"] == [{"size": 100_000 + number} for number in range(5)]
    assert ended.output["third"] == texts[2]
    assert (await event(ended.run, "block.copies/4.output"))["output"].keys() == {"$payload"}


async def test_a_thousand_items(client: Client) -> None:
    ended = await run_of(
        client,
        noop("a", for_each={"items": "{{ input }}", "concurrency": 100}, config="{{ item }}"),
        value=list(range(1000)),
    )
    assert ended.output == {"a": list(range(1000))}
