"""Lists of steps go when that of the next slice is there."""

import asyncio
from typing import Any

from support.playing import SHARDS
from support.story import Story, script, step

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.core.actions import Action
from gnatwork_scheduler.outlived import OutlivedLists
from gnatwork_scheduler.perform import Performer
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects

_RUN = "01931d2e-0000-7000-8000-000000000001"
_MANY = 200


async def stored(bus: Connection) -> list[str]:
    """The labels of all payloads."""
    info = await bus.api(f"STREAM.INFO.{subjects.PAYLOADS}", {"subjects_filter": ">"})
    return sorted(subject.split(".")[3].rpartition("-")[0] for subject in info["state"].get("subjects", {}))


async def test_of_a_long_program_one_list_is_kept(bus: Connection) -> None:
    # With names of this length, so few steps are too long for a message.
    long: dict[str, Any] = {**step(), "name": "é" * 100, "digest": "ü" * 64}
    story = Story(script("s", concurrency=_MANY))
    story.start()
    story.sliced("s", *[long] * _MANY)
    async with asyncio.TaskGroup() as tasks:
        performer = Performer(bus, History(bus, SHARDS), Payloads(bus), SchedulerSettings(nats_url=""), tasks)

        async def perform(actions: tuple[Action, ...]) -> None:
            performed = asyncio.get_running_loop().create_future()
            performer.perform(story.run, actions, again=False, performed=performed.set_result)
            assert await performed is None

        await perform(story.output("s/0"))
        assert await stored(bus) == ["s-slice-1-steps"]
        story.output("s/1")
        await perform(story.sliced("s", number=1))
        assert await stored(bus) == ["s-slice-2-steps"]


async def test_a_dispatch_that_comes_again_takes_nothing_from_a_later_one(bus: Connection) -> None:
    payloads = Payloads(bus)
    lists = OutlivedLists(payloads)

    async def follow(number: int) -> None:
        task = f"s:slice-{number}"
        reference = await payloads.put("default", _RUN, str(number).encode(), task)
        await lists.follow("default", _RUN, task, reference)

    for number in (1, 2, 2, 10):
        await follow(number)
    assert await stored(bus) == ["s-slice-10"]
    await follow(2)
    assert await stored(bus) == ["s-slice-10"]
    reference = await payloads.put("default", _RUN, b"[]", "each:collect")
    await lists.follow("default", _RUN, "each:collect", reference)
    assert await stored(bus) == ["each-collect", "s-slice-10"]
