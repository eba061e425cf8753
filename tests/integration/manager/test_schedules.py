"""Schedules: one run for each nominal time, whatever comes twice, and whoever was away."""

import contextlib
import os
import signal
import time
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.managing import BLOCK_TYPES, Bench, running_manager, until
from support.triggering import Triggering

from gnatwork_bus.connection import Connection
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.reconcile import reconcile
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.messages import TriggerDue

#: Once a year, so that only what the test does makes it fire.
YEARLY = "0 0 1 1 *"


def schedule(cron: str = "* * * * * *", **fields: Any) -> dict[str, Any]:
    return {"id": "t", "type": "schedule", "cron": cron, **fields}


def written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture
async def triggering(bus: Connection) -> Triggering:
    return Triggering(bus)


@pytest.fixture
async def manager(bus: Connection, nats_url: str, tmp_path: Path, catalogue: None) -> AsyncIterator[None]:
    async with running_manager(nats_url, tmp_path / "one"):
        yield


async def fire(triggering: Triggering, revision: int) -> None:
    """An alarm goes off."""
    body = TriggerDue(at=time.time(), revision=revision).model_dump_json().encode()
    await triggering.connection.publisher.publish(subjects.trigger_fire("default", triggering.name, "t"), body)


async def no_fires(triggering: Triggering) -> None:
    """All that has gone off is seen to."""

    async def pending() -> bool:
        info = await triggering.connection.api(f"CONSUMER.INFO.{subjects.TRIGGERS}.{subjects.TRIGGER_CONSUMER}")
        return not info["num_pending"] and not info["num_ack_pending"]

    await until(pending, 20)


async def test_each_nominal_time_begins_one_run(triggering: Triggering, manager: None) -> None:
    await triggering.publish(schedule())

    async def several() -> bool:
        return len(await triggering.times()) >= 3

    await until(several, 20)
    starts = await triggering.started()
    moments = [datetime.fromisoformat(start.trigger.details["scheduled_at"]) for start in starts]
    assert {(later - earlier).total_seconds() for earlier, later in pairwise(moments)} == {1.0}
    first = starts[0]
    assert first.trigger.type == "schedule"
    assert first.trigger.details["schedule"] == "* * * * * *"
    assert first.input is None
    assert first.version == 1


async def test_its_input_may_mention_the_nominal_time(triggering: Triggering, manager: None) -> None:
    await triggering.publish(schedule(input={"day": "{{ trigger.scheduled_at }}", "by": "{{ trigger.id }}"}))
    start = (await until(triggering.started, 20))[0]
    assert start.input == {"day": start.trigger.details["scheduled_at"], "by": "t"}


async def test_an_alarm_that_comes_twice_begins_nothing_twice(triggering: Triggering, manager: None) -> None:
    revision = await triggering.publish(schedule(YEARLY))
    await until(triggering.alarms, 20)
    due = datetime.now(UTC).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    await triggering.put_state(times=f"{YEARLY} UTC", nominal=due - 1, revision=revision)
    for _ in range(5):
        await fire(triggering, revision)
    await until(triggering.started, 20)
    await no_fires(triggering)
    assert await triggering.times() == {written(due): 1}
    assert await triggering.alarms() == ["t"]
    assert (await triggering.state_of()).nominal == due


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"catchup": "none"}, []),
        ({"catchup": "latest"}, [0]),
        ({"catchup": "all"}, [-2, -1, 0]),
        ({"catchup": "all", "max_catchup": 2}, [-1, 0]),
    ],
)
@pytest.mark.usefixtures("catalogue")
async def test_what_passed_while_all_managers_were_away(
    triggering: Triggering, nats_url: str, tmp_path: Path, fields: dict[str, Any], expected: list[int]
) -> None:
    # Every hour, half an hour ago.
    last = (time.time() - 1800) // 60 * 60
    cron = f"{int(last // 60 % 60)} * * * *"
    revision = await triggering.publish(schedule(cron, **fields))
    await triggering.put_state(times=f"{cron} UTC", nominal=last - 3 * 3600, revision=revision)
    async with running_manager(nats_url, tmp_path / "back"):

        async def is_settled() -> bool:
            return (await triggering.state_of()).nominal == last

        await until(is_settled, 20)
        await no_fires(triggering)
        assert list(await triggering.times()) == [written(last + 3600 * hours) for hours in expected]
        assert await triggering.alarms() == ["t"]


async def test_what_is_switched_off_or_removed_has_no_alarm(triggering: Triggering, manager: None) -> None:
    async def alarms(*expected: str) -> None:
        async def as_expected() -> bool:
            return sorted(await triggering.alarms()) == sorted(expected)

        await until(as_expected, 20)

    other = {**schedule(YEARLY), "id": "u"}
    await triggering.publish(schedule(YEARLY), other)
    await alarms("t", "u")
    await triggering.publish(schedule(YEARLY, enabled=False), other)
    await alarms("u")
    assert (await triggering.state_of()).times is None
    await triggering.publish(schedule(YEARLY))
    await alarms("t")
    await triggering.remove()
    await alarms()


