"""Cron: when a schedule is due, in a time zone, also where its clocks are put forward or back.

A cron names times of the clock on the wall. Where it does not run in every hour, an hour that clocks leave out or show
twice makes no difference to how often it runs: what falls into an hour that is left out comes at its end, once, and
what falls into one that comes twice comes the first time. One that runs in every hour goes by the time that passes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from cronsim.cronsim import Field

#: What stands for a cron, and for which.
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
#: The fields, in order, and what may stand in each.
_FIELDS = (
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, L for the last day, LW for the last weekday"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day of the week", "0 to 7 or SUN to SAT, 5L for the last Friday, 5#2 for the second"),
)
_HOURS = 24
_MINUTE = 60.0
#: Clocks that were put back may show times again that are as many seconds ahead.
_SHIFT = 3 * 3600.0
#: From when on it is tried whether a cron ever comes: the years after it have all days and weekdays.
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class CronError(ValueError):
    """A text is no cron; the message says which field is wrong."""


class ZoneError(ValueError):
    """There is no such time zone."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron that was read."""

    #: The seconds of each minute in which it runs, ascending.
    seconds: tuple[int, ...]
    #: Its minutes, as five fields.
    minutes: str


@lru_cache(maxsize=4096)
def parse_cron(text: str) -> Cron:
    """A cron of five fields, of six with seconds first, or one of `ALIASES`; CronError."""
    words = ALIASES.get(text.strip().lower(), text).upper().split()
    if len(words) == 1 and words[0].startswith("@"):
        raise CronError(f"{words[0].lower()} is unknown; there are {', '.join(ALIASES)}")
    if len(words) == 5:
        words.insert(0, "0")
    if len(words) != len(_FIELDS):
        raise CronError(f"a cron has five fields, or six with seconds first, not {len(words)}")
    numbers = [_numbers(place, word) for place, word in enumerate(words)]
    # The library takes hours for times of the clock where they and the minutes are named, else for a passing of time.
    named = len(numbers[Field.HOUR]) < _HOURS
    words[Field.MINUTE] = _listed(numbers[Field.MINUTE])
    words[Field.HOUR] = _listed(numbers[Field.HOUR]) if named else "*"
    cron = Cron(seconds=numbers[Field.SECOND], minutes=" ".join(words[1:]))
    try:
        next(CronSim(cron.minutes, _SOME_TIME))
    except (CronSimError, StopIteration):
        raise CronError("it never comes: no such month has such a day") from None
    return cron


@lru_cache(maxsize=1024)
def parse_zone(name: str) -> tzinfo:
    """A time zone by its name in the IANA database; ZoneError."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    # Names of folders, and such as lead out of the database.
    except (OSError, ValueError, KeyError):
        raise ZoneError(f"{name!r} is no time zone of the IANA database, such as Europe/Madrid") from None


def next_times(cron: Cron, zone: tzinfo, after: float, count: int) -> list[float]:
    """The next `count` times after a time, Unix seconds; fewer if it comes no more within fifty years."""
    return list(islice(_forward(cron, zone, after), count))


def latest(cron: Cron, zone: tzinfo, at_or_before: float) -> float | None:
    """The last time that is not after a time, Unix seconds."""
    return next(_backward(cron, zone, at_or_before), None)


def between(cron: Cron, zone: tzinfo, after: float, until: float, limit: int) -> list[float]:
    """The times after one and not after another, Unix seconds, ascending; where there are more, the last `limit`."""
    found: list[float] = []
    for time in _backward(cron, zone, until):
        if time <= after or len(found) == limit:
            break
        found.append(time)
    return found[::-1]


def _numbers(place: int, word: str) -> tuple[int, ...]:
    """The numbers that a field stands for, as far as it is made of numbers."""
    try:
        items = Field(place).parse(word)
    except (CronSimError, AssertionError):
        name, allowed = _FIELDS[place]
        raise CronError(f"{word!r} is no {name}: {allowed}, with , - / and *") from None
    return tuple(sorted(item for item in items if isinstance(item, int)))


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _forward(cron: Cron, zone: tzinfo, after: float) -> Iterator[float]:
    last = after
    for minute in CronSim(cron.minutes, _local(after // _MINUTE * _MINUTE - 1, zone)):
        for second in cron.seconds:
            # Clocks that were put back: what they show for the second time has been.
            if (time := minute.timestamp() + second) > last:
                last = time
                yield time


def _backward(cron: Cron, zone: tzinfo, until: float) -> Iterator[float]:
    start = until // _MINUTE * _MINUTE + _MINUTE
    if _local(start, zone).utcoffset() != _local(start - _SHIFT, zone).utcoffset():
        start += _SHIFT
    last = until + 1
    for minute in CronSim(cron.minutes, _local(start, zone), reverse=True):
        for second in reversed(cron.seconds):
            if (time := minute.timestamp() + second) <= until and time < last:
                last = time
                yield time


def _local(time: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(time, zone)
