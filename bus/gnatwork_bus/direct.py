"""Direct reads: single messages and batches, without a consumer."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.message import StoredMessage, direct_message, leader_message, status_of
from gnatwork_schemas import header_names
from gnatwork_schemas.errors import GnatworkError, UnavailableError

#: Messages asked for at once; the server stops earlier at `_BATCH_BYTES`.
_BATCH = 1000
_BATCH_BYTES = 4 * 1024 * 1024
#: Subjects of which the server gives the last message at once.
_MOST_SUBJECTS = 1024
_TIMEOUT = 5.0


class TooManyResultsError(GnatworkError):
    """A `multi_last` read matches more subjects than the server gives at once (1,024); read them page by page."""


async def direct_get(connection: Connection, stream: str, request: Mapping[str, Any]) -> StoredMessage | None:
    """One message, by `{"last_by_subj"}`, `{"seq"}` or `{"seq", "next_by_subj"}`; None when there is none."""
    reply = await connection.request(f"$JS.API.DIRECT.GET.{stream}", orjson.dumps(request), timeout=_TIMEOUT)
    status = status_of(reply)
    if status is None:
        return direct_message(reply)
    if status.code == 404:
        return None
    raise UnavailableError(f"reading {stream}: {status.code} {status.description}")


async def leader_get(connection: Connection, stream: str, subject: str) -> StoredMessage | None:
    """The last message on a subject or pattern as the stream's leader knows it; None when there is none.

    In a cluster any replica answers a direct get, and may be behind: a writer's own message can be missing.
    """
    return await _ask_leader(connection, stream, {"last_by_subj": subject})


async def leader_next(connection: Connection, stream: str, subject: str, after: int) -> StoredMessage | None:
    """The next message on a subject behind a sequence, as `leader_get`."""
    return await _ask_leader(connection, stream, {"seq": after + 1, "next_by_subj": subject})


async def get_by_sequence(connection: Connection, stream: str, sequence: int) -> StoredMessage | None:
    """The message with this sequence, or None: it is gone, or there has never been one.

    Many may be asked for at once. The leader is asked when the replica that answered first does not have it.
    """
    request = {"seq": sequence}
    return await direct_get(connection, stream, request) or await _ask_leader(connection, stream, request)


async def _ask_leader(connection: Connection, stream: str, request: Mapping[str, Any]) -> StoredMessage | None:
    try:
        answer = await connection.api(f"STREAM.MSG.GET.{stream}", request)
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    return leader_message(answer["message"])


async def direct_batch(
    connection: Connection, stream: str, request: Mapping[str, Any]
) -> tuple[list[StoredMessage], int]:
    """One batch and the number of messages that are still to come after it.

    `request` is `{"seq", "next_by_subj"}` or `{"multi_last", …}`; batch bounds are added here.
    """
    inbox = connection.nc.new_inbox()
    subscription = await connection.nc.subscribe(inbox, pending_msgs_limit=0, pending_bytes_limit=0)
    try:
        body = orjson.dumps({"batch": _BATCH, "max_bytes": _BATCH_BYTES, **request})
        connection.send(f"$JS.API.DIRECT.GET.{stream}", body, inbox)
        messages: list[StoredMessage] = []
        async with asyncio.timeout(_TIMEOUT) as deadline:
            while True:
                reply = await subscription.next_msg(timeout=None)
                deadline.reschedule(asyncio.get_running_loop().time() + _TIMEOUT)
                status = status_of(reply)
                if status is None:
                    messages.append(direct_message(reply))
                elif status.code == 204:
                    return messages, int((reply.headers or {}).get(header_names.BATCH_PENDING, 0))
                elif status.code == 404:
                    return messages, 0
                elif status.code == 413:
                    raise TooManyResultsError
                else:
                    raise UnavailableError(f"reading {stream}: {status.code} {status.description}")
    except TimeoutError as error:
        raise UnavailableError(f"reading {stream} took too long") from error
    finally:
        await subscription.unsubscribe()


async def last_of_each(connection: Connection, stream: str, literals: Sequence[str]) -> dict[str, StoredMessage]:
    """The last message of each of these subjects (no patterns), however many there are; missing ones are left out."""
    found: dict[str, StoredMessage] = {}
    for first in range(0, len(literals), _MOST_SUBJECTS):
        open_ = literals[first : first + _MOST_SUBJECTS]
        pending = len(open_)
        while pending and open_:
            request = {"multi_last": open_, "batch": _MOST_SUBJECTS}
            messages, pending = await direct_batch(connection, stream, request)
            found.update((message.subject, message) for message in messages)
            # The server stops at so many bytes: what it left out is asked for again.
            open_ = [subject for subject in open_ if subject not in found]
    return found


async def read_all(
    connection: Connection, stream: str, pattern: str, *, after: int = 0, limit: int | None = None
) -> list[StoredMessage]:
    """Messages on a pattern in order, those after a sequence, at most `limit`."""
    messages: list[StoredMessage] = []
    while limit is None or len(messages) < limit:
        batch, pending = await direct_batch(
            connection,
            stream,
            {
                "seq": after + 1,
                "next_by_subj": pattern,
                **({"batch": min(_BATCH, limit - len(messages))} if limit is not None else {}),
            },
        )
        messages += batch
        if not pending or not batch:
            break
        after = batch[-1].sequence
    return messages
