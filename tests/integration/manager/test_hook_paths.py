"""Addresses that webhooks choose: each belongs to one trigger, whoever dies while it changes hands."""

import asyncio
from typing import Any

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.paths import HookPaths
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.triggers import TRIGGER
from gnatwork_schemas.workflow import HookPath, StoredWorkflow

KEY = subjects.hook_key("POST", "/orders")


@pytest.fixture
def state(bus: Connection) -> Bucket:
    return Bucket(bus, subjects.STATE_BUCKET)


@pytest.fixture
def paths(state: Bucket) -> HookPaths:
    return HookPaths(state=state)


def webhook(path: str = "/orders", id_: str = "hook", **more: Any) -> Any:
    return TRIGGER.validate_python({"id": id_, "type": "webhook", "path": path, **more})


def workflow(*triggers: Any, name: str = "shop") -> StoredWorkflow:
    return StoredWorkflow(name=name, defined=triggers)


async def write(state: Bucket, document: StoredWorkflow, revision: int) -> int:
    key = subjects.workflow_key("default", document.name)
    return await state.update(key, document.model_dump_json().encode(), revision)


async def move(paths: HookPaths, before: StoredWorkflow, after: StoredWorkflow) -> int:
    """Replace one document by the other, as a manager does."""
    _, revision = await paths.state.find(subjects.workflow_key("default", after.name))
    return await paths.moving("default", before, after, lambda: write(paths.state, after, revision))


async def owner(state: Bucket) -> str | None:
    entry = await state.get(KEY)
    return HookPath.model_validate_json(entry.value).workflow if entry else None


async def leave(state: Bucket, name: str) -> None:
    """What a manager leaves that died long ago, before it wrote the document."""
    left = HookPath(
        method="POST", path="/orders", namespace="default", workflow=name, trigger="hook", taken_at=1_700_000_000
    )
    await state.put(KEY, left.model_dump_json().encode())


async def test_an_address_is_taken_and_given_back_with_the_document(state: Bucket, paths: HookPaths) -> None:
    await move(paths, workflow(), workflow(webhook()))
    assert await owner(state) == "shop"
    await move(paths, workflow(webhook()), workflow(webhook("/other")))
    assert await owner(state) is None
    await move(paths, workflow(name="bazaar"), workflow(webhook(), name="bazaar"))
    assert await owner(state) == "bazaar"


async def test_nobody_else_gets_an_address_that_is_in_use(state: Bucket, paths: HookPaths) -> None:
    await move(paths, workflow(), workflow(webhook()))
    wanted = workflow(webhook("/free", "first"), webhook(enabled=False), name="bazaar")
    with pytest.raises(ProblemError) as refused:
        await move(paths, workflow(name="bazaar"), wanted)
    assert refused.value.code == "trigger.path_taken"
    assert [fault.pointer for fault in refused.value.errors] == ["/triggers/1/path"]
    await move(paths, workflow(name="bazaar"), workflow(webhook(method="PUT"), name="bazaar"))


async def test_two_webhooks_of_a_workflow_need_two_addresses(paths: HookPaths) -> None:
    with pytest.raises(ProblemError, match="by the trigger `hook` of this workflow"):
        await move(paths, workflow(), workflow(webhook(), webhook(id_="again")))


async def test_an_address_moves_between_triggers_of_a_workflow(state: Bucket, paths: HookPaths) -> None:
    await move(paths, workflow(), workflow(webhook()))
    await move(paths, workflow(webhook()), workflow(webhook(id_="other")))
    entry = await state.get(KEY)
    assert entry
    assert HookPath.model_validate_json(entry.value).trigger == "other"


async def test_what_was_left_over_is_taken_over(state: Bucket, paths: HookPaths) -> None:
    await leave(state, "gone")
    await move(paths, workflow(), workflow(webhook()))
    assert await owner(state) == "shop"


async def test_what_was_just_taken_is_left_to_its_owner(state: Bucket, paths: HookPaths) -> None:
    taken = asyncio.Event()

    async def wait() -> None:
        taken.set()
        await asyncio.Event().wait()

    slow = asyncio.create_task(paths.moving("default", workflow(name="slow"), workflow(webhook(), name="slow"), wait))
    await taken.wait()
    with pytest.raises(ProblemError, match="is taken by the workflow `slow`"):
        await move(paths, workflow(), workflow(webhook()))
    slow.cancel()


@pytest.mark.parametrize("exists", [True, False])
async def test_whoever_was_so_slow_that_it_was_taken_over_asks_again(
    state: Bucket, paths: HookPaths, exists: bool
) -> None:
    slow, name = workflow(webhook(), name="slow"), subjects.workflow_key("default", "slow")
    if exists:
        await write(state, workflow(name="slow"), 0)
    _, revision = await state.find(name)

    async def after_long() -> int:
        await leave(state, "slow")
        await move(paths, workflow(), workflow(webhook()))
        return await write(state, slow, revision)

    with pytest.raises(ConflictError):
        await paths.moving("default", workflow(name="slow"), slow, after_long)
    with pytest.raises(ProblemError, match="is taken by the workflow `shop`"):
        await move(paths, workflow(name="slow"), slow)


async def test_what_was_taken_again_meanwhile_is_not_given_back(state: Bucket, paths: HookPaths) -> None:
    await move(paths, workflow(), workflow(webhook()))
    entry, revision = await state.find(subjects.workflow_key("default", "shop"))
    assert entry

    async def and_back() -> int:
        written = await write(state, workflow(), revision)
        await move(paths, workflow(), workflow(webhook()))
        return written

    await paths.moving("default", workflow(webhook()), workflow(), and_back)
    assert await owner(state) == "shop"
