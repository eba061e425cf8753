import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gnatwork_bus.archive import Archive
from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run, purge_run
from gnatwork_bus.timers import due_at
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.subjects import history_base, shard_of

RUN = "01931d2e-0000-7000-8000-000000000001"
OTHER = "01931d2e-0000-7000-8000-000000000002"
SHARD = shard_of(RUN, 8)
BASE = history_base(SHARD, "default", "w", RUN)
REST = f"history.{SHARD}.default._retention.{RUN}"


class Stores:
    """All that a run lies in."""

    def __init__(self, bus: Connection) -> None:
        self.bus = bus
        self.history = History(bus, 8)
        self.archive = Archive(bus)
        self.payloads = Payloads(bus)
        self.statuses = Bucket(bus, subjects.STATUS_BUCKET)

    async def run(self, run_id: str = RUN, *, payload: bool = True) -> list[StoredMessage]:
        """A run that has ended, with a timer that is still to fire and work that is still to be done; its events."""
        base = history_base(shard_of(run_id, 8), "default", "w", run_id)
        await self.history.append(base, "start", b"{}")
        timer, headers = due_at(base, "timeout", time.time() + 600)
        await self.bus.publisher.publish(timer, b"{}", headers)
        await self.history.append(base, "block.a.output", b'{"large": 1}')
        await self.history.append(base, "complete", b"{}")
        events = [event for event in await self.history.load_run("default", run_id) if event.subject != timer]
        await self.history.append(base, "block.b.output", b"late")
        await self.history.append(base, "timer.archive.fired", b"{}")
        await self.bus.publisher.publish(f"block.noop.normal.default.{run_id}.a.1.input", b"{}")
        await self.statuses.put(subjects.status_key("default", run_id), b"{}")
        if payload:
            await self.payloads.put("default", run_id, b"large", "a")
        return events

    async def archive_run(self, retention: float) -> None:
        await archive_run(self.history, self.archive, self.payloads, "default", "w", RUN, retention)

    async def purge_run(self) -> None:
        await purge_run(self.history, self.archive, self.payloads, self.statuses, "default", RUN)

    async def subjects(self, run_id: str = RUN) -> set[str]:
        """The subjects of all that is stored of a run."""
        found: set[str] = set()
        for stream in ("HISTORY", "WORK", "PAYLOADS", "ARCHIVE", "KV_gnatwork_status"):
            info = await self.bus.api(f"STREAM.INFO.{stream}", {"subjects_filter": ">"})
            found |= {name for name in info["state"].get("subjects") or {} if run_id in name}
        return found


@pytest.fixture
def stores(bus: Connection) -> Stores:
    return Stores(bus)


async def test_archived(stores: Stores) -> None:
    events, others = await stores.run(), await stores.run(OTHER)
    await stores.archive_run(600)
    assert await stores.history.load("default", RUN) == (events, True)
    kept = await stores.subjects()
    assert {name for name in kept if not name.startswith("payload.")} == {
        f"archive.default.w.{RUN}.0",
        f"$KV.gnatwork_status.default.{RUN}",
        f"{REST}.timer.purge",
    }
    assert len(kept) == 4
    assert [event for event in await stores.history.load_run("default", OTHER) if event in others] == others


async def test_a_run_without_payloads_leaves_no_timer(stores: Stores) -> None:
    await stores.run(payload=False)
    await stores.archive_run(600)
    assert await stores.subjects() == {f"archive.default.w.{RUN}.0", f"$KV.gnatwork_status.default.{RUN}"}


async def test_nothing_is_archived_without_retention(stores: Stores) -> None:
    await stores.run()
    await stores.archive_run(0)
    assert await stores.subjects() == {f"$KV.gnatwork_status.default.{RUN}"}


async def test_a_run_that_goes_on_is_not_archived(stores: Stores) -> None:
    await stores.history.append(BASE, "start", b"{}")
    with pytest.raises(ValueError, match="has not ended"):
        await stores.archive_run(600)
    assert await stores.subjects() == {f"{BASE}.start"}


