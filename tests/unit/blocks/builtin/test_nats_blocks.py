from typing import Any

import orjson
import pytest

from gnatwork_blocks.builtin.nats_publish import NatsPublish
from gnatwork_blocks.builtin.nats_request import NatsRequest
from gnatwork_blocks.sdk import Block, BlockError
from gnatwork_blocks.services.content import read
from gnatwork_blocks.testing import Recorder, run_block


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.mark.parametrize(
    ("data", "sent"),
    [({"n": 1}, b'{"n":1}'), ("text", b"text"), (None, b""), ([1, "a"], b'[1,"a"]'), (False, b"false")],
)
async def test_a_text_is_sent_as_it_is_and_anything_else_as_json(recorder: Recorder, data: Any, sent: bytes) -> None:
    config = {"subject": "orders.paid", "data": data, "headers": {"source": "shop", "n": 1}}
    output = await run_block(NatsPublish, config, recorder.context())
    assert output["subject"] == "orders.paid"
    assert recorder.services.sent == [("orders.paid", sent, {"source": "shop", "n": "1"}, None)]


async def test_all_attempts_of_a_task_store_one_message(recorder: Recorder) -> None:
    config = {"subject": "orders.paid", "data": 1, "stream": True}
    outputs = [
        await run_block(NatsPublish, config, recorder.context(attempt=attempt, idempotency_key="run/pay"))
        for attempt in (1, 2)
    ]
    stored = {"subject": "orders.paid", "stream": "memory", "sequence": 1}
    assert outputs == [{**stored, "duplicate": False}, {**stored, "duplicate": True}]
    assert [one.message_id for one in recorder.services.sent] == ["run/pay"]


async def test_a_message_id_of_the_author(recorder: Recorder) -> None:
    config = {"subject": "orders.paid", "stream": True, "message_id": "order-7"}
    await run_block(NatsPublish, config, recorder.context())
    assert recorder.services.sent[0].message_id == "order-7"


async def test_an_answer_is_read(recorder: Recorder) -> None:
    async def price(data: bytes) -> bytes:
        return orjson.dumps({"of": orjson.loads(data)["sku"], "price": 20})

    recorder.services.responders["prices.get"] = price
    config = {"subject": "prices.get", "data": {"sku": "pen"}}
    output = await run_block(NatsRequest, config, recorder.context())
    assert output == {"data": {"of": "pen", "price": 20}, "data_encoding": None, "headers": {}}


@pytest.mark.parametrize(
    ("data", "value", "encoding"),
    [(b"", None, None), (b"[1]", [1], None), (b"hello", "hello", None), (b"\xff", "/w==", "base64")],
)
def test_contents_of_messages(data: bytes, value: Any, encoding: str | None) -> None:
    assert read(data) == (value, encoding)


async def test_nobody_answers(recorder: Recorder) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(NatsRequest, {"subject": "prices.get"}, recorder.context())
    assert (caught.value.code, caught.value.retryable) == ("nats.no_responders", True)


@pytest.mark.parametrize(
    ("block", "config"),
    [
        (NatsPublish, {}),
        (NatsPublish, {"subject": 7}),
        (NatsPublish, {"subject": "a", "message_id": "b"}),
        (NatsPublish, {"subject": "a", "stream": True, "message_id": "a\r\nb"}),
        (NatsPublish, {"subject": "a", "headers": {"a": "b\r\nc: d"}}),
        (NatsPublish, {"subject": "a", "headers": {"a b": "c"}}),
        (NatsPublish, {"subject": "a", "headers": {"Nats-Schedule": "@at 2030-01-01T00:00:00Z"}}),
        (NatsPublish, {"subject": "a", "headers": {"nats-rollup": "all"}}),
        (NatsPublish, {"subject": "a", "headers": {"KV-Operation": "PURGE"}}),
        (NatsPublish, {"subject": "a", "headers": {"Status": "503"}}),
        (NatsRequest, {"subject": "a", "timeout": 0}),
        (NatsRequest, {"subject": "a", "timeout": "2h"}),
    ],
)
async def test_a_bad_config_is_told(recorder: Recorder, block: type[Block], config: Any) -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(block, config, recorder.context())
    assert caught.value.code == "block.config_invalid"
    assert not recorder.services.sent
