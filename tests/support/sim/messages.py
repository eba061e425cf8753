"""What the server sends, in the form that the client library gives it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from nats.js.api import Header

from gnatwork_schemas import header_names
from support.sim.streams import Stored


class Message(NamedTuple):
    """A message on its way to a client."""

    #: Where it goes.
    subject: str
    data: bytes
    reply: str = ""
    headers: Mapping[str, str] | None = None
    #: The subject that its receiver sees, if that is another.
    shown: str = ""


def status(subject: str, code: int, description: str, more: Mapping[str, object] | None = None) -> Message:
    """A message that carries no data."""
    headers = {header_names.STATUS: str(code), **{name: str(value) for name, value in (more or {}).items()}}
    # The client library keys it by its enum, whose hash is not that of the text.
    headers[Header.DESCRIPTION] = description
    return Message(subject, b"", "", headers)


def pull_status(subject: str, code: int, description: str, left: int) -> Message:
    """The end of a pull that had `left` messages to go."""
    return status(subject, code, description, {header_names.PULL_PENDING: left, "Nats-Pending-Bytes": 0})


def direct(
    inbox: str, stream: str, stored: Stored, *, pending: int | None = None, previous: int | None = None
) -> Message:
    """An answer to a direct get; `pending` and `previous` in a batch."""
    headers = {
        **(stored.headers or {}),
        header_names.STORED_STREAM: stream,
        header_names.STORED_SUBJECT: stored.subject,
        header_names.STORED_SEQUENCE: str(stored.sequence),
        header_names.STORED_AT: rfc3339(stored.at),
    }
    if pending is not None:
        headers[header_names.BATCH_PENDING] = str(pending)
        headers[header_names.BATCH_PREVIOUS] = str(previous)
    return Message(inbox, stored.data, "", headers)


def rfc3339(nanoseconds: int) -> str:
    """A time as the server writes it."""
    whole = datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 1_000_000_000:09d}Z"
