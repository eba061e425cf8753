"""Messages of blocks, over the executor's own connection."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.services.message_headers import checked_headers
from gnatwork_blocks.services.messages import Reply, Stored, checked_subject
from gnatwork_bus import messaging
from gnatwork_bus.connection import Connection
from gnatwork_bus.messaging import NoAnswerError, NobodyAnswersError
from gnatwork_bus.publisher import RefusedError
from gnatwork_schemas.errors import ConflictError, MessageTooLargeError, StoreFullError, UnavailableError
from gnatwork_schemas.header_names import MESSAGE_ID, TRACEPARENT

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BusMessages:
    """See `gnatwork_blocks.services.messages.Messages`."""

    connection: Connection
    traceparent: str | None

    async def publish(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """See `Messages`."""
        await _told(messaging.publish(self.connection, checked_subject(subject), data, self._with(headers)))

    async def store(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, message_id: str
    ) -> Stored:
        """See `Messages`."""
        complete = {**self._with(headers), MESSAGE_ID: message_id}
        try:
            answer = await _told(messaging.store(self.connection, checked_subject(subject), data, complete))
        except NobodyAnswersError as error:
            raise BlockError("nats.no_stream", f"No stream takes {subject!r}.", retryable=True) from error
        return Stored(answer.stream, answer.sequence, answer.duplicate)

    async def request(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, timeout: float
    ) -> Reply:
        """See `Messages`."""
        asking = messaging.request(self.connection, checked_subject(subject), data, self._with(headers), timeout)
        try:
            answer = await _told(asking)
        except NobodyAnswersError as error:
            raise BlockError("nats.no_responders", f"Nobody answers on {subject!r}.", retryable=True) from error
        except NoAnswerError as error:
            message = f"No answer on {subject!r} within {timeout:g} s."
            raise BlockError("nats.timeout", message, retryable=True) from error
        return Reply(answer.data, answer.headers or {})

    def _with(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        traced = {TRACEPARENT: self.traceparent} if self.traceparent else {}
        return {**traced, **checked_headers(headers)}


async def _told(sending: Awaitable[T]) -> T:
    """What sending yields; BlockError for what can go wrong with any message."""
    try:
        return await sending
    except MessageTooLargeError as error:
        raise BlockError("nats.too_large", f"{error.detail}.") from error
    except (StoreFullError, RefusedError, ConflictError) as error:
        raise BlockError(
            "nats.refused", f"The stream does not take the message: {error.detail}.", retryable=True
        ) from (error)
    except UnavailableError as error:
        raise BlockError("nats.unavailable", f"NATS does not answer: {error.detail}.", retryable=True) from error
