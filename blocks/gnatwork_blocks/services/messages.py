"""Messages of NATS, as blocks send them."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from gnatwork_blocks.errors import BlockError
from gnatwork_schemas.subjects import is_reserved

#: Bytes of the longest subject.
_LONGEST = 255
#: Tokens of what can be seen, without wildcards.
_SUBJECT = re.compile(r"[^\s.*>\x00-\x1f\x7f]+(\.[^\s.*>\x00-\x1f\x7f]+)*")


class Stored(NamedTuple):
    """What a stream says of a message that it has taken."""

    stream: str
    sequence: int
    #: It had a message of this id before, and has not stored it again.
    duplicate: bool


class Reply(NamedTuple):
    """What was answered to a request."""

    data: bytes
    headers: Mapping[str, str]


class Messages(Protocol):
    """Sends to other programs; the run's trace context goes along.

    All raise BlockError: `nats.invalid_subject` and `nats.own_subject` (see `checked_subject`), `nats.invalid_header`,
    `nats.too_large` when the server takes no message of this size, `nats.unavailable` when it does not answer.
    """

    async def publish(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send to whoever listens now; returns once the server has it."""

    async def store(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, message_id: str
    ) -> Stored:
        """Send to the stream of this subject; returns once that has stored it.

        Raises:
            BlockError: `nats.no_stream`, `nats.refused` as well.
        """

    async def request(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, timeout: float
    ) -> Reply:
        """Ask whoever listens, and wait for the first answer, `timeout` seconds at most.

        Raises:
            BlockError: `nats.no_responders`, `nats.timeout` as well.
        """


def checked_subject(subject: str) -> str:
    """The subject, if a block may send to it.

    Raises:
        BlockError: `nats.invalid_subject` when it is none, or one with wildcards; `nats.own_subject` when it belongs
            to Gnatwork or to NATS.
    """
    if len(subject.encode()) > _LONGEST or not _SUBJECT.fullmatch(subject):
        raise BlockError(
            "nats.invalid_subject",
            f"A subject is tokens with points between them, without spaces and wildcards, up to {_LONGEST} bytes long.",
        )
    if is_reserved(subject):
        root = subject.partition(".")[0]
        raise BlockError("nats.own_subject", f"Subjects that begin with {root!r} belong to Gnatwork or to NATS.")
    return subject
