"""Messages as the server hands them out: delivered by a consumer, read back directly, or a mere status."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from nats.aio.msg import Msg
from nats.js.api import Header

from gnatwork_schemas import header_names, subjects

#: What the server adds to a message that it reads back; not part of the stored message.
_ADDED = frozenset(
    {
        header_names.STORED_STREAM,
        header_names.STORED_SUBJECT,
        header_names.STORED_SEQUENCE,
        header_names.STORED_AT,
        header_names.BATCH_PENDING,
        header_names.BATCH_PREVIOUS,
    }
)


class StoredMessage(NamedTuple):
    """A message of a stream."""

    subject: str
    #: Its place in the stream, from 1.
    sequence: int
    #: When it was stored: Unix seconds, to the microsecond, the same however the message is read.
    at: float
    data: bytes
    #: As they were published; None without any.
    headers: Mapping[str, str] | None


class DeliveryInfo(NamedTuple):
    """What the reply subject of a delivered message says (`$JS.ACK.…`)."""

    stream: str
    consumer: str
    #: How often the consumer has sent this message, this time included.
    delivered: int
    #: The message's place in the stream.
    sequence: int
    #: How many messages the consumer has sent, this one included; a gap means that some were lost.
    consumer_sequence: int
    #: When it was stored: Unix seconds.
    at: float
    #: How many messages the consumer still has to send.
    pending: int


class Status(NamedTuple):
    """A message of the server that carries no data."""

    #: 100 heartbeat, 204 end of a batch, 404 nothing there, 408 request expired, 409 a limit or a deleted consumer,
    #: 413 too many results, 423 pinned to another client, 503 nobody listens.
    code: int
    description: str


def status_of(msg: Msg) -> Status | None:
    """The status that `msg` is, or None for a stored message, whatever its headers say."""
    headers = msg.headers
    if not headers or msg.data or msg.reply.startswith(subjects.ACK_PREFIX) or header_names.STORED_SUBJECT in headers:
        return None
    if (code := headers.get(header_names.STATUS)) is None:
        return None
    # nats-py keys the description by its enum, whose hash is not that of the text.
    return Status(int(code), headers.get(Header.DESCRIPTION, ""))


def parse_delivery(reply: str) -> DeliveryInfo:
    """The fields of an acknowledgement subject, with or without a JetStream domain; ValueError when it is none."""
    if not reply.startswith(subjects.ACK_PREFIX):
        raise ValueError(f"not an acknowledgement subject: {reply}")
    tokens = reply.split(".")
    # 9 tokens, or 11 and more when a domain and an account hash are put in front.
    first = 2 if len(tokens) == 9 else 4
    stream, consumer, delivered, sequence, consumer_sequence, at, pending = tokens[first : first + 7]
    return DeliveryInfo(
        stream, consumer, int(delivered), int(sequence), int(consumer_sequence), seconds(int(at)), int(pending)
    )


def delivered_message(msg: Msg, delivery: DeliveryInfo) -> StoredMessage:
    """The stored message that a consumer delivered as `msg`."""
    return StoredMessage(msg.subject, delivery.sequence, delivery.at, msg.data, msg.headers)


def direct_message(msg: Msg) -> StoredMessage:
    """The stored message in the answer to a direct get; KeyError when it is none."""
    headers: Mapping[str, str] = msg.headers or {}
    own = {key: value for key, value in headers.items() if key not in _ADDED}
    return StoredMessage(
        headers[header_names.STORED_SUBJECT],
        int(headers[header_names.STORED_SEQUENCE]),
        parse_time(headers[header_names.STORED_AT]),
        msg.data,
        own or None,
    )


def leader_message(answer: Mapping[str, Any]) -> StoredMessage:
    """The stored message in the leader's answer to `STREAM.MSG.GET`, its `message`."""
    return StoredMessage(
        answer["subject"],
        answer["seq"],
        parse_time(answer["time"]),
        base64.b64decode(answer.get("data", "")),
        _parse_headers(base64.b64decode(answer["hdrs"])) if "hdrs" in answer else None,
    )


def parse_time(text: str) -> float:
    """Unix seconds of an RFC 3339 time, to the microsecond."""
    return datetime.fromisoformat(text).timestamp()


def _parse_headers(block: bytes) -> Mapping[str, str]:
    # As the client library reads those of a delivered message.
    _version, *lines = block.decode(errors="replace").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return {name: value.strip() for name, _, value in pairs}


def seconds(nanoseconds: int) -> float:
    """Unix seconds to the microsecond, the same as `parse_time` gives for the same moment."""
    return nanoseconds // 1000 / 1_000_000
