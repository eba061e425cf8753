"""Streams: messages with sequences, conditions on appends, limits per subject, and schedules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from gnatwork_schemas import header_names
from support.sim.subjects import is_literal, matcher, matches

#: Set by the server on what a schedule has become.
SCHEDULER, SCHEDULE_NEXT = "Nats-Scheduler", "Nats-Schedule-Next"
_ROLLUP = "Nats-Rollup"
_SECOND = 1_000_000_000


class Stored(NamedTuple):
    """A message of a stream."""

    sequence: int
    subject: str
    data: bytes
    headers: dict[str, str] | None
    #: Unix nanoseconds.
    at: int


class RefusedError(Exception):
    """JetStream refuses: code, JetStream's own code, description."""

    def __init__(self, code: int, err_code: int, description: str) -> None:
        super().__init__(description)
        self.answer = {"error": {"code": code, "err_code": err_code, "description": description}}


@dataclass(slots=True)
class Stream:
    """One stream."""

    config: dict[str, Any]
    messages: dict[int, Stored] = field(default_factory=dict)
    by_subject: dict[str, list[int]] = field(default_factory=dict)
    last_sequence: int = 0
    #: Messages that are schedules, by sequence: when they are due, Unix seconds.
    schedules: dict[int, float] = field(default_factory=dict)
    #: Messages that go by themselves, by sequence: when, Unix seconds.
    expiries: dict[int, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.config["name"])

    def takes(self, subject: str) -> bool:
        """Whether messages on this subject are stored here."""
        return any(matches(pattern, subject) for pattern in self.config["subjects"])

    def append(self, subject: str, data: bytes, headers: Mapping[str, str] | None, at: int) -> Stored:
        """Store a message; `RefusedError` when a condition or a limit is against it."""
        headers = dict(headers) if headers else None
        if headers:
            self._check_expectation(subject, headers)
        limit = self.config.get("max_msgs_per_subject", -1)
        existing = self.by_subject.get(subject, [])
        if limit > 0 and len(existing) >= limit and self.config.get("discard_new_per_subject"):
            raise RefusedError(503, 10077, "maximum messages per subject exceeded")
        ttl = headers.get(header_names.TTL) if headers else None
        if ttl is not None and not self.config.get("allow_msg_ttl"):
            raise RefusedError(400, 10166, "per-message TTL is disabled")
        self.last_sequence += 1
        stored = Stored(self.last_sequence, subject, data, headers, at)
        if ttl is not None:
            self.expiries[stored.sequence] = at / _SECOND + _seconds(ttl)
        if headers and header_names.SCHEDULE in headers:
            for sequence in tuple(existing):
                self.remove(sequence)
            headers.setdefault(_ROLLUP, "sub")
            self.schedules[stored.sequence] = _due(headers[header_names.SCHEDULE])
        self.messages[stored.sequence] = stored
        kept = self.by_subject.setdefault(subject, [])
        kept.append(stored.sequence)
        while limit > 0 and len(kept) > limit:
            self.remove(kept[0])
        return stored

    def remove(self, sequence: int) -> bool:
        """Remove a message; whether it was there."""
        stored = self.messages.pop(sequence, None)
        if stored is None:
            return False
        kept = self.by_subject[stored.subject]
        kept.remove(sequence)
        if not kept:
            del self.by_subject[stored.subject]
        self.schedules.pop(sequence, None)
        self.expiries.pop(sequence, None)
        return True

    def marker(self, gone: Stored) -> dict[str, str] | None:
        """The headers of the marker for a message that has expired, the last of its subject; None for no marker."""
        ttl = self.config.get("subject_delete_marker_ttl", 0) // _SECOND
        if not ttl or gone.subject in self.by_subject or header_names.MARKER_REASON in (gone.headers or {}):
            return None
        return {header_names.MARKER_REASON: "MaxAge", header_names.TTL: _written(ttl), _ROLLUP: "sub"}

    def purge(self, pattern: str, before: int | None = None) -> int:
        """Remove all messages of a pattern, those before a sequence if one is given; how many."""
        found = [
            sequence
            for subject in self._subjects(pattern)
            for sequence in self.by_subject[subject]
            if before is None or sequence < before
        ]
        for sequence in found:
            self.remove(sequence)
        return len(found)

    def last(self, pattern: str) -> Stored | None:
        """The last message of a pattern."""
        sequence = max((self.by_subject[subject][-1] for subject in self._subjects(pattern)), default=0)
        return self.messages.get(sequence)

    def after(self, pattern: str, sequence: int) -> list[Stored]:
        """All messages of a pattern from a sequence on."""
        found = sorted(
            number for subject in self._subjects(pattern) for number in self.by_subject[subject] if number >= sequence
        )
        return [self.messages[number] for number in found]

    @property
    def first_sequence(self) -> int:
        """That of the first message; of the next one, when there is none any more; 0 when there never was one."""
        return next(iter(self.messages), self.last_sequence + 1 if self.last_sequence else 0)

    def _subjects(self, pattern: str) -> list[str]:
        if is_literal(pattern):
            return [pattern] if pattern in self.by_subject else []
        fits = matcher(pattern).fullmatch
        return [subject for subject in self.by_subject if fits(subject)]

    def _check_expectation(self, subject: str, headers: Mapping[str, str]) -> None:
        if headers.get(header_names.EXPECTED_STREAM, self.name) != self.name:
            raise RefusedError(400, 10060, "expected stream does not match")
        expected = headers.get(header_names.EXPECTED_LAST_SUBJECT_SEQUENCE)
        if expected is None:
            return
        last = self.last(headers.get(header_names.EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT, subject))
        found = last.sequence if last else 0
        if found != int(expected):
            raise RefusedError(400, 10071, f"wrong last sequence: {found}")


def fired(stored: Stored) -> tuple[str, dict[str, str]]:
    """The subject and the headers of what a schedule becomes."""
    headers = stored.headers or {}
    kept = {name: value for name, value in headers.items() if not name.startswith("Nats-")}
    return headers[header_names.SCHEDULE_TARGET], {**kept, SCHEDULER: stored.subject, SCHEDULE_NEXT: "purge"}


def _written(seconds: int) -> str:
    """A duration as Go writes it."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _seconds(duration: str) -> float:
    """A duration that Go has written."""
    units = {"h": 3600, "m": 60, "s": 1}
    return float(sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", duration)))


def _due(schedule: str) -> float:
    return datetime.fromisoformat(schedule.removeprefix("@at ")).timestamp()
