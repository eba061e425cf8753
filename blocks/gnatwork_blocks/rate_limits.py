"""How services say that there were too many requests, and when there may be more."""

from collections.abc import Mapping
from datetime import UTC, datetime

from gnatwork_blocks.http_errors import MAX_RETRY_AFTER, retry_after


def is_limited(status: int, headers: Mapping[str, str], words: str | None = None) -> bool:
    """Whether an answer says that there were too many requests, as services say it with 429, and some with 403."""
    if status != 403:
        return status == 429
    told = (words or "").lower()
    used_up = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return used_up or "rate limit" in told or "ratelimitexceeded" in told.replace(" ", "")


def waiting_for(headers: Mapping[str, str]) -> float | None:
    """As `waiting`, from now on."""
    return waiting(headers, datetime.now(UTC))


def waiting(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that an answer asks to wait: `Retry-After`, else `X-RateLimit-Reset` where none are left."""
    if (seconds := retry_after(headers.get("retry-after"), now)) is not None:
        return seconds
    reset = headers.get("x-ratelimit-reset", "").strip()
    if headers.get("x-ratelimit-remaining", "0") != "0" or not (reset.isdecimal() and len(reset) < 12):
        return None
    # Unix seconds, or for some services the seconds that are left.
    left = int(reset) - now.timestamp() if len(reset) > 8 else float(reset)
    return min(max(left, 0.0), MAX_RETRY_AFTER)
