import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from gnatwork_bus import topology
from gnatwork_bus.connection import Connection
from gnatwork_bus.descriptors import BucketDescriptor, ConsumerDescriptor, StreamDescriptor
from gnatwork_bus.embedded import EmbeddedServer
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import check_server, ensure_consumer, ensure_history, ensure_stream, join, reconcile
from gnatwork_schemas.errors import TopologyError, UnavailableError
from gnatwork_schemas.subjects import STATUS_BUCKET

STREAM = StreamDescriptor(name="THINGS", subjects=("thing.>",), max_age=60.0)
CONSUMER = ConsumerDescriptor(stream="THINGS", name="eater", filter="thing.>", ack_wait=5.0, max_ack_pending=10)


async def stream(connection: Connection, name: str) -> dict[str, Any]:
    return dict((await connection.api(f"STREAM.INFO.{name}"))["config"])


async def consumer(connection: Connection, stream: str, name: str) -> dict[str, Any]:
    return dict((await connection.api(f"CONSUMER.INFO.{stream}.{name}"))["config"])


async def test_only_the_first_scheduler_says_how_many_shards_there_are(connection: Connection) -> None:
    with pytest.raises(UnavailableError, match="scheduler"):
        await join(connection)
    await reconcile(connection, shards=2)
    assert await join(connection) == 2


async def test_makes_everything_that_is_missing(connection: Connection) -> None:
    assert await reconcile(connection) == 8

    names = (await connection.api("STREAM.NAMES"))["streams"]
    assert sorted(names) == [
        "ARCHIVE",
        "AUDIT",
        "DEAD_LETTERS",
        "HISTORY",
        "KV_gnatwork_connections",
        "KV_gnatwork_idempotency",
        "KV_gnatwork_keys",
        "KV_gnatwork_state",
        "KV_gnatwork_status",
        "LOGS",
        "OBJ_gnatwork_files",
        "PAYLOADS",
        "TRIGGERS",
        "WORK",
    ]
    consumers = (await connection.api("CONSUMER.NAMES.HISTORY"))["consumers"]
    assert sorted(consumers) == [f"sched-{shard}" for shard in range(8)]


async def test_history_is_kept_for_ever_and_republished(connection: Connection) -> None:
    await reconcile(connection)
    config = await stream(connection, "HISTORY")
    assert (config["max_age"], config["max_bytes"], config["max_msgs"]) == (0, -1, -1)
    assert config["republish"] == {"src": "history.*.*.*.*.>", "dest": "workflow.{{wildcard(4)}}.>"}
    assert config["allow_msg_schedules"]
    assert config["allow_msg_ttl"]
    assert config["allow_rollup_hdrs"]
    assert config["storage"] == "file"
    assert config["metadata"]["gnatwork_shards"] == "8"


async def test_schedulers_are_served_one_at_a_time(connection: Connection) -> None:
    await reconcile(connection, shards=2)
    config = await consumer(connection, "HISTORY", "sched-1")
    assert config["filter_subject"] == "history.1.>"
    assert config["priority_policy"] == "pinned_client"
    assert config["priority_groups"] == ["scheduler"]
    assert config["priority_timeout"] == 2_000_000_000
    assert config["ack_wait"] == 5_000_000_000


async def test_the_consumer_of_a_block_type(bus: Connection) -> None:
    await ensure_consumer(bus, topology.executor_consumer("fetch", concurrency=7))
    config = await consumer(bus, "WORK", "exec-fetch-normal")
    assert config["filter_subject"] == "block.fetch.normal.>"
    assert (config["max_ack_pending"], config["max_deliver"]) == (7, -1)


async def test_a_second_time_changes_nothing(connection: Connection) -> None:
    changes = await connection.nc.subscribe("$JS.EVENT.ADVISORY.*.*.>")
    await reconcile(connection)
    await connection.nc.flush()
    made = changes.pending_msgs
    assert made == 14 + 9
    assert await reconcile(connection) == 8
    await connection.nc.flush()
    assert changes.pending_msgs == made


async def test_many_at_once(nats_url: str, connection: Connection) -> None:
    async with (
        Connection.open(nats_url, name="one") as one,
        Connection.open(nats_url, name="two") as two,
    ):
        await asyncio.gather(*(reconcile(each) for each in (one, two) * 4))
    assert len((await connection.api("STREAM.NAMES"))["streams"]) == 14


async def test_many_at_once_that_disagree_on_the_shards(connection: Connection) -> None:
    results = await asyncio.gather(
        *(ensure_history(connection, shards) for shards in (4, 8, 4, 8)), return_exceptions=True
    )
    [winner] = {result for result in results if isinstance(result, int)}
    assert (await stream(connection, "HISTORY"))["metadata"]["gnatwork_shards"] == str(winner)
    assert all(isinstance(result, TopologyError) for result in results if result != winner)


async def test_a_changed_setting_is_updated(connection: Connection) -> None:
    await ensure_stream(connection, STREAM)
    await connection.publisher.publish("thing.a", b"1")
    await ensure_stream(connection, replace(STREAM, max_age=90.0, subjects=("thing.>", "other.>")))
    config = await stream(connection, "THINGS")
    assert config["max_age"] == 90_000_000_000
    assert config["subjects"] == ["thing.>", "other.>"]
    assert (await connection.api("STREAM.INFO.THINGS"))["state"]["messages"] == 1


