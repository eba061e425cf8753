"""Direct reads: single messages and batches, without a consumer."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.message import StoredMessage, direct_message
from gnatwork_schemas.errors import UnavailableError

#: Messages asked for at once; the server stops earlier at `_BATCH_BYTES`.
_BATCH = 1000
_BATCH_BYTES = 4 * 1024 * 1024
_TIMEOUT = 5.0


async def direct_get(connection: Connection, stream: str, request: Mapping[str, Any]) -> StoredMessage | None:
    """One message, by `{"last_by_subj"}`, `{"seq"}` or `{"seq", "next_by_subj"}`; None when there is none."""
    reply = await connection.request(f"$JS.API.DIRECT.GET.{stream}", orjson.dumps(request), timeout=_TIMEOUT)
    status = (reply.headers or {}).get("Status")
    if status == "404":
        return None
    if status:
        raise UnavailableError(f"reading {stream}: {status} {(reply.headers or {}).get('Description', '')}")
    return direct_message(reply)


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
                headers = reply.headers or {}
                status = headers.get("Status")
                if status is None:
                    messages.append(direct_message(reply))
                elif status == "204":
                    return messages, int(headers.get("Nats-Num-Pending", 0))
                elif status == "404":
                    return messages, 0
                else:
                    raise UnavailableError(f"reading {stream}: {status} {headers.get('Description', '')}")
    except TimeoutError as error:
        raise UnavailableError(f"reading {stream} took too long") from error
    finally:
        await subscription.unsubscribe()


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
