"""Blocks in a real executor that use its services, and compute in its worker processes."""

import asyncio

import orjson
from nats.aio.msg import Msg
from support.executing import Scheduler, hosting, make_work
from support.serving import Attempt

from gnatwork_blocks.builtin.aggregate import Aggregate
from gnatwork_blocks.builtin.file import File
from gnatwork_blocks.builtin.kv_get import KvGet
from gnatwork_blocks.builtin.kv_put import KvPut
from gnatwork_blocks.builtin.nats_publish import NatsPublish
from gnatwork_blocks.builtin.nats_request import NatsRequest
from gnatwork_blocks.builtin.xml import Xml
from gnatwork_bus.connection import Connection
from gnatwork_bus.reconcile import reconcile
from gnatwork_executor.services.of_bus import BusServices
from gnatwork_schemas.header_names import SERVICE_ERROR, SERVICE_ERROR_CODE

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def scheduler_of(connection: Connection) -> Scheduler:
    await reconcile(connection)
    return await Scheduler.watching(connection)


async def test_messages_go_out_with_trace_and_id(nats_url: str, connection: Connection) -> None:
    scheduler = await scheduler_of(connection)
    await connection.api("STREAM.CREATE.ORDERS", {"name": "ORDERS", "subjects": ["orders.>"]})
    heard: asyncio.Queue[Msg] = asyncio.Queue()
    await connection.nc.subscribe("orders.>", cb=heard.put)
    async with hosting(nats_url, NatsPublish):
        work = make_work("nats-publish", {"subject": "orders.paid", "data": {"n": 1}, "stream": True})
        output = await scheduler.output(await scheduler.send_work(work, {"traceparent": TRACE}))
        assert output == {"subject": "orders.paid", "stream": "ORDERS", "sequence": 1, "duplicate": False}
        async with asyncio.timeout(20):
            message = await heard.get()
        assert message.headers == {"traceparent": TRACE, "Nats-Msg-Id": work.idempotency_key}
        error = await scheduler.error(await scheduler.send("nats-publish", {"subject": "history.0.a.b.c.complete"}))
        assert (error["code"], error["retryable"]) == ("nats.own_subject", False)


async def test_a_service_answers_or_fails(nats_url: str, connection: Connection) -> None:
    scheduler = await scheduler_of(connection)

    async def answer(message: Msg) -> None:
        asked = orjson.loads(message.data)
        headers = {SERVICE_ERROR: "out of stock", SERVICE_ERROR_CODE: str(asked)} if asked else None
        await connection.nc.publish(message.reply, b'{"price": 20}', headers=headers)

    await connection.nc.subscribe("prices.get", cb=answer)
    async with hosting(nats_url, NatsRequest):
        output = await scheduler.output(await scheduler.send("nats-request", {"subject": "prices.get", "data": 0}))
        assert output["data"] == {"price": 20}
        for code, retryable in ((404, False), (429, True), (503, True)):
            error = await scheduler.error(await scheduler.send("nats-request", {"subject": "prices.get", "data": code}))
            assert (error["code"], error["retryable"]) == ("nats.service_error", retryable)
            assert error["details"] == {"code": str(code), "text": "out of stock"}


async def test_keys_and_files_are_those_of_the_namespace(nats_url: str, connection: Connection) -> None:
    scheduler = await scheduler_of(connection)
    key = {"bucket": "carts", "key": "ada"}
    async with hosting(nats_url, KvPut, KvGet, File):
        await scheduler.output(await scheduler.send("kv-put", {**key, "value": 1}))
        await scheduler.output(await scheduler.send("file", {"put": "it", "content": "x" * 200_000}))
        assert (await scheduler.output(await scheduler.send("kv-get", key)))["value"] == 1
        found = await scheduler.output(await scheduler.send("file", {"list": ""}))
        assert [one["name"] for one in found["files"]] == ["it"]
        assert not (await BusServices(connection).files(Attempt("theirs")).list())
        assert await BusServices(connection).keys(Attempt("theirs")).get("carts", "ada") is None


async def test_much_is_computed_in_another_process(nats_url: str, connection: Connection) -> None:
    scheduler = await scheduler_of(connection)
    config = {"items": ["x" * 10] * 5000 + [1, 2], "calculate": {"all": {"op": "count"}}, "distinct": True}
    async with hosting(nats_url, Aggregate, Xml):
        assert await scheduler.output(await scheduler.send("aggregate", config)) == {"all": 3}
        # What a block raises comes back as it is.
        text = f"<a>{'x' * 100_000}<b></a>"
        error = await scheduler.error(await scheduler.send("xml", {"parse": text}))
        assert (error["code"], error["details"]["line"]) == ("xml.invalid", 1)
