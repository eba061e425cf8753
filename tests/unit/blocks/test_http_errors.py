from datetime import UTC, datetime

import pytest

from gnatwork_blocks.http_errors import MAX_RETRY_AFTER, retry_after

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("Fri, 20 Nov 2026 12:01:30 GMT", 90),
        ("Fri, 20 Nov 2026 12:01:30 -0000", 90),
        ("Fri, 20 Nov 2026 13:01:30 +0100", 90),
        ("Friday, 20-Nov-26 12:00:10 GMT", 10),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("999999999", MAX_RETRY_AFTER),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("Fri, 20 Nov 2099 12:00:00 GMT", MAX_RETRY_AFTER),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Fri, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_seconds_and_dates(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
