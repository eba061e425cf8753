from datetime import UTC, datetime

import pytest

from gnatwork_blocks.rate_limits import is_limited, waiting

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3", "x-ratelimit-reset": "9"}, 3),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 42)}, 42),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) - 42)}, 0),
        ({"x-ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "30"}, None),
        ({"x-ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert waiting(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "words", "expected"),
    [
        (429, {}, None, True),
        (403, {}, "Forbidden", False),
        (403, {}, "Quota: rateLimitExceeded", True),
        (403, {"retry-after": "1"}, None, True),
        (403, {"x-ratelimit-remaining": "12"}, None, False),
        (401, {"x-ratelimit-remaining": "0"}, None, False),
    ],
)
def test_what_counts_as_too_many(status: int, headers: dict[str, str], words: str | None, expected: bool) -> None:
    assert is_limited(status, headers, words) is expected
