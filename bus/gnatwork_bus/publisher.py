"""Pipelined JetStream publish: a callback per acknowledgement, never a round trip per message."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from gnatwork_schemas import header_names
from gnatwork_schemas.errors import (
    ConflictError,
    GnatworkError,
    MessageTooLargeError,
    StoreFullError,
    UnavailableError,
)

log = logging.getLogger(__name__)

#: An acknowledgement that did not come is given up after one to two times as many seconds.
ACK_TIMEOUT = 3.0

#: JetStream's error codes, see its `errors.json`.
_WRONG_LAST_SEQUENCE = frozenset({10071, 10164})
_STORE_FAILED = 10077
_PER_SUBJECT = "maximum messages per subject exceeded"
_NO_ROOM = frozenset({10023, 10047, _STORE_FAILED})

#: What a sender is told: the sequence in the stream, or why there is none.
Done = Callable[[int | GnatworkError], None]


class Send(Protocol):
    """Queues a core NATS message (see `Connection.send`)."""

    def __call__(self, subject: str, data: bytes, reply: str, headers: Mapping[str, str] | None) -> None:
        """Queue it."""


class QueuedAlreadyError(GnatworkError):
    """The attempt is queued, or in flight, already; nothing to do."""


class RefusedError(GnatworkError):
    """JetStream refused a message."""


def failure_of(error: Mapping[str, object]) -> GnatworkError:
    """What an error in JetStream's acknowledgement means."""
    code, text = error.get("err_code"), str(error.get("description", ""))
    if code in _WRONG_LAST_SEQUENCE:
        return ConflictError(text)
    if code == _STORE_FAILED and _PER_SUBJECT in text:
        return QueuedAlreadyError(text)
    if code in _NO_ROOM:
        return StoreFullError(text)
    return RefusedError(f"{text} ({code})")


def size_of(headers: Mapping[str, str] | None) -> int:
    """Bytes on the wire, which count as much as those of the body: of one too many the server ends the connection."""
    if not headers:
        return 0
    return len("NATS/1.0\r\n\r\n") + sum(len(f"{name}: {value}\r\n") for name, value in headers.items())


class Publisher:
    """Sends to streams; acknowledgements come to one inbox and are told apart by its last token."""

    def __init__(self, nc: Client, send: Send) -> None:
        self._nc = nc
        self._send = send
        self._inbox = ""
        self._sent = 0
        #: Whom to tell, and in which round of `_give_up` it was sent.
        self._waiting: dict[str, tuple[int, Done]] = {}
        self._round = 0
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listen for acknowledgements."""
        self._inbox = self._nc.new_inbox()
        await self._nc.subscribe(f"{self._inbox}.*", cb=self._acknowledged, pending_msgs_limit=0, pending_bytes_limit=0)

    def stop(self) -> None:
        """Give up on what is still unanswered."""
        if self._sweep:
            self._sweep.cancel()
            self._sweep = None
        self.fail_all()

    @property
    def unanswered(self) -> int:
        """Messages that wait for their acknowledgement."""
        return len(self._waiting)

    def send(self, subject: str, data: bytes, done: Done, headers: Mapping[str, str] | None = None) -> None:
        """Publish now; `done` is called with the sequence or the error, exactly once, after this has returned."""
        size, limit = len(data) + size_of(headers), self._nc.max_payload
        if size > limit:
            error = MessageTooLargeError(f"{subject} has {size} bytes, the server takes {limit}")
            asyncio.get_running_loop().call_soon(self._tell, done, error)
            return
        self._sent += 1
        token = str(self._sent)
        self._waiting[token] = (self._round, done)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(ACK_TIMEOUT, self._give_up)
        self._send(subject, data, f"{self._inbox}.{token}", headers)

    async def publish(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> int:
        """Publish and wait for the sequence.

        Raises:
            ConflictError: the expected last sequence is not the last.
            QueuedAlreadyError: the work item is queued already.
            MessageTooLargeError: the server takes no message of this size; nothing was sent.
            StoreFullError: the server has no room.
            UnavailableError: no acknowledgement came; the message may or may not be stored.
        """
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def done(result: int | GnatworkError) -> None:
            if future.done():
                return
            if isinstance(result, int):
                future.set_result(result)
            else:
                future.set_exception(result)

        self.send(subject, data, done, headers)
        return await future

    async def overtake_none(self, subject: str) -> None:
        """Return once all that was sent to a stream before is stored or refused, which requests to its API overtake.

        `subject` is one that the stream takes; nothing is stored on it. Raises UnavailableError.
        """
        with contextlib.suppress(RefusedError):
            await self.publish(subject, b"", {header_names.EXPECTED_STREAM: "none"})

    def fail_all(self) -> None:
        """Tell every sender that waits that no acknowledgement will come: the connection is lost."""
        waiting, self._waiting = self._waiting, {}
        for _, done in waiting.values():
            self._tell(done, UnavailableError("the connection was lost before the message was acknowledged"))

    async def _acknowledged(self, msg: Msg) -> None:
        entry = self._waiting.pop(msg.subject[len(self._inbox) + 1 :], None)
        if entry is None:
            return
        if not msg.data:
            self._tell(entry[1], UnavailableError("no stream takes this subject"))
            return
        reply = orjson.loads(msg.data)
        self._tell(entry[1], failure_of(reply["error"]) if "error" in reply else reply["seq"])

    def _give_up(self) -> None:
        """What was sent before the last round has waited for longer than a whole one."""
        late = [token for token, (sent, _) in self._waiting.items() if sent < self._round]
        for token in late:
            self._tell(self._waiting.pop(token)[1], UnavailableError("no acknowledgement came in time"))
        self._round += 1
        self._sweep = asyncio.get_running_loop().call_later(ACK_TIMEOUT, self._give_up) if self._waiting else None

    @staticmethod
    def _tell(done: Done, result: int | GnatworkError) -> None:
        try:
            done(result)
        except Exception:  # a sender's mistake must not stop the others
            log.exception("a publish callback failed")
