import asyncio

import pytest

from gnatwork_bus.connection import Connection
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
    async with asyncio.timeout(10):
        assert [event.sequence for event in await history.load_run("default", RUN)] == [start]
