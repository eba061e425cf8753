"""Whether and when a failed attempt is tried again."""

import zlib

from gnatwork_schemas.definition import Retry
from gnatwork_schemas.duration import MAX_SECONDS
from gnatwork_schemas.error import ErrorInfo


def next_delay(retry: Retry, error: ErrorInfo, attempt: int, key: str) -> float | None:
    """Seconds until the attempt after `attempt`, or None: the error is final.

    The spread is drawn from `key` (run and task) and the attempt, so that every fold draws the same.
    """
    if not error.retryable or attempt >= retry.max_attempts:
        return None
    if retry.on is not None and error.code not in retry.on:
        return None
    if retry.not_on is not None and error.code in retry.not_on:
        return None
    # The exponent is bounded, for factor ** 99 may not fit a float.
    wait = min(retry.max, retry.initial * retry.factor ** min(attempt - 1, 64))
    share = zlib.crc32(f"{key}/{attempt}".encode()) / 0xFFFFFFFF
    spread = wait * (1 + retry.jitter * (2 * share - 1))
    # What the other side asks for may be any number, and a timer needs a date.
    return min(max(spread, error.retry_after or 0.0), MAX_SECONDS)
