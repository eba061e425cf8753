"""What a manager knows of people and keys."""

import asyncio
import contextlib

from support.managing import until

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import reconcile
from gnatwork_manager.people.directory import Directory
from gnatwork_manager.people.records import KeyRecord
from gnatwork_schemas import subjects
from gnatwork_schemas.people import Role


async def put(state: Bucket, id_: str) -> None:
    record = KeyRecord(id=id_, name="ci", digest="", owner="", roles={"*": Role.ADMIN}, created_at=1.0)
    await state.put(subjects.api_key_key(id_), record.model_dump_json().encode())


async def test_keys_of_a_store_that_was_thrown_away_are_known_no_more(bus: Connection) -> None:
    state = Bucket(bus, subjects.STATE_BUCKET)
    for _ in range(20):
        await put(state, "old")
    directory = Directory(bus, state)
    await directory.refresh()
    assert list(directory.keys) == ["old"]
    await bus.api(f"STREAM.DELETE.{state.stream_name}")
    await reconcile(bus)
    following = asyncio.create_task(directory.follow())
    try:
        await put(state, "new")

        async def known() -> bool:
            await directory.catch_up()
            return list(directory.keys) == ["new"]

        await until(known, patience=30)
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
