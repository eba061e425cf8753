"""Status documents when two schedulers take themselves to be in charge of a run."""

import asyncio

from support.story import ADDRESS, RUN_ID, Story, block

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_engine.core import run_summary
from gnatwork_scheduler.live_run import LiveRun
from gnatwork_scheduler.projector import Projector
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.status import RunStatus, RunSummary


async def _written(projector: Projector, run: LiveRun) -> None:
    """Tell the projector of a change, and wait until it, or something newer, is stored."""
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    projector.changed(run, done.set_result)
    projector.flush()
    assert await done is None


async def test_a_scheduler_that_is_behind_never_writes_over_a_newer_document(bus: Connection) -> None:
    bucket = Bucket(bus, subjects.STATUS_BUCKET)
    key = subjects.status_key(ADDRESS.namespace, RUN_ID)
    ahead, behind = Story(block("a"), block("b", "a")), Story(block("a"), block("b", "a"))
    ahead.start()
    ahead.output("a")
    ahead.output("b")
    ahead.end()
    await bucket.put(key, run_summary(ahead.run).model_dump_json().encode())

    async with asyncio.TaskGroup() as tasks:
        projector = Projector(bucket, History(bus, 8), SchedulerSettings(nats_url=""), tasks)
        behind.start()
        run = LiveRun(ADDRESS.base, behind.plan, behind.run, status_revision=0)
        await _written(projector, run)
        behind.output("a")
        await _written(projector, run)

    entry = await bucket.get(key)
    assert entry
    assert RunSummary.model_validate_json(entry.value).status is RunStatus.COMPLETED


async def test_no_document_comes_back_of_a_run_that_was_put_away(bus: Connection) -> None:
    bucket, history = Bucket(bus, subjects.STATUS_BUCKET), History(bus, 8)
    key = subjects.status_key(ADDRESS.namespace, RUN_ID)
    story = Story(block("a"))
    story.start()

    async with asyncio.TaskGroup() as tasks:
        projector = Projector(bucket, history, SchedulerSettings(nats_url=""), tasks)
        await _written(projector, LiveRun(ADDRESS.base, story.plan, story.run))
        assert await bucket.get(key) is None
        story.run.start_sequence = await history.append(ADDRESS.base, subjects.START, b"{}")
        await _written(projector, LiveRun(ADDRESS.base, story.plan, story.run))
    assert await bucket.get(key)
