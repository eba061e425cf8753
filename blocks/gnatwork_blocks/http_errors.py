"""From what goes wrong with a request to the error codes of blocks."""

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from gnatwork_blocks.body_buffer import BodyTooLargeError, ContentEncodingError
from gnatwork_blocks.errors import BlockError

#: What can go wrong on the way; everything else is a mistake of ours.
TRANSPORT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ContentEncodingError, BodyTooLargeError)

#: No server may make a task wait longer than a day.
MAX_RETRY_AFTER = 86_400.0

# How h11, as used by httpcore 1, words a connection that closes early. It is a protocol error to them, but trying
# again may help, as with any broken connection.
_CLOSED_EARLY = re.compile(r"server disconnected|peer closed connection", re.IGNORECASE)


def origin_of(url: httpx.URL) -> str:
    """Scheme, host and port: the part of a URL that holds no secret and may be shown."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def status_error(method: str, url: httpx.URL, response: httpx.Response, excerpt: str) -> BlockError:
    """`http.status` for an answer that counts as a failure; 429 and 5xx can be retried."""
    status = response.status_code
    retryable = status == 429 or status >= 500
    return BlockError(
        "http.status",
        f"{method} {origin_of(url)} was answered with {status} {response.reason_phrase}".rstrip() + ".",
        retryable=retryable,
        retry_after=retry_after(response.headers.get("retry-after"), datetime.now(UTC)) if retryable else None,
        details={"status": status, "body": excerpt},
    )


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as seconds or as an HTTP date; None when it is neither."""
    header = (header or "").strip()
    if re.fullmatch(r"[0-9]+", header):
        # Beyond nine digits no conversion is needed to know that it is too much.
        return min(float(header), MAX_RETRY_AFTER) if len(header) < 10 else MAX_RETRY_AFTER
    try:
        due = parsedate_to_datetime(header)
    except ValueError:
        return None
    if due.tzinfo is None:  # "-0000": UTC, by RFC 5322
        due = due.replace(tzinfo=UTC)
    return min(max((due - now).total_seconds(), 0.0), MAX_RETRY_AFTER)


def transport_error(error: Exception, origin: str, max_bytes: int) -> BlockError:
    """The error that one of `TRANSPORT_ERRORS` means for a task."""
    text = str(error)
    match error:
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return invalid_url(text)
        case httpx.TimeoutException() | TimeoutError():
            return BlockError("http.timeout", f"{origin} did not answer in time.", retryable=True)
        case BodyTooLargeError():
            return BlockError("http.too_large", f"{origin} answered with more than {max_bytes} bytes.")
        case httpx.ProtocolError() if not _CLOSED_EARLY.search(text):
            return BlockError("http.protocol", f"{origin} does not speak proper HTTP: {text}")
        case ContentEncodingError():
            return BlockError("http.protocol", f"{origin} does not speak proper HTTP: {text}.")
        case _:
            untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))
            reason = text or "the connection broke"
            return BlockError("http.connection", f"{origin} can't be reached: {reason}", retryable=not untrusted)


def invalid_url(reason: str) -> BlockError:
    """`http.invalid_url`; the URL itself is left out, it may hold a secret."""
    return BlockError("http.invalid_url", f"The URL can't be requested: {reason}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
