"""Status documents are written whatever is found in their place."""

import asyncio

import pytest
from support.playing import Playing
from support.story import block

from gnatwork_schemas import header_names, subjects


@pytest.mark.parametrize("found", [b"no JSON", b'{"v": 2}'])
async def test_a_document_that_cannot_be_read_is_replaced(playing: Playing, found: bytes) -> None:
    run = await playing.start(block("a"))
    work = await playing.work(run, "a")
    await playing.summary(run, "running")
    key = subjects.status_key(run.namespace, run.run_id)
    await playing.status.put(key, found)
    await playing.output(work)
    async with asyncio.timeout(20):
        while (entry := await playing.status.get(key)) is None or entry.value == found:
            await playing.connection.nc.flush()
    await playing.summary(run, "completed")
    # And the scheduler is still there.
    await playing.work(await playing.start(block("a")), "a")


async def test_a_document_that_was_deleted_is_written_again(playing: Playing) -> None:
    run = await playing.start(block("a"))
    work = await playing.work(run, "a")
    await playing.summary(run, "running")
    key = playing.status.subject(subjects.status_key(run.namespace, run.run_id))
    await playing.connection.publisher.publish(key, b"", {header_names.KV_OPERATION: "DEL"})
    await playing.output(work)
    await playing.summary(run, "completed")
