import time
from datetime import datetime

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.dead_letters import bury, discard_letter, discard_letters, get_letter, list_letters
from gnatwork_bus.history import History
from gnatwork_bus.redrive import redrive
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import LetterCutError, LetterNotFoundError, RedriveError
from gnatwork_schemas.subjects import history_base, run_borders, shard_of

ERROR = ErrorInfo(code="message.invalid", message="A message is not JSON.")
OTHER = ErrorInfo(code="message.unknown_version", message="v=2")
RUN = "01931d2e-0000-7000-8000-000000000001"
BASE = history_base(shard_of(RUN, 8), "default", "w", RUN)
ITEM = f"block.a.normal.default.{RUN}.t.1.input"


async def bury_one(
    bus: Connection, subject: str, data: bytes = b"x", *, stream: str = "HISTORY", sequence: int = 7
) -> int:
    return await bury(bus, stream, subject, sequence, ERROR, data, 1_700_000_000.5)


@pytest.fixture
async def history(bus: Connection) -> History:
    """That of a run which goes on."""
    history = History(bus, 8)
    await history.append(BASE, "start", b"{}")
    return history


@pytest.mark.parametrize("data", [b"", b"{n\xc3\xb6", bytes(range(256)), b"a" * 500_000])
async def test_an_event_is_appended_again(bus: Connection, history: History, data: bytes) -> None:
    subject = f"{BASE}.block.each/1/x.output"
    number = await bury_one(bus, subject, data)
    letter, sequence = await redrive(bus, number)
    assert letter.subject == subject
    stored = await history.by_sequence(sequence)
    assert stored
    assert (stored.subject, stored.data) == (subject, data)
    assert await list_letters(bus) == []
    with pytest.raises(LetterNotFoundError, match=str(number)):
        await redrive(bus, number)


async def test_a_work_item_is_queued_again(bus: Connection, history: History) -> None:
    del history
    number = await bury_one(bus, ITEM, b"{}", stream="WORK")
    await redrive(bus, number)
    info = await bus.api("STREAM.INFO.WORK", {"subjects_filter": ">"})
    assert info["state"]["subjects"] == {ITEM: 1}


async def test_not_while_it_is_queued(bus: Connection, history: History) -> None:
    del history
    await bus.publisher.publish(ITEM, b"{}")
    number = await bury_one(bus, ITEM, b"{}", stream="WORK")
    with pytest.raises(RedriveError, match="is queued, or in an executor's hands, already"):
        await redrive(bus, number)
    assert (await get_letter(bus, number)).subject == ITEM


@pytest.mark.parametrize(("stream", "subject"), [("WORK", ITEM), ("HISTORY", f"{BASE}.block.a.output")])
async def test_not_to_a_run_that_is_over_or_gone(bus: Connection, stream: str, subject: str) -> None:
    number = await bury_one(bus, subject, stream=stream)
    with pytest.raises(RedriveError, match="is gone, or has never begun"):
        await redrive(bus, number)
    history = History(bus, 8)
    await history.append(BASE, "start", b"{}")
    await history.append(BASE, "failed", b"{}")
    with pytest.raises(RedriveError, match="has ended: failed"):
        await redrive(bus, number)
    assert len(await list_letters(bus)) == 1


async def test_a_run_still_begins_and_ends_once(bus: Connection) -> None:
    history = History(bus, 8)
    await redrive(bus, await bury_one(bus, f"{BASE}.start"))
    with pytest.raises(RedriveError, match="has gone on meanwhile"):
        await redrive(bus, await bury_one(bus, f"{BASE}.start"))
    await redrive(bus, await bury_one(bus, f"{BASE}.complete"))
    with pytest.raises(RedriveError, match="has ended: complete"):
        await redrive(bus, await bury_one(bus, f"{BASE}.cancelled", sequence=8))
    last = await history.last(run_borders(BASE))
    assert last
    assert last.subject == f"{BASE}.complete"


async def test_events_of_reserved_workflows_need_no_start(bus: Connection) -> None:
    await redrive(bus, await bury_one(bus, f"history.3.default._retention.{RUN}.timer.purge.fired"))
    assert await list_letters(bus) == []


async def test_a_part_is_not_sent(bus: Connection, history: History) -> None:
    number = await bury_one(bus, f"{BASE}.block.a.output", b"a" * 600_000)
    with pytest.raises(LetterCutError, match=f"{number} has 524288 of 600000 bytes"):
        await redrive(bus, number)
    assert await history.last(f"{BASE}.block.>") is None


@pytest.mark.parametrize(
    ("stream", "subject", "why"),
    [
        ("HISTORY", f"{BASE}.block.*.output", "no subject to publish to"),
        ("HISTORY", f"{BASE}.a b", "no subject to publish to"),
        ("HISTORY", "history.3.default..x.start", "no subject to publish to"),
        ("HISTORY", "history.\\xff.a.b.c.d", "names no run"),
        ("HISTORY", "history.short", "names no run"),
        ("WORK", "block.a.b", "names no run"),
        ("PAYLOADS", "payload.a.b.c.0", "no one would read"),
        ("WORK", f"{BASE}.block.a.output", "names no run"),
        ("HISTORY", f"history.9.default.w.{RUN}.start\n", "no subject to publish to"),
    ],
)
async def test_what_can_not_be_sent_is_said(bus: Connection, stream: str, subject: str, why: str) -> None:
    number = await bury_one(bus, subject, stream=stream)
    with pytest.raises(RedriveError, match=why):
        await redrive(bus, number)
    assert len(await list_letters(bus)) == 1


async def test_one_is_discarded(bus: Connection) -> None:
    first, second = await bury_one(bus, "history.a"), await bury_one(bus, "history.b", sequence=8)
    await discard_letter(bus, first)
    assert [buried.id for buried in await list_letters(bus)] == [second]
    for number in (first, 99):
        with pytest.raises(LetterNotFoundError, match=str(number)):
            await discard_letter(bus, number)
        with pytest.raises(LetterNotFoundError, match=str(number)):
            await get_letter(bus, number)


async def test_many_are_discarded(bus: Connection) -> None:
    async def some() -> None:
        for sequence in range(3):
            await bury(bus, "WORK", "block.a", sequence, ERROR, b"", 1.0)
            await bury(bus, "HISTORY", "history.a", sequence, OTHER, b"", 1.0)

    await some()
    assert await discard_letters(bus, before=time.time() - 60) == 0
    assert await discard_letters(bus, reason="message.nothing") == 0
    assert await discard_letters(bus, reason=ERROR.code) == 3
    assert {buried.letter.error.code for buried in await list_letters(bus)} == {OTHER.code}
    await some()
    kept = (await list_letters(bus, limit=2))[-1]
    stored = (await bus.api("STREAM.MSG.GET.DEAD_LETTERS", {"seq": kept.id}))["message"]["time"]
    before = datetime.fromisoformat(stored).timestamp()
    assert await discard_letters(bus, before=before, reason=OTHER.code) == 2
    assert await discard_letters(bus, before=before) == 2
    assert [buried.id for buried in await list_letters(bus)] == [kept.id + 1, kept.id]
    assert await discard_letters(bus) == 2
