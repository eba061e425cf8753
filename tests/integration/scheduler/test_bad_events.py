"""Events that can't be read, and events of no run: counted, kept or removed, and never in the way."""

import asyncio

import pytest
from support.playing import Playing, runs_in_memory
from support.raw import send_raw
from support.story import block

from gnatwork_bus.dead_letters import list_letters
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import DeadLetter, Output
from gnatwork_schemas.payload import as_reference

NEWER = b'{"v": 2, "task": "a", "attempt": 1, "started_at": 1, "ended_at": 1}'


@pytest.mark.parametrize(
    ("event", "body", "code"),
    [("block.a.output", NEWER, "message.unknown_version"), ("surprise", b"{}", "message.invalid")],
)
async def test_an_unreadable_event_becomes_a_dead_letter_and_the_run_goes_on(
    playing: Playing, event: str, body: bytes, code: str
) -> None:
    run = await playing.start(block("a"))
    work = await playing.work(run, "a")
    await playing.history.append(run.base, event, body)
    letter = await dead_letter(playing)
    assert (letter.error.code, letter.subject, letter.body) == (code, f"{run.base}.{event}", body.decode())
    await playing.output(work)
    await playing.event(run, "complete")


@pytest.mark.parametrize("body", [b"not json", b'{"v": 1, "task": "a"}', b"[" * 300])
async def test_an_outcome_that_no_one_can_read_fails_its_task(playing: Playing, body: bytes) -> None:
    run = await playing.start(block("a"))
    await playing.work(run, "a")
    await playing.history.append(run.base, "block.a.output", body)
    assert (await playing.event(run, "failed"))["error"]["code"] == "message.invalid"
    assert (await dead_letter(playing)).body == body.decode()


async def test_what_is_nested_too_deep_for_a_message_is_stored_or_is_the_tasks_error(playing: Playing) -> None:
    value: object = 1
    for _ in range(160):
        value = [value]
    run = await playing.start(block("a"))
    await playing.output(await playing.work(run, "a"), value)
    assert as_reference((await playing.event(run, "complete"))["output"])
    run = await playing.start(block("a"), block("b", "a", config={"x": "{{ a }}"}))
    await playing.output(await playing.work(run, "a"), value)
    assert (await playing.event(run, "failed"))["error"]["code"] == "payload.too_large"


async def test_an_event_of_no_run_is_deleted(playing: Playing) -> None:
    base = "history.1.default.nothing.01931d2e-0000-7000-8000-ffffffffffff"
    await playing.history.append(base, "block.a.output", b'{"v":1,"task":"a","attempt":1,"started_at":1,"ended_at":1}')
    async with asyncio.timeout(20):
        while await playing.history.read(f"{base}.>"):
            await playing.connection.nc.flush()


async def test_a_start_without_a_control_block_becomes_a_dead_letter(playing: Playing) -> None:
    run = "01931d2e-0000-7000-8000-eeeeeeeeeeee"
    base = subjects.history_base(subjects.shard_of(run, 8), "default", "nothing", run)
    body = b'{"v": 1, "run_id": "%s", "workflow": "nothing", "control_block": "sha256-none"}' % run.encode()
    await playing.history.append(base, "start", body)
    assert "sha256-none" in (await dead_letter(playing)).error.message


@pytest.mark.parametrize(
    "subject",
    [
        "history.1.nothing",
        "history.1.default.w.r",
        "history.1.*.w.01931d2e-0000-7000-8000-cccccccccccc.start",
        "history.1.default.w.*.block.a.output",
        "history.1.default.>.r.start",
    ],
)
async def test_what_is_no_event_at_all_becomes_a_dead_letter(playing: Playing, nats_url: str, subject: str) -> None:
    # Not by the client, which would refuse some of them; the server takes them all.
    await send_raw(nats_url, b"PUB %s 2\r\n{}\r\n" % subject.encode())
    assert (await dead_letter(playing)).subject == subject


async def test_a_start_that_cannot_be_read_leaves_nothing_in_memory(playing: Playing) -> None:
    run = "01931d2e-0000-7000-8000-dddddddddddd"
    base = subjects.history_base(subjects.shard_of(run, 8), "default", "nothing", run)
    for count in (1, 2):
        await playing.history.append(base, "start", b'{"v": 2}')
        async with asyncio.timeout(20):
            while len(await list_letters(playing.connection)) < count:
                await playing.connection.nc.flush()
    assert await runs_in_memory(playing) == 0


async def test_an_event_on_the_wrong_subject_of_a_run_is_none_of_it(playing: Playing) -> None:
    run = await playing.start(block("a"))
    work = await playing.work(run, "a")
    elsewhere = run._replace(workflow="other").base
    body = Output(task="a", attempt=1, started_at=1, ended_at=2).model_dump_json().encode()
    await playing.history.append(elsewhere, "block.a.output", body)
    async with asyncio.timeout(20):
        while await playing.history.read(f"{elsewhere}.>"):
            await playing.connection.nc.flush()
    await playing.output(work, "mine")
    assert (await playing.event(run, "complete"))["output"] == {"a": "mine"}


async def test_an_outcome_of_another_task_fails_the_one_that_waits_for_it(playing: Playing) -> None:
    run = await playing.start(block("a"), block("b", "a"))
    work = await playing.work(run, "a")
    await playing.output(work.model_copy(update={"task": "b"}))
    assert (await playing.event(run, "failed"))["error"]["task"] == "a"


async def test_an_error_too_long_to_be_passed_on_fails_its_task_in_few_words(playing: Playing) -> None:
    run = await playing.start(block("a"))
    work = await playing.work(run, "a")
    await playing.error(work, message="m" * (1024 * 1024 - 300))
    assert (await playing.event(run, "failed"))["error"]["code"] == "message.invalid"


async def dead_letter(playing: Playing) -> DeadLetter:
    async with asyncio.timeout(20):
        while True:
            if letters := await list_letters(playing.connection):
                return letters[0].letter
