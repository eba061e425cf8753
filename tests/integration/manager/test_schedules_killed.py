"""Many schedules that are due at the same second, and managers that are killed meanwhile: each fires once.

`GNATWORK_TEST_SCHEDULES=1000 GNATWORK_TEST_KILLS=10` makes it as large as what is promised.
"""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.installation import clean_environment
from support.managing import until
from support.triggering import Triggering

from gnatwork_bus.connection import Connection
from gnatwork_schemas import subjects

log = logging.getLogger(__name__)

SCHEDULES = int(os.environ.get("GNATWORK_TEST_SCHEDULES", "200"))
KILLS = int(os.environ.get("GNATWORK_TEST_KILLS", "3"))
#: Triggers of one workflow.
_EACH = 100
#: Seconds until the first time is due, between the times, and that all of it may take.
_SOON, _APART, _PATIENCE = 4, 2, 120.0
#: How often each schedule is due.
_TIMES = 3


@contextlib.asynccontextmanager
async def manager_process(url: str, data_dir: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A manager as a process of its own, killed in the end."""
    arguments = ("-m", "gnatwork_cli", "manager", "--nats", url, "--port", "0", "--data-dir", str(data_dir))
    environment = clean_environment(GNATWORK_TOKEN="the-token-of-this-test")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def keep_alive(url: str, data_dir: Path, doomed: asyncio.Queue[None]) -> None:
    """A manager that is started again each time that it is killed, for ever."""
    while True:
        async with manager_process(url, data_dir):
            await doomed.get()


class Runs:
    """The runs that begin."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._more = asyncio.Event()

    def heard(self, subject: str, _: bytes) -> None:
        """One more."""
        self._seen.add(subject)
        self._more.set()

    async def begun(self, number: int) -> None:
        """Wait until there are as many."""
        async with asyncio.timeout(_PATIENCE):
            while len(self._seen) < number:
                self._more.clear()
                await self._more.wait()


async def publish(bus: Connection, first: int) -> list[Triggering]:
    """Workflows with schedules that are all due at the same seconds, the first of them this one, Unix seconds."""
    moments = [datetime.fromtimestamp(first + _APART * number, UTC) for number in range(_TIMES)]
    fields = (sorted({getattr(moment, name) for moment in moments}) for name in ("second", "minute", "hour"))
    cron = " ".join(",".join(map(str, values)) for values in fields) + " * * *"
    workflows = [Triggering(bus, f"w{number}") for number in range(-(-SCHEDULES // _EACH))]
    for place, workflow in enumerate(workflows):
        ids = [f"t{number}" for number in range(place * _EACH, min((place + 1) * _EACH, SCHEDULES))]
        triggers: list[dict[str, Any]] = [
            {"id": id_, "type": "schedule", "cron": cron, "catchup": "all"} for id_ in ids
        ]
        # However long it takes until a manager knows of them, none of these times is one of before.
        await asyncio.gather(*(workflow.put_state(id_, times=f"{cron} UTC", nominal=first - 1.0) for id_ in ids))
        await workflow.publish(*triggers)
    return workflows


async def begun(workflows: list[Triggering]) -> Counter[tuple[str, str]]:
    """Triggers and nominal times, each with the number of runs that began."""
    starts = [start for workflow in workflows for start in await workflow.started(None)]
    return Counter((start.trigger.id or "", start.trigger.details["scheduled_at"]) for start in starts)


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("catalogue")
async def test_each_schedule_fires_once_whoever_is_killed(bus: Connection, nats_url: str, tmp_path: Path) -> None:
    doomed: asyncio.Queue[None] = asyncio.Queue()
    runs = Runs()
    await bus.listen(subjects.live_event("*", subjects.START), runs.heard)
    first = int(time.time()) + _SOON
    # All within one minute, for a cron can't say which minute goes with which second.
    first += max(0, first % 60 + _APART * _TIMES - 60) and 60 - first % 60
    wanted = SCHEDULES * _TIMES
    async with asyncio.TaskGroup() as tasks:
        managers = [tasks.create_task(keep_alive(nats_url, tmp_path / f"m{n}", doomed)) for n in range(2)]
        workflows = await publish(bus, first)
        for kill in range(KILLS):
            # Spread over the runs that begin.
            await runs.begun(wanted * (kill + 1) // (KILLS + 1))
            doomed.put_nowait(None)
        await runs.begun(wanted)
        late = time.time() - first - _APART * (_TIMES - 1)
        await until(lambda: nothing_pending(bus), _PATIENCE)
        for task in managers:
            task.cancel()
    found = await begun(workflows)
    assert len(found) == wanted
    assert set(found.values()) == {1}
    log.info("%d schedules, %d times each, %d kills: all had begun after %.1f s", SCHEDULES, _TIMES, KILLS, late)


async def nothing_pending(bus: Connection) -> bool:
    """Whether all that has gone off is seen to."""
    info = await bus.api(f"CONSUMER.INFO.{subjects.TRIGGERS}.{subjects.TRIGGER_CONSUMER}")
    return not info["num_pending"] and not info["num_ack_pending"]
