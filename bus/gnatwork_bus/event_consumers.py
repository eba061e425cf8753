"""Durable consumers of event triggers, on streams that belong to users."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from gnatwork_bus.alarms import TriggerKey
from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.descriptors import ConsumerDescriptor
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import UnavailableError

#: Seconds after which a message that no manager has settled or renewed is handed out again.
EVENT_ACK_WAIT = 10.0
#: Messages of one trigger that managers may have in hand.
_MAX_PENDING = 1000
#: Metadata of such a consumer: whose it is.
_OWNER = "gnatwork_trigger"
_STREAM_NOT_FOUND, _CONSUMER_NOT_FOUND = 10059, 10014
_UNAVAILABLE = 503


class EventConsumer(NamedTuple):
    """A consumer that a manager has made for a trigger."""

    stream: str
    name: str
    key: TriggerKey


def event_consumer(key: TriggerKey, stream: str, subject: str) -> ConsumerDescriptor:
    """What a trigger hears of a stream from now on, shared by all managers."""
    return ConsumerDescriptor(
        stream=stream,
        name=subjects.event_consumer(*key, subject),
        filter=subject,
        ack_wait=EVENT_ACK_WAIT,
        max_ack_pending=_MAX_PENDING,
        deliver="new",
        metadata={_OWNER: "/".join(key)},
    )


async def remove_event_consumer(connection: Connection, stream: str, name: str) -> None:
    """Remove it, if there is one; UnavailableError."""
    try:
        await connection.api(f"CONSUMER.DELETE.{stream}.{name}")
    except ApiError as error:
        if error.err_code not in {_STREAM_NOT_FOUND, _CONSUMER_NOT_FOUND}:
            raise _told(error) from error


async def event_consumers(connection: Connection) -> list[EventConsumer]:
    """All of them, on all streams; UnavailableError."""
    found: list[EventConsumer] = []
    try:
        for stream in await _pages(connection, "STREAM.NAMES", "streams"):
            try:
                for info in await _pages(connection, f"CONSUMER.LIST.{stream}", "consumers"):
                    found.extend(_ours(stream, info))
            except ApiError as error:
                if error.err_code != _STREAM_NOT_FOUND:
                    raise
    except ApiError as error:
        raise _told(error) from error
    return found


async def _pages(connection: Connection, subject: str, items: str) -> list[Any]:
    found: list[Any] = []
    while True:
        answer = await connection.api(subject, {"offset": len(found)})
        page = answer.get(items) or []
        found += page
        if not page or len(found) >= answer.get("total", 0):
            return found


def _ours(stream: str, info: dict[str, Any]) -> Iterator[EventConsumer]:
    owner = ((info.get("config") or {}).get("metadata") or {}).get(_OWNER, "").split("/")
    if info.get("name", "").startswith(subjects.EVENT_CONSUMERS) and len(owner) == len(TriggerKey._fields):
        yield EventConsumer(stream, info["name"], TriggerKey(*owner))


def _told(error: ApiError) -> Exception:
    return UnavailableError(error.description) if error.status == _UNAVAILABLE else error
