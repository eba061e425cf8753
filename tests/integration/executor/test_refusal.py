"""Items that no one can read: dead letters, and an error for the run that waits."""

from typing import Any

import orjson
import pytest
from support.executing import Scheduler, Sent, base_of, hosting, make_work, subject_of
from support.odd_blocks import block_of

from gnatwork_blocks.sdk import BlockContext
from gnatwork_bus.dead_letters import list_letters
from gnatwork_schemas.messages import Start, Work
from gnatwork_schemas.subjects import START


async def never(_ctx: BlockContext, _config: Any) -> Any:
    raise AssertionError("this was to be refused")


async def queue(scheduler: Scheduler, work: Work, data: bytes, subject: str = "") -> Sent:
    """Queue these bytes in the place of the item."""
    return Sent(work, await scheduler.connection.publisher.publish(subject or subject_of(work), data))


async def start(scheduler: Scheduler, work: Work) -> None:
    body = Start(run_id=work.run_id, workflow=work.workflow, control_block="sha256-00")
    await scheduler.history.append(base_of(work), START, body.model_dump_json().encode())


#: What takes the place of an item: bytes, or fields that differ from it; and what is said of it.
BROKEN: dict[str, tuple[bytes | dict[str, Any], str]] = {
    "not JSON": (b"{nonsense", "message.invalid"),
    "not UTF-8": (b'{"v": 1, "run_id": "\xff"}', "message.invalid"),
    "no object": (b"[1, 2]", "message.invalid"),
    "lacks fields": (b'{"v": 1}', "message.invalid"),
    "another version": ({"v": 2}, "message.unknown_version"),
    "another task": ({"task": "other"}, "message.invalid"),
    "another attempt": ({"attempt": 2}, "message.invalid"),
    "another type": ({"type": "noop"}, "message.invalid"),
    "another run's history": ({"output_subject": make_work("odd").output_subject}, "message.invalid"),
    "no history at all": ({"error_subject": "workflow.x.complete"}, "message.invalid"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_an_unreadable_item_becomes_a_dead_letter_and_its_task_fails(
    nats_url: str, scheduler: Scheduler, name: str
) -> None:
    work = make_work("odd")
    broken, code = BROKEN[name]
    data = broken if isinstance(broken, bytes) else orjson.dumps({**work.model_dump(mode="json"), **broken})
    await start(scheduler, work)
    async with hosting(nats_url, block_of(never)):
        sent = await queue(scheduler, work, data)
        body = await scheduler.event(sent, "block.step.error")
        await scheduler.settled(sent, b"+TERM " + code.encode())

    assert (body["task"], body["attempt"]) == ("step", 1)
    assert (body["error"]["code"], body["error"]["retryable"]) == (code, False)
    [buried] = await list_letters(scheduler.connection)
    assert (buried.letter.stream, buried.letter.subject) == ("WORK", subject_of(work))
    assert (buried.letter.sequence, buried.letter.error.code) == (sent.sequence, code)
    assert (await scheduler.connection.api("STREAM.INFO.WORK"))["state"]["messages"] == 0


@pytest.mark.parametrize(
    "subject",
    [
        "block.odd.normal.nonsense",
        "block.odd.normal.default.not-a-run.step.1.input",
        "block.odd.normal.default.{run}.step.zero.input",
        "block.odd.normal.default.{run}.st\u00e4p.1.input",
    ],
)
async def test_a_subject_that_names_no_attempt_fails_no_task(nats_url: str, scheduler: Scheduler, subject: str) -> None:
    work = make_work("odd")
    await start(scheduler, work)
    async with hosting(nats_url, block_of(never)):
        sent = await queue(scheduler, work, b"{}", subject.format(run=work.run_id))
        await scheduler.settled(sent, b"+TERM message.invalid")
    assert len(await list_letters(scheduler.connection)) == 1
    assert scheduler.outcomes(sent) == []


async def test_a_run_that_never_started_gets_no_error(nats_url: str, scheduler: Scheduler) -> None:
    async with hosting(nats_url, block_of(never)):
        sent = await queue(scheduler, make_work("odd"), b"{}")
        await scheduler.settled(sent, b"+TERM")
    assert scheduler.outcomes(sent) == []


async def test_bad_items_do_not_stop_the_good_ones(nats_url: str, scheduler: Scheduler) -> None:
    async def echo(_ctx: BlockContext, config: Any) -> Any:
        return config

    async with hosting(nats_url, block_of(echo), concurrency=3):
        for number in range(10):
            bad = await queue(scheduler, make_work("odd"), b"{}")
            good = await scheduler.send("odd", number)
            assert await scheduler.output(good) == number
            await scheduler.settled(bad, b"+TERM")
