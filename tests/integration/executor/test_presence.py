"""How an executor is seen by others: the catalogue, its consumers, the services of NATS."""

import asyncio
import socket
from contextlib import aclosing
from typing import Any

import orjson
import pytest
from support.executing import Scheduler, hosting
from support.odd_blocks import block_of

from gnatwork_blocks.builtin.noop import Noop
from gnatwork_blocks.errors import UnknownBlockTypeError
from gnatwork_blocks.registry import describe
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import leader_get
from gnatwork_bus.follow import follow
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import reconcile
from gnatwork_executor import lease
from gnatwork_executor.serve import Signals, run_executor, serve
from gnatwork_executor.settings import ExecutorSettings
from gnatwork_executor.shares import ConcurrencyError
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.executors import LivingExecutor
from gnatwork_schemas.subjects import STATE_BUCKET, catalogue_key, executor_key


async def nothing(_ctx: BlockContext, _config: Any) -> Any:
    return None


async def test_it_waits_for_a_scheduler_and_then_makes_what_its_blocks_need(
    nats_url: str, connection: Connection
) -> None:
    asked = asyncio.Event()
    await connection.listen("$JS.API.STREAM.INFO.HISTORY", lambda *_: asked.set())
    async with asyncio.TaskGroup() as tasks:

        async def be_the_scheduler() -> None:
            await asked.wait()
            await reconcile(connection, shards=3)

        tasks.create_task(be_the_scheduler())
        async with hosting(nats_url, Noop):
            assert await reconcile(connection) == 3


async def test_its_consumer_is_for_its_type_alone(nats_url: str, bus: Connection) -> None:
    async with hosting(nats_url, Noop):
        config = (await bus.api("CONSUMER.INFO.WORK.exec-noop-normal"))["config"]
    assert (config["filter_subject"], config["max_deliver"]) == ("block.noop.normal.>", -1)


async def test_the_catalogue_has_what_it_hosts_and_is_written_only_when_that_changes(
    nats_url: str, bus: Connection
) -> None:
    bucket = Bucket(bus, STATE_BUCKET)
    revisions = []
    for block in (block_of(nothing), block_of(nothing), block_of(nothing, version="2")):
        async with hosting(nats_url, block):
            entry = await bucket.get(catalogue_key("odd"))
        assert entry is not None
        assert BlockType.model_validate_json(entry.value) == describe(block)
        revisions.append(entry.revision)
    assert revisions[0] == revisions[1] < revisions[2]


async def test_of_two_versions_the_newer_is_in_the_catalogue_for_as_long_as_someone_hosts_it(
    nats_url: str, bus: Connection
) -> None:
    bucket = Bucket(bus, STATE_BUCKET)

    async def version() -> str:
        entry = await bucket.get(catalogue_key("odd"))
        assert entry is not None
        return BlockType.model_validate_json(entry.value).version

    async with hosting(nats_url, block_of(nothing, version="1.9")):
        assert await version() == "1.9"
        async with hosting(nats_url, block_of(nothing, version="1.10")):
            assert await version() == "1.10"
            async with hosting(nats_url, block_of(nothing, version="1.9")):
                assert await version() == "1.10"
        # It is taken back: who starts now is the newest.
        async with hosting(nats_url, block_of(nothing, version="1.9")):
            assert await version() == "1.9"


async def test_a_lease_that_can_not_be_read_stops_nobody(nats_url: str, bus: Connection) -> None:
    bucket = Bucket(bus, STATE_BUCKET)
    await bucket.put(executor_key("strange"), b'{"v": 1, "blocks": 7}')
    newer = describe(block_of(nothing, version="2"))
    await bucket.put(catalogue_key("odd"), newer.model_dump_json().encode())
    async with hosting(nats_url, block_of(nothing)):
        entry = await bucket.get(catalogue_key("odd"))
        assert entry is not None
        assert BlockType.model_validate_json(entry.value).version == "1"


async def test_it_says_that_it_lives_and_what_it_can_not_host(
    nats_url: str, bus: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.1)
    bucket = Bucket(bus, STATE_BUCKET)
    settings = ExecutorSettings(nats_url=nats_url, blocks=("odd",), name="me")
    signals = Signals()
    serving = asyncio.create_task(serve(settings, [block_of(nothing)], signals, {"greet": "it is broken"}))
    await signals.ready.wait()
    (entry,) = await bucket.list(executor_key("*"))
    told = LivingExecutor.model_validate_json(entry.value)
    assert (told.executor, told.blocks, told.disabled) == ("me", {"odd": "1"}, {"greet": "it is broken"})
    message = await leader_get(bus, bucket.stream_name, bucket.subject(entry.key))
    assert message is not None
    assert message.headers is not None
    assert message.headers["Nats-TTL"] == "60s"
    async with asyncio.timeout(20):
        following = follow(bus, bucket.stream_name, bucket.subject(entry.key), after=entry.revision)
        async with aclosing(following) as renewals:
            assert (await anext(renewals)).data == entry.value
    signals.leave.set()
    await serving
    assert await bucket.list(executor_key("*")) == []