async def test_once_more_changes_nothing(stores: Stores) -> None:
    events = await stores.run()
    await stores.archive_run(600)
    before = await stores.subjects()
    # What comes late goes, too.
    await stores.history.append(BASE, "block.c.output", b"late")
    await stores.archive_run(600)
    assert await stores.subjects() == before
    assert await stores.history.load("default", RUN) == (events, True)


async def test_the_timer_fires_when_the_archive_is_gone(stores: Stores) -> None:
    await stores.run()
    await stores.archive_run(1)
    set_at = await stores.history.last(f"{REST}.timer.purge")
    assert set_at
    due = datetime.fromisoformat((set_at.headers or {})["Nats-Schedule"].removeprefix("@at "))
    assert 1 < (due - datetime.fromtimestamp(set_at.at, UTC)).total_seconds() <= 2
    async with asyncio.timeout(30):
        while not await stores.history.last(f"{REST}.timer.purge.fired"):
            pass
    assert await stores.history.load("default", RUN) == ([], False)
    assert await stores.payloads.any("default", RUN)
    await stores.purge_run()
    assert await stores.subjects() == {f"$KV.gnatwork_status.default.{RUN}"}
    assert await stores.statuses.get(f"default.{RUN}") is None


@pytest.mark.parametrize("archived", [False, True])
async def test_purged(stores: Stores, archived: bool) -> None:
    await stores.run()
    await stores.run(OTHER)
    kept = await stores.subjects(OTHER)
    if archived:
        await stores.archive_run(600)
    await stores.purge_run()
    await stores.purge_run()
    assert await stores.subjects() == {f"$KV.gnatwork_status.default.{RUN}"}
    status = await stores.bus.request("$JS.API.DIRECT.GET.KV_gnatwork_status.$KV.gnatwork_status.default." + RUN)
    assert (status.headers or {})["KV-Operation"] == "DEL"
    assert (status.headers or {})["Nats-TTL"] == "600s"
    assert await stores.subjects(OTHER) == kept


async def crashes(stores: Stores, monkeypatch: pytest.MonkeyPatch, step: Callable[[], Awaitable[None]]) -> int:
    """Repeat a step that breaks off after one more write each time, until it does not; how often it broke off."""
    publish, api = stores.bus.publisher.publish, stores.bus.api
    allowed = left = 0

    def spend() -> None:
        nonlocal left
        if left == 0:
            raise UnavailableError("crashed")
        left -= 1

    async def publish_or_crash(*args: Any, **kwargs: Any) -> int:
        spend()
        return await publish(*args, **kwargs)

    async def api_or_crash(subject: str, body: Any = None) -> dict[str, Any]:
        if "PURGE" in subject:
            spend()
        return await api(subject, body)

    with monkeypatch.context() as patch:
        patch.setattr(stores.bus.publisher, "publish", publish_or_crash)
        patch.setattr(stores.bus, "api", api_or_crash)
        while True:
            left = allowed
            try:
                await step()
            except UnavailableError:
                allowed += 1
            else:
                return allowed


async def test_archiving_may_break_off_anywhere(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    events = await stores.run()
    seen: list[bool] = []

    async def step() -> None:
        try:
            await stores.archive_run(600)
        finally:
            # Whenever someone looks, the run is there, here or there.
            loaded = await stores.history.load("default", RUN)
            assert [event for event in loaded.messages if event in events] == events
            seen.append(loaded.archived)

    assert await crashes(stores, monkeypatch, step) == 4
    assert seen[-1]
    assert len(await stores.subjects()) == 4


async def test_removal_may_break_off_anywhere(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    await stores.run()
    await stores.archive_run(600)

    async def step() -> None:
        try:
            await stores.purge_run()
        except UnavailableError:
            # What is to be repeated is still found.
            assert await stores.history.find_run("default", RUN) or await stores.history.last(f"{REST}.>")
            raise

    assert await crashes(stores, monkeypatch, step) == 6
    assert await stores.subjects() == {f"$KV.gnatwork_status.default.{RUN}"}
