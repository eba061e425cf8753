"""Two managers that write the same workflow at the same time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from support.managing import Bench, open_bench, until
from support.stored import WEBHOOK, definition, put, state, stored

from gnatwork_bus.connection import Connection
from gnatwork_schemas import subjects


@pytest.fixture
async def other(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> AsyncIterator[Bench]:
    """A second manager of the same installation."""
    async with open_bench(bus, nats_url, tmp_path / "other") as opened:
        yield opened


async def texts(bench: Bench) -> dict[int, str]:
    """What each listed version says."""
    found = {}
    for number in map(int, (await stored(bench)).versions):
        entry = await state(bench).get(subjects.definition_key("default", "news", number))
        assert entry, f"version {number} has no definition"
        found[number] = orjson.loads(entry.value)["blocks"][0]["config"]["text"]
    return found


async def test_each_number_is_one_definition_and_none_is_lost(bench: Bench, other: Bench) -> None:
    managers = (bench, other)
    replies = await asyncio.gather(*(put(managers[n % 2], definition(str(n))) for n in range(20)))
    assert {reply.status_code for reply in replies} == {201}
    found = await texts(bench)
    assert sorted(found.values()) == sorted(str(n) for n in range(20))
    for n, reply in enumerate(replies):
        answered = reply.json()
        assert found[answered["version"]] == answered["definition"]["blocks"][0]["config"]["text"] == str(n)
    listed = {f"definition.default.news.{number}" for number in found}
    assert {entry.key for entry in await state(bench).list("definition.>")} == listed


async def test_the_same_definition_at_once_is_one_version(bench: Bench, other: Bench) -> None:
    replies = await asyncio.gather(*(put(manager, definition()) for manager in (bench, other) * 5))
    assert sorted(reply.status_code for reply in replies) == [200] * 9 + [201]
    assert list((await texts(bench)).values()) == ["a"]
    assert len(await state(bench).list("definition.>")) == 1


async def test_of_those_who_have_seen_the_same_one_writes(bench: Bench, other: Bench) -> None:
    seen = (await put(bench, definition())).headers["etag"]
    writing = (
        put(manager, definition(f"{n}"), headers={"If-Match": seen}) for n, manager in enumerate((bench, other) * 5)
    )
    replies = await asyncio.gather(*writing)
    assert sorted(reply.status_code for reply in replies) == [201] + [412] * 9
    assert len(await texts(bench)) == 2


async def test_a_path_is_given_to_one_of_many(bench: Bench, other: Bench) -> None:
    wanted = definition(triggers=[{**WEBHOOK, "path": "/orders"}])
    replies = await asyncio.gather(*(put(manager, wanted, f"w{n}") for n, manager in enumerate((bench, other) * 5)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 9


async def test_publishing_and_deleting_at_once_leaves_all_or_nothing(bench: Bench, other: Bench) -> None:
    for _ in range(5):
        for text in ("a", "b"):
            await put(bench, definition(text, triggers=[WEBHOOK]))
        await asyncio.gather(
            bench.http.delete("/workflows/news"),
            other.http.post("/workflows/news/versions/1/publish"),
            put(other, definition("c")),
            put(bench, definition("d")),
        )
        left = await state(bench).list("definition.>")
        if await state(bench).get(subjects.workflow_key("default", "news")):
            found = await texts(bench)
            assert {entry.key for entry in left} == {f"definition.default.news.{number}" for number in found}
        else:
            assert left == []


async def test_what_is_published_runs_at_once_here_and_soon_at_all_others(bench: Bench, other: Bench) -> None:
    async def version_run_by(manager: Bench) -> int:
        run_id = (await manager.http.post("/workflows/news/runs")).json()["run_id"]
        return int((await manager.http.get(f"/runs/{run_id}")).json()["version"])

    for version in range(1, 4):
        await put(bench, definition(str(version)))
        assert await version_run_by(bench) == version

        async def has_heard(version: int = version) -> bool:
            return await version_run_by(other) == version

        await until(has_heard, 20)
    await bench.http.post("/workflows/news/versions/1/publish")
    assert await version_run_by(bench) == 1


async def test_what_one_manager_does_the_other_shows(bench: Bench, other: Bench) -> None:
    await put(bench, definition("a"))
    await put(other, definition("b"))
    assert (await bench.http.post("/workflows/news/versions/1/publish")).status_code == 200
    assert (await other.http.get("/workflows/news")).json()["version"] == 1
    run = await other.http.post("/workflows/news/runs")

    async def refused() -> bool:
        reply = await bench.http.delete("/workflows/news")
        if reply.status_code == 204:
            await put(bench, definition("a"))
        return reply.status_code == 409

    await bench.put_status(run.json()["run_id"], "running", 2, workflow="news")  # type: ignore[arg-type]  # as on the wire
    await until(refused, 20)