async def test_alarms_that_are_left_over_are_removed_at_the_start(
    triggering: Triggering, nats_url: str, tmp_path: Path, catalogue: None
) -> None:
    async with running_manager(nats_url, tmp_path / "one"):
        await triggering.publish(schedule(YEARLY), {**schedule(YEARLY), "id": "u"})

        async def both() -> bool:
            return len(await triggering.alarms()) == 2

        await until(both, 20)
    await triggering.publish(schedule(YEARLY))
    async with running_manager(nats_url, tmp_path / "two"):

        async def one() -> bool:
            return await triggering.alarms() == ["t"]

        await until(one, 20)


async def test_skip_begins_nothing_while_the_last_run_is_under_way(triggering: Triggering, bench: Bench) -> None:
    await triggering.publish(schedule(overlap="skip"))
    first = (await until(triggering.started, 20))[0]
    nominal = (await triggering.state_of()).nominal

    async def another_one_passed() -> bool:
        return ((await triggering.state_of()).nominal or 0) > (nominal or time.time())

    await until(another_one_passed, 20)
    assert [start.run_id for start in await triggering.started()] == [first.run_id]
    await bench.append_end(first.run_id)

    async def another() -> bool:
        return len(await triggering.started()) > 1

    await until(another, 20)


@pytest.mark.parametrize("overlap", ["queue", "replace"])
async def test_runs_that_wait_for_their_turn_or_take_it_say_so(
    triggering: Triggering, manager: None, overlap: str
) -> None:
    await triggering.publish(schedule(overlap=overlap))
    assert (await until(triggering.started, 20))[0].overlap == overlap


async def test_two_managers_begin_what_one_would(
    triggering: Triggering, nats_url: str, tmp_path: Path, manager: None
) -> None:
    async with running_manager(nats_url, tmp_path / "two"):
        await triggering.publish(schedule(), *({**schedule(), "id": f"t{number}"} for number in range(20)))

        async def several() -> bool:
            return len(await triggering.times()) >= 3

        await until(several, 20)
    for number in range(20):
        assert set((await triggering.times(f"t{number}")).values()) == {1}
    assert set((await triggering.times()).values()) == {1}


async def test_what_can_not_begin_says_why_and_the_next_time_is_waited_for(
    triggering: Triggering, manager: None
) -> None:
    definition = {"input": {"type": "object", "required": ["n"]}, "blocks": [{"id": "a", "type": "noop"}]}
    await triggering.publish(schedule(), definition=definition)

    async def failed() -> bool:
        return "input.invalid" in ((await triggering.state_of()).last_error or "")

    await until(failed, 20)
    await triggering.publish(schedule(input={"n": 1}), definition=definition)
    await until(triggering.started, 20)


async def test_an_alarm_that_the_server_refuses_holds_up_no_other(
    triggering: Triggering, bus: Connection, manager: None
) -> None:
    await triggering.publish(schedule(YEARLY))
    await until(triggering.alarms, 20)
    request = {"last_by_subj": subjects.trigger_schedule("default", triggering.name, "t")}
    alarm = (await bus.api(f"STREAM.MSG.GET.{subjects.TRIGGERS}", request))["message"]
    size = len(b64decode(alarm["hdrs"])) + len(b64decode(alarm["data"]))
    config = (await bus.api(f"STREAM.INFO.{subjects.TRIGGERS}"))["config"]
    # Nothing passes that mentions a much longer name.
    refused = Triggering(bus, "x" * 60)
    await bus.api(f"STREAM.UPDATE.{subjects.TRIGGERS}", {**config, "max_msg_size": size + 25})
    await refused.publish(schedule(YEARLY))

    async def told() -> bool:
        return "its alarm is refused" in ((await refused.state_of()).last_error or "")

    async def alarms() -> bool:
        return sorted(await triggering.alarms()) == ["t", "u"]

    await until(told, 20)
    await triggering.publish(schedule(YEARLY), schedule(YEARLY, id="u"))
    await until(alarms, 20)
    assert not await refused.alarms()
    await bus.api(f"STREAM.UPDATE.{subjects.TRIGGERS}", config)
    await triggering.publish(schedule(YEARLY))
    await until(refused.alarms, 20)


async def test_a_nats_server_that_is_killed_takes_no_time_along_and_repeats_none(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "nats") as server, Connection.open(server.url, name="test") as bus:
        await reconcile(bus)
        triggering = Triggering(bus)
        await triggering.state.put(subjects.catalogue_key("noop"), BLOCK_TYPES[0].model_dump_json().encode())
        async with running_manager(server.url, tmp_path / "one"):
            await triggering.publish(schedule())
            await until(triggering.started, 20)
            assert server.pid
            os.kill(server.pid, signal.SIGKILL)
            await server.stop()
            back = time.time()
            await server.start()
            moments: list[datetime] = []

            async def goes_on() -> bool:
                with contextlib.suppress(UnavailableError):
                    times = await triggering.times()
                    moments[:] = [datetime.fromisoformat(time) for time in times.elements()]
                return any(moment.timestamp() > back + 2 for moment in moments)

            await until(goes_on, 30)
    assert {(later - earlier).total_seconds() for earlier, later in pairwise(sorted(moments))} == {1.0}
