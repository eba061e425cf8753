"""Runs that go on where one failed, and runs that begin anew: what is done once is not done again."""

import json
from collections import Counter
from typing import Any

import pytest
from support.installation import Installation
from support.running import block, ended, event, noop, run_of
from support.site import Reply, Site

from gnatwork import Client
from gnatwork.errors import RequestError


class Shop:
    """A site whose `/done` always works, and whose `/flaky` works once it is mended."""

    def __init__(self, web: Site) -> None:
        self.web = web
        self.works = False
        web.on("*", Reply(body=b"ok"))
        web.on("/flaky", lambda _: Reply(body=b"ok") if self.works else Reply(status=400))

    def asks(self, id_: str, path: str, **more: Any) -> dict[str, Any]:
        """A block that asks for a page."""
        return block(id_, "fetch", {"url": f"{self.web.url}/{path}"}, **more)

    def counted(self) -> Counter[str]:
        """How often each page was asked for since the last time."""
        counts = Counter(request.target for request in self.web.requests)
        self.web.requests.clear()
        return counts


@pytest.fixture
def shop(web: Site) -> Shop:
    return Shop(web)


async def test_a_retry_reuses_what_completed(installation: Installation, client: Client, shop: Shop) -> None:
    failed = await run_of(
        client,
        shop.asks("a", "a"),
        noop("large", "a", config={"text": "{{ input }}"}),
        shop.asks("each", "each", needs=["large"], for_each={"items": [1, 2, 3]}),
        block("d", "delay", {"for": "50ms"}, needs=["each"]),
        shop.asks("flaky", "flaky", needs=["d"]),
        noop("end", "flaky", config={"status": "{{ a.status }}", "size": "{{ large.text.length }}"}),
        value="x" * 100_000,
    )
    assert failed.status == "failed"
    assert shop.counted() == {"/a": 1, "/each": 3, "/flaky": 1}
    shop.works = True
    went_on = await installation.gnatwork("run", "retry", failed.run.run_id, "--wait", "-o", "json")
    assert went_on.code == 0
    assert went_on.document["output"] == {"end": {"status": 200, "size": 100_000}}
    assert went_on.document["retry_of"] == failed.run.run_id
    assert shop.counted() == {"/flaky": 1}
    # What has ended stays as it ended.
    assert (await failed.run.get()).status == "failed"


async def test_a_retry_goes_on_within_a_loop(client: Client, shop: Shop) -> None:
    failed = await run_of(
        client,
        block("loop", "loop", {"items": [0, 1, 2], "concurrency": 1}, blocks=[
            shop.asks("x", "x/{{ item }}"),
            shop.asks("y", "flaky", needs=["x"], when="item === 1"),
        ]),
    )  # fmt: skip
    assert shop.counted() == {"/x/0": 1, "/x/1": 1, "/flaky": 1}
    shop.works = True
    assert (await ended(await failed.run.retry())).status == "completed"
    assert shop.counted() == {"/x/2": 1, "/flaky": 1}


async def test_what_was_undone_is_done_again(client: Client, shop: Shop) -> None:
    undo = {"type": "fetch", "config": {"url": f"{shop.web.url}/undo"}}
    failed = await run_of(
        client,
        shop.asks("kept", "kept"),
        shop.asks("paid", "paid", compensate=undo),
        shop.asks("packed", "packed", needs=["paid"]),
        shop.asks("shipped", "flaky", needs=["packed", "kept"]),
    )
    assert shop.counted() == {"/kept": 1, "/paid": 1, "/packed": 1, "/flaky": 1, "/undo": 1}
    shop.works = True
    assert (await ended(await failed.run.retry())).status == "completed"
    assert shop.counted() == {"/paid": 1, "/packed": 1, "/flaky": 1}


async def test_what_a_retry_reuses_is_undone_when_that_fails(client: Client, shop: Shop) -> None:
    undo = {"type": "fetch", "config": {"url": f"{shop.web.url}/undo/{{{{ paid.status }}}}"}}
    run = await client.start(
        {"steps": [shop.asks("paid", "paid", compensate=undo), block("w", "wait"), shop.asks("f", "flaky")]}
    )
    await event(run, "block.paid.output")
    await run.cancel()
    assert (await ended(run)).status == "cancelled"
    again = await run.retry()
    await again.signal("w")
    assert (await ended(again)).status == "failed"
    assert shop.counted() == {"/paid": 1, "/flaky": 1, "/undo/200": 1}


async def test_a_rerun_begins_anew(installation: Installation, client: Client, shop: Shop) -> None:
    done = await run_of(client, shop.asks("a", "a"), noop("b", "a", config="{{ input }}"), value={"n": 1})
    again = await installation.gnatwork("run", "rerun", done.run.run_id, "--wait", "-o", "json")
    assert again.document["output"] == {"b": {"n": 1}}
    assert again.document["run_id"] != done.run.run_id
    assert shop.counted() == {"/a": 2}


async def test_a_retry_by_a_mended_version(installation: Installation, client: Client, shop: Shop) -> None:
    def definition(path: str) -> str:
        return json.dumps({"blocks": [shop.asks("a", "a"), shop.asks("b", path, needs=["a"])]})

    applied = await installation.gnatwork("workflow", "apply", "-", "--name", "mended", stdin=definition("flaky"))
    assert applied.code == 0, applied.err
    failed = await ended(await client.start("mended"))
    await client.put_workflow("mended", json.loads(definition("good")))
    assert (await ended(await failed.run.retry(version="published"))).status == "completed"
    assert shop.counted() == {"/a": 1, "/flaky": 1, "/good": 1}


async def test_there_is_nothing_to_go_on_with_in_a_run_that_completed(client: Client) -> None:
    done = await run_of(client, noop("a"))
    with pytest.raises(RequestError, match="gnatwork run rerun"):
        await done.run.retry()


async def test_a_run_is_done_once_however_often_its_retry_is_asked_for(client: Client, shop: Shop) -> None:
    failed = await run_of(client, shop.asks("f", "flaky"))
    shop.works = True
    runs = [await failed.run.retry(idempotency_key="again") for _ in range(2)]
    assert runs[0].run_id == runs[1].run_id
    assert (await ended(runs[0])).status == "completed"
    assert shop.counted() == {"/flaky": 2}
