import asyncio

import orjson
import pytest
from nats.aio.msg import Msg
from support.serving import Attempt, refusing
from support.wire import Wire

from gnatwork_blocks.services import Services
from gnatwork_blocks.services.memory import MemoryServices
from gnatwork_bus.connection import Connection
from gnatwork_executor.services.of_bus import BusServices

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def stream(bus: Connection) -> str:
    """A stream of a user."""
    config = {"name": "ORDERS", "subjects": ["orders.>"], "max_msg_size": 1000, "duplicate_window": 60_000_000_000}
    await bus.api("STREAM.CREATE.ORDERS", config)
    return "ORDERS"


async def test_a_message_is_heard_with_its_trace(bus: Connection) -> None:
    heard: list[Msg] = []
    done = asyncio.Event()

    async def hear(message: Msg) -> None:
        heard.append(message)
        done.set()

    await bus.nc.subscribe("orders.paid", cb=hear)
    messages = BusServices(bus).messages(Attempt(traceparent=TRACE))
    await messages.publish("orders.paid", b"it", {"source": "shop"})
    async with asyncio.timeout(20):
        await done.wait()
    assert heard[0].data == b"it"
    assert heard[0].headers == {"traceparent": TRACE, "source": "shop"}


async def test_in_memory_what_was_sent_is_kept() -> None:
    services = MemoryServices()
    await services.messages(Attempt(traceparent=TRACE)).publish("orders.paid", b"it", {"source": "shop"})
    assert services.sent == [("orders.paid", b"it", {"traceparent": TRACE, "source": "shop"}, None)]


async def test_a_stream_takes_a_message_once(services: Services, stream: str) -> None:
    messages = services.messages(Attempt())
    first = await messages.store("orders.paid", b"1", message_id="a")
    again = await messages.store("orders.paid", b"1", message_id="a")
    other = await messages.store("orders.paid", b"2", message_id="b")
    assert [one.sequence for one in (first, again, other)] == [1, 1, 2]
    assert [one.duplicate for one in (first, again, other)] == [False, True, False]
    assert first.stream in {stream, "memory"}


async def test_without_a_stream_nothing_is_stored(bus: Connection) -> None:
    with refusing("nats.no_stream") as caught:
        await BusServices(bus).messages(Attempt()).store("nobody.listens", b"", message_id="a")
    assert caught.value.retryable


async def test_whoever_answers_is_no_stream(bus: Connection) -> None:
    async def answer(message: Msg) -> None:
        await message.respond(b"[1]")

    await bus.nc.subscribe("prices.get", cb=answer)
    with refusing("nats.no_stream"):
        await BusServices(bus).messages(Attempt()).store("prices.get", b"", message_id="a")


async def test_a_stream_says_why_it_takes_nothing(bus: Connection, stream: str) -> None:
    assert stream
    with refusing("nats.refused") as caught:
        await BusServices(bus).messages(Attempt()).store("orders.paid", b"x" * 2000, message_id="a")
    assert "maximum" in caught.value.message


async def test_a_request_is_answered(services: Services, bus: Connection) -> None:
    async def answer(message: Msg) -> None:
        await message.respond(orjson.dumps({"asked": message.data.decode()}))

    async def in_memory(data: bytes) -> bytes:
        return orjson.dumps({"asked": data.decode()})

    await bus.nc.subscribe("prices.get", cb=answer)
    if isinstance(services, MemoryServices):
        services.responders["prices.get"] = in_memory
    reply = await services.messages(Attempt()).request("prices.get", b"pen", timeout=20)
    assert orjson.loads(reply.data) == {"asked": "pen"}


async def test_nobody_answers(services: Services) -> None:
    with refusing("nats.no_responders") as caught:
        await services.messages(Attempt()).request("prices.get", b"", timeout=20)
    assert caught.value.retryable


async def test_an_answer_takes_too_long(bus: Connection) -> None:
    await bus.listen("prices.get", lambda _subject, _data: None)
    await bus.nc.flush()
    with refusing("nats.timeout") as caught:
        await BusServices(bus).messages(Attempt()).request("prices.get", b"", timeout=0.1)
    assert caught.value.retryable


async def test_a_message_has_a_greatest_size_with_its_headers(bus: Connection) -> None:
    messages, limit = BusServices(bus).messages(Attempt()), bus.nc.max_payload
    for sending in (
        messages.publish("orders.paid", b"x" * limit, {"a": "b"}),
        messages.store("orders.paid", b"x" * (limit + 1), message_id="a"),
        messages.request("orders.paid", b"x" * (limit + 1), timeout=1),
    ):
        with refusing("nats.too_large"):
            await sending
    # The connection has outlived it.
    await messages.publish("orders.paid", b"x" * limit)


NO_SUBJECTS = ["", ".", "a.", ".a", "a..b", "a.*", "a.>", ">", "a b", "a\tb", "a\r\nPUB b 0\r\n", "a\x00", "a" * 256]
OWN_SUBJECTS = [
    "history.0.default.w.r.complete",
    "workflow.r.complete",
    "block.noop.normal.default.r.t.1.input",
    "gnatwork.api.default.submit",
    "$JS.API.STREAM.DELETE.HISTORY",
    "$KV.gnatwork_state.x",
    "$SYS.REQ.SERVER.PING",
    "_INBOX.x.1",
]


async def test_what_is_no_subject_of_theirs_is_refused(services: Services) -> None:
    """Which subjects are ours is tested in `tests/unit/schemas`."""
    messages = services.messages(Attempt())
    refused = [("nats.invalid_subject", one) for one in NO_SUBJECTS] + [
        ("nats.own_subject", one) for one in OWN_SUBJECTS
    ]
    for code, subject in refused:
        with refusing(code):
            await messages.publish(subject, b"")
        with refusing(code):
            await messages.store(subject, b"", message_id="a")
        with refusing(code):
            await messages.request(subject, b"", timeout=1)


async def test_no_header_ends_its_line_or_is_an_order(services: Services) -> None:
    messages = services.messages(Attempt())
    for headers in ({"a": "b\r\nNats-Rollup: all"}, {"a\r\nb": "c"}, {"Nats-Rollup": "all"}, {"status": "503"}):
        with refusing("nats.invalid_header"):
            await messages.publish("orders.paid", b"", headers)
        with refusing("nats.invalid_header"):
            await messages.store("orders.paid", b"", headers, message_id="a")


async def test_nothing_of_it_is_sent(bus: Connection) -> None:
    wire = await Wire.tap(bus, "history.>", "workflow.>")
    with refusing("nats.own_subject"):
        await BusServices(bus).messages(Attempt()).publish("workflow.r.complete", b"evil")
    await bus.nc.flush()
    assert not wire.messages
