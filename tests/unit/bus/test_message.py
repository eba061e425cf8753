import base64
from typing import Any, cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from gnatwork_bus.message import (
    DeliveryInfo,
    Status,
    StoredMessage,
    delivered_message,
    direct_message,
    leader_message,
    parse_delivery,
    parse_time,
    status_of,
)

PLAIN = "$JS.ACK.HISTORY.sched-1.2.45.12.1795164503911488346.3"
WITH_DOMAIN = "$JS.ACK.hub.hAsH.HISTORY.sched-1.2.45.12.1795164503911488346.3.rAnDoM"


def message(
    headers: dict[str, str] | None = None, data: bytes = b"", reply: str = "", subject: str = "_INBOX.a"
) -> Msg:
    return Msg(_client=cast("Client", None), subject=subject, reply=reply, data=data, headers=headers)


@pytest.mark.parametrize("reply", [PLAIN, WITH_DOMAIN])
def test_the_reply_subject_tells_of_the_delivery(reply: str) -> None:
    assert parse_delivery(reply) == DeliveryInfo(
        stream="HISTORY",
        consumer="sched-1",
        delivered=2,
        sequence=45,
        consumer_sequence=12,
        at=1795164503.911488,
        pending=3,
    )


@pytest.mark.parametrize("reply", ["", "_INBOX.a.b", "$JS.ACK.HISTORY", "$JS.ACK.HISTORY.sched-1.a.b.c.d.e"])
def test_other_reply_subjects_are_refused(reply: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_delivery(reply)


def test_a_delivered_message() -> None:
    msg = message({"traceparent": "00-1"}, b"{}", PLAIN, "history.1.ns.wf.run.start")
    assert delivered_message(msg, parse_delivery(PLAIN)) == StoredMessage(
        "history.1.ns.wf.run.start", 45, 1795164503.911488, b"{}", {"traceparent": "00-1"}
    )


ADDED = {
    "Nats-Stream": "HISTORY",
    "Nats-Subject": "history.1.ns.wf.run.start",
    "Nats-Sequence": "45",
    "Nats-Time-Stamp": "2026-11-20T08:48:23.911488346Z",
    "Nats-Num-Pending": "4",
    "Nats-Last-Sequence": "0",
}


@pytest.mark.parametrize("own", [None, {"traceparent": "00-1"}])
def test_a_message_read_directly_is_the_one_that_is_delivered(own: dict[str, str] | None) -> None:
    read = direct_message(message({**(own or {}), **ADDED}, b"{}"))
    assert read == StoredMessage("history.1.ns.wf.run.start", 45, 1795164503.911488, b"{}", own)
    assert read.at == parse_delivery(PLAIN).at


def test_a_message_that_the_leader_tells() -> None:
    answer: dict[str, Any] = {
        "subject": "a.b",
        "seq": 5,
        "hdrs": "TkFUUy8xLjANCktWLU9wZXJhdGlvbjogREVMDQpYOiBhOiBiDQoNCg==",
        "data": "e30=",
        "time": "2026-11-20T08:48:23.912747084Z",
    }
    assert leader_message(answer) == StoredMessage(
        "a.b", 5, 1795164503.912747, b"{}", {"KV-Operation": "DEL", "X": "a: b"}
    )
    del answer["hdrs"], answer["data"]
    assert leader_message(answer)[3:] == (b"", None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T00:00:01.123456789Z", 1.123456),
        ("1970-01-01T01:00:01.12345+01:00", 1.12345),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


async def parsed(headers: bytes) -> Msg:
    """A message with the headers that the client library makes of these bytes."""
    return message(await Client()._process_headers(headers))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"NATS/1.0 404 Message Not Found\r\n\r\n", Status(404, "Message Not Found")),
        (b"NATS/1.0 503\r\n\r\n", Status(503, "")),
        (b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 5\r\n\r\n", Status(100, "Idle Heartbeat")),
        (b"NATS/1.0 204 EOB\r\nNats-Num-Pending: 2\r\n\r\n", Status(204, "EOB")),
    ],
)
async def test_statuses(headers: bytes, status: Status) -> None:
    assert status_of(await parsed(headers)) == status


@pytest.mark.parametrize(
    "ordinary",
    [
        message(),
        message(data=b"x"),
        message({"a": "b"}),
        message({"Status": "404"}, b"x"),
        message({"Status": "fine"}, reply=PLAIN),
        message({"Status": "fine", **ADDED}),
    ],
)
def test_a_stored_message_is_no_status_whatever_its_headers(ordinary: Msg) -> None:
    assert status_of(ordinary) is None


def test_headers_that_are_no_text_are_read_as_the_client_reads_them() -> None:
    block = base64.b64encode(b"NATS/1.0\r\ntraceparent: \xff\r\n\r\n").decode()
    answer = {"subject": "a", "seq": 1, "time": "2026-11-20T10:00:00Z", "hdrs": block}
    assert leader_message(answer).headers == {"traceparent": "\N{REPLACEMENT CHARACTER}"}
