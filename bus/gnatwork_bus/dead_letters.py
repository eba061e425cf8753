"""Messages that no one could read, kept for people, who can send them once more or throw them away."""

import base64
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.direct import direct_batch, direct_get, get_by_sequence
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import LetterNotFoundError
from gnatwork_schemas.messages import DeadLetter

#: Bytes of a body that are kept: even as base64 they fit into one message.
_KEPT = 512 * 1024
#: Bytes that a letter may have; JSON makes some texts six times as long.
_LONGEST = 900 * 1024
_ENDLESS = 1 << 62
#: JetStream's code for a message that can't be deleted, because it is not there.
_NO_MESSAGE = 10057


class Buried(NamedTuple):
    """A letter and its number."""

    #: Its sequence among the dead letters; the newest has the highest.
    id: int
    letter: DeadLetter


async def bury(  # noqa: PLR0917 - the fields of a delivered message
    connection: Connection, stream: str, subject: str, sequence: int, error: ErrorInfo, data: bytes, at: float
) -> int:
    """Keep a message that no one could read; its number. Safe to repeat.

    Args:
        connection: where to.
        stream: the stream that the message is in.
        subject: its subject.
        sequence: its sequence in the stream.
        error: why it was refused.
        data: its body; only the first 512 KiB are kept.
        at: when it was stored, Unix seconds.
    """

    def letter(encoding: Literal["utf-8", "base64"], body: str) -> bytes:
        return (
            DeadLetter(
                stream=stream,
                subject=subject,
                sequence=sequence,
                error=error,
                body=body,
                encoding=encoding,
                size=len(data),
                at=at,
            )
            .model_dump_json()
            .encode()
        )

    kept = data[:_KEPT]
    try:
        body = letter("utf-8", kept.decode())
    except UnicodeDecodeError:
        body = b""
    if not body or len(body) > _LONGEST:
        body = letter("base64", base64.b64encode(kept).decode())
    return await connection.publisher.publish(subjects.dead_letter(stream, sequence, error.code), body)


async def list_letters(connection: Connection, *, before: int | None = None, limit: int = 50) -> list[Buried]:
    """The newest letters first, at most `limit`; `before` is the number of the last one of the previous page."""
    info = await connection.api(f"STREAM.INFO.{subjects.DEAD_LETTERS}")
    first = int(info["state"]["first_seq"])
    end = min(before or _ENDLESS, int(info["state"]["last_seq"]) + 1)
    found: list[Buried] = []
    while end > first and len(found) < limit:
        start = max(first, end - (limit - len(found)))
        found += reversed(await _letters(connection, start, end))
        end = start
    return found


async def get_letter(connection: Connection, number: int) -> DeadLetter:
    """The letter with this number.

    Raises:
        LetterNotFoundError: there is none, or no longer.
        UnavailableError: NATS does not answer.
    """
    message = await get_by_sequence(connection, subjects.DEAD_LETTERS, number)
    if message is None:
        raise LetterNotFoundError(str(number))
    return _buried(message).letter


async def discard_letter(connection: Connection, number: int) -> None:
    """Throw a letter away. Raises LetterNotFoundError, UnavailableError."""
    try:
        await connection.api(f"STREAM.MSG.DELETE.{subjects.DEAD_LETTERS}", {"seq": number})
    except ApiError as error:
        if error.err_code != _NO_MESSAGE:
            raise
        raise LetterNotFoundError(str(number)) from error


async def discard_letters(connection: Connection, *, before: float | None = None, reason: str | None = None) -> int:
    """Throw away all letters that were stored before a time, Unix seconds, and have this error code; how many.

    What is not given does not matter. Raises UnavailableError.
    """
    request: dict[str, Any] = {"filter": subjects.dead_letters_of(reason) if reason else subjects.DEAD_SUBJECTS}
    if before is not None:
        time = datetime.fromtimestamp(before, UTC).isoformat()
        kept = {"start_time": time, "next_by_subj": subjects.DEAD_SUBJECTS}
        if first := await direct_get(connection, subjects.DEAD_LETTERS, kept):
            request["seq"] = first.sequence
    reply = await connection.api(f"STREAM.PURGE.{subjects.DEAD_LETTERS}", request)
    return int(reply["purged"])


def _buried(message: StoredMessage) -> Buried:
    return Buried(message.sequence, DeadLetter.model_validate_json(message.data))


async def _letters(connection: Connection, start: int, end: int) -> list[Buried]:
    """The letters from one number up to, but without, another; the numbers in between may have gaps."""
    found: list[Buried] = []
    while start < end:
        request = {"seq": start, "next_by_subj": subjects.DEAD_SUBJECTS, "batch": end - start}
        messages, pending = await direct_batch(connection, subjects.DEAD_LETTERS, request)
        found += [_buried(message) for message in messages if message.sequence < end]
        if not messages or not pending:
            break
        start = messages[-1].sequence + 1
    return found
