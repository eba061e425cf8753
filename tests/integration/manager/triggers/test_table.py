"""The table of all triggers: what it tells, and that nothing is missed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import reconcile
from gnatwork_manager.triggers.table import TriggerTable
from gnatwork_schemas import subjects
from gnatwork_schemas.triggers import TRIGGER, AnyTrigger
from gnatwork_schemas.workflow import StoredVersion, StoredWorkflow

Change = tuple[str, str, list[str], list[str]]


Triggers = Mapping[str, AnyTrigger]


class Told:
    """A listener, and what it has heard."""

    def __init__(self) -> None:
        self.changes: asyncio.Queue[Change] = asyncio.Queue()
        self.revisions: list[int] = []

    def __call__(
        self,
        namespace: str,
        name: str,
        before: Mapping[str, AnyTrigger],
        after: Mapping[str, AnyTrigger],
        revision: int,
    ) -> None:
        self.changes.put_nowait((namespace, name, sorted(before), sorted(after)))
        self.revisions.append(revision)

    async def next(self) -> Change:
        async with asyncio.timeout(20):
            return await self.changes.get()


def hook(id_: str = "hook", **fields: Any) -> Any:
    return TRIGGER.validate_python({"id": id_, "type": "webhook", **fields})


def workflow(*triggers: Any, name: str = "shop", **fields: Any) -> StoredWorkflow:
    version = StoredVersion(control_block="digest", created_at=1.0)
    return StoredWorkflow(**{"published": 1, "versions": {"1": version}, **fields}, name=name, defined=triggers)


@pytest.fixture
def state(bus: Connection) -> Bucket:
    return Bucket(bus, subjects.STATE_BUCKET)


async def put(state: Bucket, document: StoredWorkflow, namespace: str = "default") -> int:
    return await state.put(subjects.workflow_key(namespace, document.name), document.model_dump_json().encode())


@pytest.fixture
async def table(bus: Connection, state: Bucket) -> AsyncIterator[TriggerTable]:
    """A table that follows, of a bucket with one workflow."""
    await put(state, workflow(hook(path="/a")))
    table = TriggerTable(bus, state)
    await table.refresh()
    following = asyncio.create_task(table.follow())
    yield table
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_who_listens_hears_of_what_there_is_and_of_every_change(table: TriggerTable, state: Bucket) -> None:
    told = Told()
    table.listen(told)
    assert await told.next() == ("default", "shop", [], ["hook"])
    await put(state, workflow(hook(), hook("more")))
    assert await told.next() == ("default", "shop", ["hook"], ["hook", "more"])
    await put(state, workflow(name="other"), "elsewhere")
    assert await told.next() == ("elsewhere", "other", [], [])
    await state.delete(subjects.workflow_key("default", "shop"))
    assert await told.next() == ("default", "shop", ["hook", "more"], [])
    assert told.revisions == sorted(told.revisions)
    assert table.get("default", "shop", "hook") is None


async def test_triggers_are_found_by_name_kind_address_and_path(table: TriggerTable, state: Bucket) -> None:
    told = Told()
    table.listen(told)
    await told.next()
    schedule = TRIGGER.validate_python({"id": "nightly", "type": "schedule", "cron": "@daily"})
    switched = {"hook": False}
    await put(
        state,
        workflow(
            hook(path="/b"), hook("get", method="GET", path="/b"), schedule, switched=switched, hooks={"hook": "abc"}
        ),
    )
    await told.next()
    found = table.get("default", "shop", "hook")
    assert found
    assert (found.trigger.enabled, found.published, found.control_block, found.address) == (False, 1, "digest", "abc")
    assert [known.trigger.id for known in table.of_kind("schedule")] == ["nightly"]
    assert [known.trigger.id for known in table.hooks("/abc")] == ["hook"]
    assert {known.trigger.id for known in table.hooks("/b")} == {"hook", "get"}
    assert table.hooks("/a") == []
    assert [known.trigger.id for known in table.of_namespace("default")] == ["hook", "get", "nightly"]


async def test_what_a_manager_has_written_itself_is_known_at_once(table: TriggerTable, state: Bucket) -> None:
    told = Told()
    table.listen(told)
    await told.next()
    # Not a turn of the event loop in between, so that nothing but the note can have told.
    revision = await put(state, written := workflow(hook("new")))
    table.note("default", "shop", written, revision)
    assert table.get("default", "shop", "new")
    table.note("default", "shop", workflow(hook("old")), revision - 1)
    assert table.get("default", "shop", "old") is None
    await put(state, workflow(hook("last"), name="marker"))
    changes = [await told.next(), await told.next()]
    assert [change[1] for change in changes] == ["shop", "marker"]


async def test_a_removed_workflow_does_not_come_back(table: TriggerTable, state: Bucket) -> None:
    told = Told()
    table.listen(told)
    await told.next()
    table.note("default", "shop", None, 1_000_000)
    assert await told.next() == ("default", "shop", ["hook"], [])
    # Older news of it, which the bucket still has to tell.
    await put(state, workflow(hook("stale")))
    await put(state, workflow(name="marker"))
    assert (await told.next())[1] == "marker"
    assert table.get("default", "shop", "stale") is None


async def test_the_version_that_runs_is_known(table: TriggerTable, state: Bucket) -> None:
    told = Told()
    table.listen(told)
    await told.next()
    version = StoredVersion(control_block="second", created_at=2.0)
    revision = await put(state, later := workflow(versions={"1": version, "2": version}, published=2))
    table.note("default", "shop", later, revision)
    assert table.published("default", "shop") == (2, version)
    await put(state, workflow(versions={"1": version}, published=None))
    assert [(await told.next())[1], (await told.next())[1]] == ["shop", "shop"]
    assert table.published("default", "shop") is None
    assert table.published("default", "nowhere") is None


async def test_a_bucket_that_is_made_anew_is_followed_from_its_start(
    bus: Connection, table: TriggerTable, state: Bucket
) -> None:
    for number in range(20):
        await put(state, workflow(hook(path=f"/{number}"), name="other"))
    told = Told()
    table.listen(told)
    assert {(await told.next())[1] for _ in range(2)} == {"shop", "other"}

    async def until_told(change: Change) -> None:
        while await told.next() != change:
            pass

    await until_told(("default", "other", ["hook"], ["hook"]))
    await bus.api(f"STREAM.DELETE.{state.stream_name}")
    await reconcile(bus)
    await put(state, workflow(hook("anew", path="/anew")))
    await until_told(("default", "shop", [], ["anew"]))
    assert [known.trigger.id for known in table.of_namespace("default")] == ["anew"]
    assert table.hooks("/19") == []
    # Also what this manager writes itself, with numbers smaller than those of before.
    revision = await put(state, written := workflow(hook("own")))
    table.note("default", "shop", written, revision)
    assert table.get("default", "shop", "own")


async def test_a_document_that_can_not_be_read_changes_nothing(table: TriggerTable, state: Bucket) -> None:
    told = Told()
    table.listen(told)
    await told.next()
    await state.put(subjects.workflow_key("default", "shop"), b'{"name": 1}')
    await put(state, workflow(name="marker"))
    assert (await told.next())[1] == "marker"
    assert table.get("default", "shop", "hook")
