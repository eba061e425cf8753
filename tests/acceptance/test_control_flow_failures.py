"""When something fails: what catches it, what undoes what was done, and what the run says of it."""

import json
from typing import Any

import pytest
from support.running import block, event, noop, run_of, statuses, tasks_of
from support.site import Reply, Request, Site

from gnatwork import Client

FAILS = noop("bad", config="{{ input.nothing }}")


def told(web: Site) -> list[tuple[str, Any]]:
    """What the hooks of the site received, in order."""
    return [(request.target, json.loads(request.body)) for request in web.requests]


def undo(web: Site, name: str) -> dict[str, Any]:
    """A compensation that tells the site of the output that it undoes."""
    return {"type": "hook", "config": {"url": f"{web.url}/undo/{name}", "body": f"{{{{ {name} }}}}"}}


async def test_a_failure_is_passed_over_caught_or_ends_the_run(client: Client) -> None:
    passed = await run_of(client, {**FAILS, "on_error": "continue"}, noop("after", config="{{ bad.error.code }}"))
    assert passed.output == {"after": "template.missing"}
    caught = await run_of(client, FAILS, noop("rescue", "bad.error", config="{{ error.task }}"), noop("then", "bad"))
    assert (caught.output, (await statuses(caught.run))["then"]) == ({"rescue": "bad"}, "skipped")
    failed = await run_of(client, FAILS, noop("then", "bad"))
    assert (failed.status, failed.code) == ("failed", "template.missing")


async def test_compensations_run_in_reverse_order_and_then_on_failure(client: Client, web: Site) -> None:
    web.on("*", Reply(body=b"{}"))
    steps = [noop(name, config=name.upper(), compensate=undo(web, name)) for name in ("a", "b", "c")]
    needs = {"b": ["a"], "c": ["b"], "bad": ["c"]}
    blocks = [{**step, "needs": needs.get(step["id"], [])} for step in (*steps, FAILS)]
    handler = block("tell", "hook", {"url": f"{web.url}/failed", "body": {"code": "{{ error.code }}", "a": "{{ a }}"}})
    ended = await run_of(client, *blocks, on_failure=[handler])
    assert told(web) == [
        ("/undo/c", "C"),
        ("/undo/b", "B"),
        ("/undo/a", "A"),
        ("/failed", {"code": "template.missing", "a": "A"}),
    ]
    assert (await event(ended.run, "failed"))["undone"]["compensated"] == 3
    found = await statuses(ended.run)
    assert [found[path] for path in ("c:undo", "b:undo", "a:undo", ":on_failure/tell")] == ["completed"] * 4


async def test_a_compensation_that_fails_is_told_of_and_the_others_run(client: Client, web: Site) -> None:
    web.on("*", Reply(body=b"{}"))
    web.on("/undo/b", Reply(status=400))
    steps = [noop(name, config=name, compensate=undo(web, name)) for name in ("a", "b")]
    ended = await run_of(
        client,
        steps[0],
        {**steps[1], "needs": ["a"]},
        {**FAILS, "needs": ["b"]},
        on_failure=[noop("x", config="{{ a.b }}")],
    )
    assert [target for target, _ in told(web)] == ["/undo/b", "/undo/a"]
    failed = await event(ended.run, "failed")
    assert failed["error"]["task"] == "bad"
    undone = failed["undone"]
    assert (undone["compensated"], undone["failures"]) == (1, 1)
    assert [(error["task"], error["code"]) for error in undone["failed"]] == [("b:undo", "http.status")]
    assert undone["on_failure"]["code"] == "template.missing"


