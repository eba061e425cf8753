import asyncio

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import last_of_each
from gnatwork_bus.history import History
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.subjects import history_base, run_borders, shard_of

RUN = "01931d2e-0000-7000-8000-000000000001"
BASE = history_base(shard_of(RUN, 8), "default", "w", RUN)


async def test_a_run_starts_once_and_ends_once(bus: Connection) -> None:
    history = History(bus, 8)
    start = await history.append(BASE, "start", b"{}", expect=(run_borders(BASE), 0))
    with pytest.raises(ConflictError):
        await history.append(BASE, "start", b"{}", expect=(run_borders(BASE), 0))
    await history.append(BASE, "block.a.output", b"{}")
    await history.append(BASE, "complete", b"{}", expect=(run_borders(BASE), start))
    with pytest.raises(ConflictError):
        await history.append(BASE, "failed", b"{}", expect=(run_borders(BASE), start))


async def test_of_many_ends_at_once_one_is_stored(bus: Connection) -> None:
    history = History(bus, 8)
    start = await history.append(BASE, "start", b"{}")
    ends = ["complete", "failed", "cancelled", "timed_out"] * 5
    results = await asyncio.gather(
        *(history.append(BASE, end, b"{}", expect=(run_borders(BASE), start)) for end in ends), return_exceptions=True
    )
    assert sum(isinstance(result, int) for result in results) == 1


async def test_a_history_is_read_whole_however_long(bus: Connection) -> None:
    history = History(bus, 8)
    await history.append(BASE, "start", b"{}")
    bodies = [b'{"n": %d}' % n for n in range(2500)]
    await asyncio.gather(*(history.append(BASE, f"block.t{n}.output", body) for n, body in enumerate(bodies)))
    other = history_base(shard_of(RUN, 8), "default", "w", RUN[:-1] + "9")
    await history.append(other, "start", b"{}")
    events = await history.load_run("default", RUN)
    assert [event.data for event in events] == [b"{}", *bodies]
    assert [event.sequence for event in events] == sorted(event.sequence for event in events)
    page = await history.read(f"{BASE}.>", after=events[99].sequence, limit=10)
    assert page == events[100:110]


async def test_an_unknown_run_has_no_history(bus: Connection) -> None:
    history = History(bus, 8)
    assert await history.load_run("default", RUN) == []
    assert await history.find_start("default", RUN) is None
    await history.append(BASE, "start", b"{}")
    start = await history.find_start("default", RUN)
    assert start
    assert start.subject == f"{BASE}.start"
    assert await history.find_start("other", RUN) is None


async def test_a_last_event_that_is_deleted_meanwhile_is_not_waited_for(
    bus: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(bus, 8)
    start = await history.append(BASE, "start", b"{}")
    last = await history.append(BASE, "surprise", b"{}")
    read = history.read

    async def too_late(pattern: str, *, after: int = 0, limit: int | None = None) -> list[StoredMessage]:
        if not after:
            await bus.api("STREAM.MSG.DELETE.HISTORY", {"seq": last})
        return await read(pattern, after=after, limit=limit)

    monkeypatch.setattr(history, "read", too_late)
    async with asyncio.timeout(30):
        assert [event.sequence for event in await history.load_run("default", RUN)] == [start]


async def test_one_event_by_its_sequence(bus: Connection) -> None:
    history = History(bus, 8)
    sequences = [await history.append(BASE, f"block.t{n}.output", b"%d" % n, headers={"a": "b"}) for n in range(5)]
    found = await asyncio.gather(*(history.by_sequence(sequence) for sequence in sequences))
    assert [event and event.data for event in found] == [b"0", b"1", b"2", b"3", b"4"]
    assert found == await history.load_run("default", RUN)
    await bus.api("STREAM.MSG.DELETE.HISTORY", {"seq": sequences[1]})
    assert await history.by_sequence(sequences[1]) is None
    assert await history.by_sequence(sequences[-1] + 100) is None


@pytest.mark.parametrize(("count", "size"), [(0, 1), (1, 1), (2500, 1), (12, 800_000)])
async def test_the_last_events_of_many_subjects(bus: Connection, count: int, size: int) -> None:
    history = History(bus, 8)
    events = [f"block.t{n}.output" for n in range(count)]
    await asyncio.gather(*(history.append(BASE, event, b"old") for event in events[::7]))
    await asyncio.gather(*(history.append(BASE, event, event.encode().ljust(size)) for event in events))
    names = [f"{BASE}.{event}" for event in events]
    found = await last_of_each(bus, "HISTORY", [*names[::-1], f"{BASE}.block.missing.output"])
    assert {name: message.data.rstrip().decode() for name, message in found.items()} == dict(
        zip(names, events, strict=True)
    )


async def test_what_a_replica_does_not_have_yet_is_waited_for(bus: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Direct reads are answered by any replica, and whoever takes an empty answer for the truth loses the run."""
    history = History(bus, 8)
    start = await history.append(BASE, "start", b"{}")
    last = await history.append(BASE, "block.a.output", b"{}")
    read, answers = history.read, iter([0, start, start])

    async def behind(pattern: str, *, after: int = 0, limit: int | None = None) -> list[StoredMessage]:
        known = next(answers, last)
        return [event for event in await read(pattern, after=after, limit=limit) if event.sequence <= known]

    monkeypatch.setattr(history, "read", behind)
    assert [event.sequence for event in await history.events_after(BASE, 0)] == [start, last]


async def test_a_last_event_that_is_deleted_while_events_are_read_is_not_waited_for(
    bus: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(bus, 8)
    start = await history.append(BASE, "start", b"{}")
    last = await history.append(BASE, "surprise", b"{}")
    read = history.read

    async def too_late(pattern: str, *, after: int = 0, limit: int | None = None) -> list[StoredMessage]:
        if not after:
            await bus.api("STREAM.MSG.DELETE.HISTORY", {"seq": last})
        return await read(pattern, after=after, limit=limit)

    monkeypatch.setattr(history, "read", too_late)
    async with asyncio.timeout(30):
        assert [event.sequence for event in await history.events_after(BASE, 0)] == [start]