async def test_an_older_installation_learns_to_let_values_expire(connection: Connection) -> None:
    await ensure_stream(connection, BucketDescriptor(name=STATUS_BUCKET).stream())
    bucket = Bucket(connection, STATUS_BUCKET)
    await bucket.put("d.r", b"1")
    await reconcile(connection)
    await bucket.put("d.r", b"1", ttl=600)
    config = await stream(connection, "KV_gnatwork_status")
    assert config["allow_msg_ttl"]
    assert config["subject_delete_marker_ttl"] == 600_000_000_000


async def test_what_an_operator_has_set_stays(connection: Connection) -> None:
    await ensure_stream(connection, STREAM)
    config = await stream(connection, "THINGS")
    config |= {"compression": "s2", "metadata": {**config["metadata"], "owner": "ops"}}
    await connection.api("STREAM.UPDATE.THINGS", config)
    await ensure_stream(connection, replace(STREAM, max_age=90.0, metadata={"ours": "1"}))
    config = await stream(connection, "THINGS")
    assert config["compression"] == "s2"
    assert config["metadata"]["owner"] == "ops"
    assert config["metadata"]["ours"] == "1"


async def test_another_retention_is_refused_with_advice(connection: Connection) -> None:
    await ensure_stream(connection, STREAM)
    with pytest.raises(TopologyError, match=r"retention 'limits' instead of 'workqueue'.*nats stream rm THINGS"):
        await ensure_stream(connection, replace(STREAM, retention="workqueue"))


async def test_memory_storage_is_refused_with_advice(connection: Connection) -> None:
    await connection.api("STREAM.CREATE.THINGS", {"name": "THINGS", "subjects": ["thing.>"], "storage": "memory"})
    with pytest.raises(TopologyError, match="storage 'memory' instead of 'file'"):
        await ensure_stream(connection, STREAM)


async def test_a_change_that_the_server_refuses_is_told(connection: Connection) -> None:
    await ensure_stream(connection, replace(STREAM, schedules=True, message_ttl=True, rollup=True))
    with pytest.raises(TopologyError, match=r"allow_msg_schedules True instead of False.*can not be disabled"):
        await ensure_stream(connection, STREAM)


async def test_subjects_of_another_stream_are_refused(connection: Connection) -> None:
    await connection.api("STREAM.CREATE.FOREIGN", {"name": "FOREIGN", "subjects": ["thing.*"]})
    with pytest.raises(TopologyError, match="THINGS can't be created: subjects overlap"):
        await ensure_stream(connection, STREAM)


async def test_more_replicas_than_servers_are_refused(connection: Connection) -> None:
    with pytest.raises(TopologyError, match=r"THINGS can't be created: .*replicas > 1"):
        await ensure_stream(connection, STREAM, replicas=3)


async def test_a_changed_consumer_is_updated(connection: Connection) -> None:
    await ensure_stream(connection, STREAM)
    await ensure_consumer(connection, CONSUMER)
    await ensure_consumer(connection, replace(CONSUMER, ack_wait=9.0, max_ack_pending=20))
    config = await consumer(connection, "THINGS", "eater")
    assert (config["ack_wait"], config["max_ack_pending"]) == (9_000_000_000, 20)


async def test_an_impossible_consumer_is_refused_with_advice(connection: Connection) -> None:
    await ensure_stream(connection, STREAM)
    config = {**CONSUMER.config(), "ack_policy": "none", "max_ack_pending": 0, "ack_wait": 0}
    await connection.api("CONSUMER.CREATE.THINGS.eater", {"stream_name": "THINGS", "config": config})
    with pytest.raises(TopologyError, match=r"ack_policy 'none' instead of 'explicit'.*nats consumer rm THINGS eater"):
        await ensure_consumer(connection, CONSUMER)


async def test_the_number_of_shards_is_that_of_the_first_start(connection: Connection) -> None:
    assert await ensure_history(connection, 3) == 3
    assert await ensure_history(connection, None) == 3
    assert await ensure_history(connection, 3) == 3
    with pytest.raises(TopologyError, match=r"has 3 shards and 4 are wanted.*start with 3"):
        await ensure_history(connection, 4)


@pytest.mark.parametrize("shards", [0, -1, 5000])
async def test_a_senseless_number_of_shards_is_refused(connection: Connection, shards: int) -> None:
    with pytest.raises(TopologyError, match="from 1 to 1024"):
        await ensure_history(connection, shards)
    assert not (await connection.api("STREAM.NAMES"))["streams"]


async def test_a_foreign_history_is_left_alone(connection: Connection) -> None:
    await connection.api("STREAM.CREATE.HISTORY", {"name": "HISTORY", "subjects": ["past.>"]})
    with pytest.raises(TopologyError, match="not ours"):
        await reconcile(connection)
    assert (await stream(connection, "HISTORY"))["subjects"] == ["past.>"]


async def test_an_old_server_is_refused(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnatwork_bus.reconcile._API_LEVEL", 99)
    with pytest.raises(TopologyError, match=r"nats-server 2\.\d+\.\d+ is too old; use 2.14 or newer"):
        await check_server(connection)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"jetstream": False}, "without JetStream; start it with `-js`"), ({"max_payload": 8000}, "set `max_payload`")],
)
async def test_an_unfit_server_is_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    server = EmbeddedServer(tmp_path)
    config = orjson.loads(server.write_config().read_bytes())
    custom = tmp_path / "custom.conf"
    custom.write_bytes(orjson.dumps({**config, **changed}))
    process = await asyncio.create_subprocess_exec(*server.command()[:-1], str(custom))
    try:
        await server.wait_ready()
        async with Connection.open(server.url, name="test") as connection:
            with pytest.raises(TopologyError, match=message):
                await reconcile(connection)
    finally:
        process.terminate()
        await process.wait()