async def test_items_and_iterations_are_undone_one_by_one(client: Client, web: Site) -> None:
    web.on("*", Reply(body=b"{}"))
    undo_item = {"type": "hook", "config": {"url": f"{web.url}/undo/{{{{ index }}}}", "body": "{{ each }}"}}
    undo_inner = {"type": "hook", "config": {"url": f"{web.url}/inner/{{{{ item }}}}", "body": "{{ x }}"}}
    ended = await run_of(
        client,
        noop("each", for_each={"items": ["p", "q"], "concurrency": 1}, config="{{ item }}", compensate=undo_item),
        block("loop", "loop", {"items": [7, 8], "concurrency": 1}, needs=["each"], blocks=[
            noop("x", config="{{ item }}", compensate=undo_inner),
        ]),
        {**FAILS, "needs": ["loop"]},
    )  # fmt: skip
    assert ended.status == "failed"
    assert told(web) == [("/inner/8", 8), ("/inner/7", 7), ("/undo/1", "q"), ("/undo/0", "p")]


async def test_a_run_that_takes_too_long_is_stopped_and_undone(client: Client, web: Site) -> None:
    web.on("*", Reply(body=b"{}"))
    web.on("/hang", Reply(raw=b"", hang=True))
    ended = await run_of(
        client,
        noop("a", config="A", compensate=undo(web, "a")),
        block("slow", "fetch", {"url": f"{web.url}/hang"}, needs=["a"]),
        timeout="500ms",
        on_failure=[block("tell", "hook", {"url": f"{web.url}/failed", "body": "{{ error.code }}"})],
    )
    assert (ended.status, ended.code) == ("timed_out", "run.timeout")
    await web.left.wait()
    assert [(request.target, request.body) for request in web.requests[1:]] == [
        ("/undo/a", b'"A"'),
        ("/failed", b'"run.timeout"'),
    ]
    assert (await statuses(ended.run))["slow"] == "cancelled"


async def test_nothing_is_undone_after_a_cancel(client: Client, web: Site) -> None:
    web.on("*", Reply(body=b"{}"))
    run = await client.start({
        "blocks": [noop("a", compensate=undo(web, "a")), block("w", "wait", needs=["a"])],
        "on_failure": [block("tell", "hook", {"url": f"{web.url}/failed"})],
    })  # fmt: skip
    await event(run, "block.a.output")
    await run.cancel()
    await event(run, "cancelled")
    assert web.requests == []
    assert (await statuses(run))["w"] == "cancelled"


async def test_an_attempt_that_takes_too_long_is_stopped(client: Client, web: Site) -> None:
    web.on("/hang", Reply(raw=b"", hang=True))
    ended = await run_of(client, block("slow", "fetch", {"url": f"{web.url}/hang"}, timeout="200ms"))
    assert (ended.status, ended.code) == ("failed", "block.timeout")
    await web.left.wait()


async def test_a_retry_comes_when_the_other_side_asked_for_it(client: Client, web: Site) -> None:
    def busy(_: Request) -> Reply:
        first = len(web.requests) == 1
        return Reply(status=429, headers=(("retry-after", "1"),)) if first else Reply(body=b"welcome")

    web.on("/busy", busy)
    ended = await run_of(
        client,
        block("page", "fetch", {"url": f"{web.url}/busy"}, retry={"max_attempts": 3, "initial": "10ms", "jitter": 0}),
        output="{{ page.body }}",
    )
    assert (ended.output, len(web.requests)) == ("welcome", 2)
    page = (await tasks_of(ended.run))["page"]
    assert page.attempts == 2
    assert page.ended_at is not None
    assert page.queued_at is not None
    assert page.ended_at - page.queued_at >= 1


@pytest.mark.parametrize("on_error", ["fail", "continue"])
async def test_a_group_fails_as_one(client: Client, on_error: str) -> None:
    inside = [noop("a"), noop("b", "a", config="{{ a.x }}"), noop("c", "b")]
    ended = await run_of(
        client,
        {"id": "g", "type": "group", "blocks": inside, "on_error": on_error},
        noop("rescue", "g.error", config="{{ error.task }}"),
        noop("after", "g", config="{{ g.error.code ?? null }}"),
    )
    expected = {"rescue": "g/b"} if on_error == "fail" else {"after": "template.missing"}
    assert ended.output == expected
    assert (await statuses(ended.run))["g/c"] == "skipped"
