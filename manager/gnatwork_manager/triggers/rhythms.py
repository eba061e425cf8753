"""When triggers are due that go by the clock: schedules by their cron, polls at even distances. Pure."""

import math
import zlib
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from gnatwork_engine.cron import Cron, between, latest, next_times, parse_cron, parse_zone
from gnatwork_schemas.triggers import AnyTrigger, PollingTrigger, ScheduleTrigger


class Rhythm(Protocol):
    """Times, Unix seconds."""

    def upcoming(self, after: float, count: int) -> list[float]:
        """The next ones after a time; fewer where there are no more."""

    def latest(self, at_or_before: float) -> float | None:
        """The last one that is not after a time."""


@dataclass(frozen=True, slots=True)
class CronRhythm:
    """The times of a cron."""

    cron: Cron
    zone: tzinfo

    def upcoming(self, after: float, count: int) -> list[float]:
        """See `Rhythm`."""
        return next_times(self.cron, self.zone, after, count)

    def between(self, after: float, until: float, limit: int) -> list[float]:
        """Those after one time and not after another, ascending; where there are more, the last `limit`."""
        return between(self.cron, self.zone, after, until, limit)

    def latest(self, at_or_before: float) -> float | None:
        """See `Rhythm`."""
        return latest(self.cron, self.zone, at_or_before)


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so many milliseconds, `offset` milliseconds after multiples of that."""

    every: int
    offset: int

    def upcoming(self, after: float, count: int) -> list[float]:
        """See `Rhythm`."""
        first = self._number(after) + 1
        return [self._time(number) for number in range(first, first + count)]

    def latest(self, at_or_before: float) -> float:
        """See `Rhythm`."""
        return self._time(self._number(at_or_before))

    def _number(self, at_or_before: float) -> int:
        # A whole number of milliseconds is not always one in floating point.
        milliseconds = math.floor(round(at_or_before * 1000, 3))
        return (milliseconds - self.offset) // self.every

    def _time(self, number: int) -> float:
        return (number * self.every + self.offset) / 1000


def cron_rhythm(trigger: ScheduleTrigger) -> CronRhythm:
    """When a schedule is due; ValueError for a cron or a time zone that this machine does not know."""
    return CronRhythm(parse_cron(trigger.cron), parse_zone(trigger.timezone))


def interval(trigger: PollingTrigger) -> Interval:
    """When a poll is due."""
    # Not all polls at once.
    every = round(trigger.every * 1000)
    return Interval(every, zlib.crc32(trigger.id.encode()) % every)


def rhythm_of(trigger: AnyTrigger) -> Rhythm | None:
    """When a trigger is due; None for one that does not go by the clock. Raises as `cron_rhythm`."""
    match trigger:
        case ScheduleTrigger():
            return cron_rhythm(trigger)
        case PollingTrigger():
            return interval(trigger)
        case _:
            return None


def times_of(trigger: AnyTrigger) -> str | None:
    """What the times of a trigger are reckoned from: as long as it is the same, so are they."""
    match trigger:
        case ScheduleTrigger():
            return f"{trigger.cron} {trigger.timezone}"
        case PollingTrigger():
            return f"every {trigger.every:g} s"
        case _:
            return None