async def test_the_catalogue_has_the_limits_that_it_was_told(nats_url: str, bus: Connection) -> None:
    bucket = Bucket(bus, STATE_BUCKET)
    for limits, expected in (({"odd": 3, "fetch": 5}, 3), ({"odd": 4}, 4), ({}, None)):
        async with hosting(nats_url, block_of(nothing), limits=limits):
            entry = await bucket.get(catalogue_key("odd"))
        assert entry is not None
        assert BlockType.model_validate_json(entry.value).concurrency == expected


async def test_a_limit_of_no_block_type_is_refused(nats_url: str) -> None:
    settings = ExecutorSettings(nats_url=nats_url, blocks=("noop",), limits={"fecth": 1})
    with pytest.raises(UnknownBlockTypeError, match=r"'fecth' has a limit; there are .*fetch"):
        await run_executor(settings)


async def test_it_is_among_the_services_of_nats(nats_url: str, scheduler: Scheduler) -> None:
    async def fail_at_times(_ctx: BlockContext, config: Any) -> Any:
        if config == "bad":
            raise BlockError("odd.bad", "It is odd.")

    async with hosting(nats_url, Noop, block_of(fail_at_times), name="me", concurrency=8):
        for config in ("good", "bad", "bad"):
            await scheduler.settled(await scheduler.send("odd", config))
        info = orjson.loads((await scheduler.connection.request("$SRV.INFO.gnatwork-executor")).data)
        stats = orjson.loads((await scheduler.connection.request("$SRV.STATS.gnatwork-executor")).data)

    assert info["metadata"] == {"executor": "me", "blocks": "noop,odd", "concurrency": "8"}
    assert [one["subject"] for one in info["endpoints"]] == ["block.noop.normal.>", "block.odd.normal.>"]
    odd = stats["endpoints"][1]
    assert (odd["name"], odd["num_requests"], odd["num_errors"]) == ("odd", 3, 2)
    assert odd["processing_time"] > 0
    assert odd["data"] == {
        "attempts": 3,
        "in_flight": 0,
        "errors": {"odd.bad": 2},
        "skipped": 0,
        "handed_back": 0,
        "dead_letters": 0,
        "abandoned": 0,
    }


async def test_it_never_holds_more_than_its_concurrency(nats_url: str, scheduler: Scheduler) -> None:
    go_on = asyncio.Event()

    async def wait(_ctx: BlockContext, _config: Any) -> Any:
        await go_on.wait()

    async with hosting(nats_url, block_of(wait), concurrency=2):
        sent = [await scheduler.send("odd") for _ in range(5)]
        await scheduler.wire.several(2, lambda seen: seen.subject.endswith(".started"))
        state = await scheduler.connection.api("CONSUMER.INFO.WORK.exec-odd-normal")
        assert (state["num_ack_pending"], state["num_pending"]) == (2, 3)
        go_on.set()
        for item in sent:
            await scheduler.settled(item)


async def test_a_type_whose_blocks_wait_does_not_keep_another_waiting(nats_url: str, scheduler: Scheduler) -> None:
    go_on = asyncio.Event()

    async def wait(_ctx: BlockContext, _config: Any) -> Any:
        await go_on.wait()

    async with hosting(nats_url, block_of(wait), Noop, concurrency=4):
        for _ in range(4):
            await scheduler.send("odd")
        await scheduler.wire.several(2, lambda seen: seen.subject.endswith(".started"))
        assert await scheduler.output(await scheduler.send("noop", 1)) == 1
        go_on.set()


async def test_there_is_a_place_for_each_type_or_it_does_not_start(nats_url: str) -> None:
    settings = ExecutorSettings(nats_url=nats_url, blocks=("noop", "odd"), concurrency=1)
    with pytest.raises(ConcurrencyError):
        await serve(settings, [Noop, block_of(nothing)], Signals())


async def test_it_can_leave_while_it_still_waits_for_nats() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        settings = ExecutorSettings(nats_url=f"nats://127.0.0.1:{port}", blocks=("noop",))
        signals = Signals()
        serving = asyncio.create_task(serve(settings, [Noop], signals))
        signals.leave.set()
        assert await serving
    assert not signals.ready.is_set()
