"""The stream of logs: what blocks tell is kept, what history republishes is not."""

import asyncio
import contextlib

import orjson
import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.logs import Logs
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects

RUN, OTHER = "01931d2e-0000-7000-8000-000000000001", "01931d2e-0000-7000-8000-000000000002"


async def say(bus: Connection, task: str, *messages: str, run_id: str = RUN) -> None:
    """What an executor tells; the flush has the server take it in before anything else is asked."""
    for message in messages:
        bus.send(subjects.live_task(run_id, task, "log"), orjson.dumps({"message": message}))
    await bus.flush()


def said(lines: list[StoredMessage]) -> list[str]:
    return [orjson.loads(line.data)["message"] for line in lines]


async def until_stored(bus: Connection, count: int) -> None:
    async with asyncio.timeout(20):
        while (await bus.api(f"STREAM.INFO.{subjects.LOGS}"))["state"]["last_seq"] < count:
            pass


async def test_lines_are_kept_by_run_and_by_task(bus: Connection) -> None:
    await say(bus, "each/3/notify", "a", "b")
    await say(bus, "page", "c")
    await say(bus, "page", "elsewhere", run_id=OTHER)
    await until_stored(bus, 4)
    logs = Logs(bus)
    lines = await logs.read(RUN, limit=10)
    assert said(lines) == ["a", "b", "c"]
    assert said(await logs.read(RUN, "each/3/notify", limit=10)) == ["a", "b"]
    assert said(await logs.read(RUN, after=lines[0].sequence, limit=1)) == ["b"]


async def test_what_history_republishes_is_not_stored_again(bus: Connection) -> None:
    history = History(bus, 8)
    base = subjects.history_base(history.shard(RUN), "default", "w", RUN)
    heard = asyncio.Event()
    await bus.listen(subjects.live_event(RUN, subjects.COMPLETE), lambda *_: heard.set())
    for event in (subjects.START, subjects.output_event("log"), subjects.signal_event("log"), subjects.COMPLETE):
        await history.append(base, event, b"{}")
    await heard.wait()
    await say(bus, "page", "only this")
    await until_stored(bus, 1)
    assert (await bus.api(f"STREAM.INFO.{subjects.LOGS}"))["state"]["messages"] == 1
    assert said(await Logs(bus).read(RUN, limit=10)) == ["only this"]


async def test_of_each_task_the_last_thousand_are_kept(bus: Connection) -> None:
    await say(bus, "quiet", "still here")
    await say(bus, "loud", *map(str, range(1200)))
    await until_stored(bus, 1201)
    lines = said(await Logs(bus).read(RUN, limit=2000))
    assert lines[0] == "still here"
    assert lines[1:] == [str(number) for number in range(200, 1200)]


@pytest.mark.parametrize("after", [0, 1])
async def test_lines_are_followed(bus: Connection, after: int) -> None:
    await say(bus, "page", "a", "b")
    await until_stored(bus, 2)
    async with asyncio.timeout(20), contextlib.aclosing(Logs(bus).follow(RUN, after=after)) as lines:
        found = [await anext(lines) for _ in range(2 - after)]
        await say(bus, "page", "c")
        found.append(await anext(lines))
    assert said(found) == ["a", "b", "c"][after:]
