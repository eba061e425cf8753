"""Reading a stream from a place on and then as it grows, without a gap and without a repeat."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.message import Status, StoredMessage, delivered_message, parse_delivery, status_of
from gnatwork_schemas import header_names
from gnatwork_schemas.errors import UnavailableError

log = logging.getLogger(__name__)

_SECOND = 1_000_000_000
#: What one pull asks for, and so what is in memory here at most, however slow the reader is.
_BATCH = 512
_BATCH_BYTES = 8 * 1024 * 1024
#: Seconds after which an open pull is renewed.
_EXPIRES = 30.0
#: Seconds between the server's signs of life while a pull is open, and those after which it is given up.
_HEARTBEAT = 5.0
_PATIENCE = 3 * _HEARTBEAT
#: What the server says when a pull has had all its bytes or messages.
_PULL_ENDS = frozenset({"Message Size Exceeds MaxBytes", "Batch Completed"})
#: Seconds after which the server forgets a consumer from which no one pulls.
_FORGOTTEN = 60.0
#: Seconds before the next attempt when reading breaks off: the first wait and the longest.
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0


async def follow(
    connection: Connection,
    stream: str,
    filter_subject: str | Sequence[str],
    *,
    after: int = 0,
    last_per_subject: bool = False,
    batch_bytes: int | None = None,
) -> AsyncGenerator[StoredMessage, None]:
    """All messages on a pattern that come after a sequence, those there are and those to come, for ever.

    Survives lost connections and restarts of the server. A reader that is slow leaves messages in the server, not in
    memory. To be done with it, cancel the task that reads or close the generator (`contextlib.aclosing`).

    Args:
        connection: where to.
        stream: the stream's name.
        filter_subject: a subject or pattern, or several that do not overlap.
        after: the sequence of the last message that the caller has, 0 for none. A stream that has not come that far
            has been made anew, and is read from its start.
        last_per_subject: when reading from the start, leave out what has been replaced since.
        batch_bytes: what may be in memory here while the reader is slow; 8 MB when None.

    Raises:
        ApiError: there is no such stream, or the server refuses.
        UnavailableError: the connection was closed on this side.
    """
    wait = _FIRST_WAIT
    while not connection.nc.is_closed:
        reading = _Reading(connection, stream, filter_subject, batch_bytes or _BATCH_BYTES)
        try:
            await reading.open(after, last_per_subject=last_per_subject)
            while True:
                message = await reading.next()
                wait, after = _FIRST_WAIT, message.sequence
                yield message
        except (_BrokenOffError, UnavailableError) as error:
            log.debug("%s: %s, reading on after %d", stream, error, after)
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
        finally:
            await reading.close()
    raise UnavailableError("the connection is closed")


class _BrokenOffError(Exception):
    """Messages may have been missed: begin anew after the last one."""


class _Reading:
    """One ephemeral consumer, from its creation to the first doubt."""

    def __init__(
        self, connection: Connection, stream: str, filter_subject: str | Sequence[str], batch_bytes: int
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._filter = filter_subject
        self._batch_bytes = batch_bytes
        self._name = f"follow-{secrets.token_hex(8)}"
        #: Bounded by what is asked for; None stands for a lost connection.
        self._queue: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._received = 0
        #: How many had been received when the last pull began, and how many of that one are still to come.
        self._before = 0
        self._outstanding = 0

    async def open(self, after: int, *, last_per_subject: bool) -> None:
        """Make the consumer, so that its first message is the one after `after`."""
        if not self._connection.is_connected:
            raise UnavailableError("not connected")
        self._connection.on_disconnect(self._disconnected)
        self._inbox = self._connection.nc.new_inbox()
        self._subscription = await self._connection.nc.subscribe(
            self._inbox, cb=self._take, pending_msgs_limit=0, pending_bytes_limit=0
        )
        try:
            info = await self._connection.api(f"STREAM.INFO.{self._stream}")
            if after > (last := int(info["state"]["last_seq"])):
                log.warning("%s ends at %d, before %d: it was made anew", self._stream, last, after)
                after = 0
            request = {"stream_name": self._stream, "config": self._config(after, last_per_subject=last_per_subject)}
            await self._connection.api(f"CONSUMER.CREATE.{self._stream}.{self._name}", request)
        except ApiError as error:
            if error.status == 503:
                raise UnavailableError(error.description) from error
            raise

    async def next(self) -> StoredMessage:
        """The next message, once there is one."""
        while True:
            if self._outstanding == 0:
                self._pull()
            msg = await self._next()
            if (status := status_of(msg)) is not None:
                self._check(status, msg)
                continue
            delivery = parse_delivery(msg.reply)
            self._received += 1
            self._outstanding -= 1
            if delivery.consumer_sequence != self._received:
                raise _BrokenOffError("a message was lost")
            return delivered_message(msg, delivery)

    async def close(self) -> None:
        """Leave nothing behind, as far as the server can be reached."""
        self._connection.forget(self._disconnected)
        if self._subscription is None:
            return
        self._connection.send(f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._name}", b"")
        with contextlib.suppress(NatsError):
            await self._subscription.unsubscribe()

    def _config(self, after: int, *, last_per_subject: bool) -> dict[str, Any]:
        config: dict[str, Any] = {
            "name": self._name,
            "deliver_policy": "last_per_subject" if last_per_subject else "all",
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": int(_FORGOTTEN * _SECOND),
        }
        if isinstance(self._filter, str):
            config["filter_subject"] = self._filter
        else:
            config["filter_subjects"] = list(self._filter)
        if after:
            config["deliver_policy"] = "by_start_sequence"
            config["opt_start_seq"] = after + 1
        return config

    def _pull(self) -> None:
        self._outstanding, self._before = _BATCH, self._received
        request = {
            "batch": _BATCH,
            "max_bytes": self._batch_bytes,
            "expires": int(_EXPIRES * _SECOND),
            "idle_heartbeat": int(_HEARTBEAT * _SECOND),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._name}"
        self._connection.send(subject, orjson.dumps(request), self._inbox)

    async def _next(self) -> Msg:
        if self._queue.empty():
            try:
                async with asyncio.timeout(_PATIENCE):
                    msg = await self._queue.get()
            except TimeoutError:
                raise _BrokenOffError(f"nothing heard for {_PATIENCE:g} s") from None
        else:
            msg = self._queue.get_nowait()
        if msg is None:
            raise _BrokenOffError("the connection was lost")
        return msg

    def _check(self, status: Status, msg: Msg) -> None:
        """Go on after a sign of life or the end of a pull; anything else is a doubt."""
        headers = msg.headers or {}
        if status.code == 100:
            if int(headers.get(header_names.LAST_CONSUMER_SEQUENCE, 0)) > self._received:
                raise _BrokenOffError("the last messages were lost")
        elif status.code == 408 or status.description in _PULL_ENDS:
            if status.code == 409 and self._received == self._before:
                # The next message alone is larger.
                self._batch_bytes *= 2
            self._outstanding -= int(headers[header_names.PULL_PENDING])
        else:
            raise _BrokenOffError(f"{status.code} {status.description}")

    async def _take(self, msg: Msg) -> None:
        self._queue.put_nowait(msg)

    def _disconnected(self) -> None:
        self._queue.put_nowait(None)
