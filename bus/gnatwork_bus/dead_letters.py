"""Messages that no one could read, kept for people."""

import base64
from typing import Literal, NamedTuple

from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import direct_batch
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.messages import DeadLetter

#: Bytes of a body that are kept: even as base64 they fit into one message.
_KEPT = 512 * 1024
#: Bytes that a letter may have; JSON makes some texts six times as long.
_LONGEST = 900 * 1024
_ENDLESS = 1 << 62


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


async def _letters(connection: Connection, start: int, end: int) -> list[Buried]:
    """The letters from one number up to, but without, another; the numbers in between may have gaps."""
    found: list[Buried] = []
    while start < end:
        request = {"seq": start, "next_by_subj": subjects.DEAD_SUBJECTS, "batch": end - start}
        messages, pending = await direct_batch(connection, subjects.DEAD_LETTERS, request)
        found += [
            Buried(message.sequence, DeadLetter.model_validate_json(message.data))
            for message in messages
            if message.sequence < end
        ]
        if not messages or not pending:
            break
        start = messages[-1].sequence + 1
    return found
