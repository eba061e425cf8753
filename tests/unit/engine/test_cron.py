"""When a cron is due: as the clock on the wall says, also where clocks are put forward or back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from gnatwork_engine.cron import CronError, ZoneError, between, latest, next_times, parse_cron, parse_zone

MADRID = "Europe/Madrid"


def at(text: str) -> float:
    """Unix seconds of an ISO time, UTC where it says nothing else."""
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def shown(times: list[float], zone: str = "UTC") -> list[str]:
    return [datetime.fromtimestamp(time, parse_zone(zone)).isoformat() for time in times]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("*/15 * * * *", ["2027-01-01T00:15:00+00:00", "2027-01-01T00:30:00+00:00"]),
        ("0 9 * * 1-5", ["2027-01-01T09:00:00+00:00", "2027-01-04T09:00:00+00:00"]),
        ("0 9 * * MON-FRI", ["2027-01-01T09:00:00+00:00", "2027-01-04T09:00:00+00:00"]),
        ("*/20 * * * * *", ["2027-01-01T00:00:20+00:00", "2027-01-01T00:00:40+00:00"]),
        ("5/20 59 23 * * *", ["2027-01-01T23:59:05+00:00", "2027-01-01T23:59:25+00:00"]),
        ("0 0 L * *", ["2027-01-31T00:00:00+00:00", "2027-02-28T00:00:00+00:00"]),
        ("0 0 LW * *", ["2027-01-29T00:00:00+00:00", "2027-02-26T00:00:00+00:00"]),
        ("0 0 * * 5#2", ["2027-01-08T00:00:00+00:00", "2027-02-12T00:00:00+00:00"]),
        ("0 0 * * 5L", ["2027-01-29T00:00:00+00:00", "2027-02-26T00:00:00+00:00"]),
        ("0 0 13 * 5", ["2027-01-08T00:00:00+00:00", "2027-01-13T00:00:00+00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00:00+00:00", "2032-02-29T00:00:00+00:00"]),
        ("0 0 * * 0", ["2027-01-03T00:00:00+00:00", "2027-01-10T00:00:00+00:00"]),
        ("0 0 * * 7", ["2027-01-03T00:00:00+00:00", "2027-01-10T00:00:00+00:00"]),
        ("@hourly", ["2027-01-01T01:00:00+00:00", "2027-01-01T02:00:00+00:00"]),
        ("@Daily", ["2027-01-02T00:00:00+00:00", "2027-01-03T00:00:00+00:00"]),
        ("@midnight", ["2027-01-02T00:00:00+00:00", "2027-01-03T00:00:00+00:00"]),
        ("@weekly", ["2027-01-03T00:00:00+00:00", "2027-01-10T00:00:00+00:00"]),
        ("@monthly", ["2027-02-01T00:00:00+00:00", "2027-03-01T00:00:00+00:00"]),
        ("@yearly", ["2028-01-01T00:00:00+00:00", "2029-01-01T00:00:00+00:00"]),
        ("@annually", ["2028-01-01T00:00:00+00:00", "2029-01-01T00:00:00+00:00"]),
    ],
)
def test_the_next_times(cron: str, expected: list[str]) -> None:
    assert shown(next_times(parse_cron(cron), UTC, at("2027-01-01"), 2)) == expected


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # Clocks go from 02:00 to 03:00.
        ("30 2 * * *", MADRID, "2027-03-27T12:00", ["2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]),
        ("0 30 2 * * *", MADRID, "2027-03-27T12:00", ["2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]),
        ("* 2 * * *", MADRID, "2027-03-28T00:30", ["2027-03-28T03:00:00+02:00", "2027-03-29T02:00:00+02:00"]),
        ("30 * * * *", MADRID, "2027-03-28T00:00", ["2027-03-28T01:30:00+01:00", "2027-03-28T03:30:00+02:00"]),
        # And from 03:00 back to 02:00.
        ("30 2 * * *", MADRID, "2027-10-30T12:00", ["2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"]),
        ("0 30 2 * * *", MADRID, "2027-10-30T12:00", ["2027-10-31T02:30:00+02:00", "2027-11-01T02:30:00+01:00"]),
        ("0 */2 * * *", MADRID, "2027-10-30T23:00", ["2027-10-31T02:00:00+02:00", "2027-10-31T04:00:00+01:00"]),
        ("0 * * * *", MADRID, "2027-10-30T23:30", ["2027-10-31T02:00:00+02:00", "2027-10-31T02:00:00+01:00"]),
        ("0 0-23 * * *", MADRID, "2027-10-30T23:30", ["2027-10-31T02:00:00+02:00", "2027-10-31T02:00:00+01:00"]),
        # What the clocks show for the second time is over.
        ("30 2 * * *", MADRID, "2027-10-31T01:10", ["2027-11-01T02:30:00+01:00"]),
        # By half an hour.
        ("15 2 * * *", "Australia/Lord_Howe", "2027-10-02T12:00", ["2027-10-03T02:30:00+11:00"]),
        # There was no 30th of December.
        ("0 12 * * *", "Pacific/Apia", "2011-12-29T23:00", ["2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"]),
    ],
)
def test_clocks_that_are_put_forward_or_back(cron: str, zone: str, after: str, expected: list[str]) -> None:
    assert shown(next_times(parse_cron(cron), parse_zone(zone), at(after), len(expected)), zone) == expected


@pytest.mark.parametrize("zone", [MADRID, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"])
@pytest.mark.parametrize("start", ["2027-03-13", "2027-03-27", "2027-10-02", "2027-10-30", "2027-11-06"])
@pytest.mark.parametrize(
    "cron", ["*/20 * * * *", "30 2 * * *", "0,30 1-3 * * *", "0,30 0 2 * * *", "0 */3 * * *", "0 0 * * *"]
)
def test_what_is_next_and_what_was_last_agree(cron: str, start: str, zone: str) -> None:
    read, where, first = parse_cron(cron), parse_zone(zone), at(start)
    last = first + timedelta(days=3).total_seconds()
    times = [time for time in next_times(read, where, first, 300) if time <= last]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert between(read, where, first, last, 1000) == times
    for time in times[:10]:
        assert latest(read, where, time) == time
        assert latest(read, where, time + 0.5) == time
        assert next_times(read, where, time - 0.5, 1) == [time]
        assert time not in next_times(read, where, time, 1)


def test_of_many_the_last_ones_are_given() -> None:
    hourly = parse_cron("0 * * * *")
    found = between(hourly, UTC, at("2027-01-01T00:00"), at("2027-01-03T00:00"), 2)
    assert shown(found) == ["2027-01-02T23:00:00+00:00", "2027-01-03T00:00:00+00:00"]
    assert between(hourly, UTC, at("2027-01-01T00:00"), at("2027-01-01T00:59"), 2) == []


@pytest.mark.parametrize(
    ("cron", "part"),
    [
        ("61 * * * *", "'61' is no minute"),
        ("90 * * * * *", "'90' is no second"),
        ("* 24 * * *", "'24' is no hour"),
        ("* * 0 * *", "'0' is no day of the month"),
        ("* * * JUL-XYZ *", "'JUL-XYZ' is no month"),
        ("* * * * FRIDAY", "'FRIDAY' is no day of the week"),
        ("*/0 * * * *", "'*/0' is no minute"),
        ("5-1 * * * *", "'5-1' is no minute"),
        ("* * 15W * *", "'15W' is no day of the month"),
        ("* * ? * *", "'?' is no day of the month"),
        ("", "five fields"),
        ("* * * *", "five fields, or six with seconds first, not 4"),
        ("* * * * * * *", "not 7"),
        ("@dayly", "@dayly is unknown"),
        ("0 0 30 2 *", "it never comes"),
        ("0 0 31 4,6,9,11 *", "it never comes"),
    ],
)
def test_what_is_no_cron_says_where(cron: str, part: str) -> None:
    with pytest.raises(CronError) as raised:
        parse_cron(cron)
    assert part in str(raised.value)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Europe", "../etc/passwd", "/etc/localtime", "", "a\0b", "x" * 300])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ZoneError, match="is no time zone"):
        parse_zone(zone)
