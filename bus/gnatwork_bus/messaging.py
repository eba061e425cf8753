"""Messages to programs of others, and what they answer."""

from collections.abc import Mapping
from typing import NamedTuple

import orjson
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError as NatsNoRespondersError

from gnatwork_bus.connection import Connection
from gnatwork_bus.publisher import ACK_TIMEOUT, failure_of, size_of
from gnatwork_schemas.errors import GnatworkError, MessageTooLargeError, UnavailableError

#: Seconds for the server to say that it has a message.
_FLUSH = 5


class NobodyAnswersError(GnatworkError):
    """Nobody listens to the subject."""


class NoAnswerError(GnatworkError):
    """Somebody may listen to the subject, but no answer came in time."""


class Acknowledgement(NamedTuple):
    """What a stream says of a message that it has taken."""

    stream: str
    sequence: int
    #: Whether it had the message before, by its id.
    duplicate: bool


async def publish(connection: Connection, subject: str, data: bytes, headers: Mapping[str, str]) -> None:
    """Send to whoever listens; returns once the server has it.

    Raises:
        MessageTooLargeError: The server takes no message of this size.
        UnavailableError: The server does not say that it has it; it may.
    """
    _check(connection, subject, data, headers)
    try:
        await connection.nc.publish(subject, data, headers=dict(headers) or None)
        await connection.nc.flush(timeout=_FLUSH)
    except (NatsError, OSError) as error:
        raise UnavailableError(f"{subject} may not have been sent: {type(error).__name__}") from error


async def store(connection: Connection, subject: str, data: bytes, headers: Mapping[str, str]) -> Acknowledgement:
    """Send to the stream of the subject; returns once it is stored.

    Raises:
        NobodyAnswersError: No stream takes the subject.
        StoreFullError, ConflictError, RefusedError: The stream does not take the message.
        MessageTooLargeError: The server takes no message of this size.
        UnavailableError: No acknowledgement came; the message may or may not be stored.
    """
    try:
        reply = await request(connection, subject, data, headers, ACK_TIMEOUT)
    except NoAnswerError as error:
        raise UnavailableError(f"no acknowledgement from {subject}") from error
    try:
        answer = orjson.loads(reply.data)
        if "error" in answer:
            raise failure_of(answer["error"])
        return Acknowledgement(answer["stream"], answer["seq"], bool(answer.get("duplicate")))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        # Whoever answers, it is no stream.
        raise NobodyAnswersError(subject) from error


async def request(connection: Connection, subject: str, data: bytes, headers: Mapping[str, str], timeout: float) -> Msg:
    """The first answer to a request.

    Raises:
        NobodyAnswersError: Nobody listens.
        NoAnswerError: None came within `timeout` seconds.
        MessageTooLargeError: The server takes no message of this size.
        UnavailableError: There is no server.
    """
    _check(connection, subject, data, headers)
    try:
        return await connection.nc.request(subject, data, timeout=timeout, headers=dict(headers) or None)
    except NatsNoRespondersError as error:
        raise NobodyAnswersError(subject) from error
    except TimeoutError as error:
        raise NoAnswerError(subject) from error
    except (NatsError, OSError) as error:
        raise UnavailableError(f"{subject}: {type(error).__name__}") from error


def _check(connection: Connection, subject: str, data: bytes, headers: Mapping[str, str]) -> None:
    if not connection.is_connected:
        raise UnavailableError(subject)
    # Of one byte too many the server ends the connection.
    size, limit = len(data) + size_of(headers), connection.nc.max_payload
    if size > limit:
        raise MessageTooLargeError(f"{subject} has {size} bytes, the server takes {limit}")
