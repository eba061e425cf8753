"""What a session has left behind, read from its files with nothing of the engine in between."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

#: The files of a session.
SUBMITTED, HISTORY, STREAM, CALLS, REST = (
    "submitted.jsonl",
    "history.jsonl",
    "stream.jsonl",
    "calls.jsonl",
    "rest.json",
)
#: The ends of a run, and the status that each gives it for ever.
ENDS = {"complete": "completed", "failed": "failed", "cancelled": "cancelled", "timed_out": "timed_out"}


class Event(NamedTuple):
    """An event of a run."""

    sequence: int
    #: When it was stored, Unix seconds.
    at: float
    #: What follows the run in its subject.
    name: str
    body: Any
    #: When the server is to fire it, Unix seconds, if it is a timer.
    due: float | None = None


class Outcome(NamedTuple):
    """What an executor or the scheduler said of an attempt."""

    task: str
    attempt: int
    event: Event

    @property
    def failed(self) -> bool:
        """Whether it is an error."""
        return self.event.name.endswith(".error")


@dataclass
class Story:
    """All events of a run, in the order in which they were stored."""

    events: list[Event] = field(default_factory=list)

    def named(self, *names: str) -> list[Event]:
        """Those of these names."""
        return [event for event in self.events if event.name in names]

    def outcomes(self) -> list[Outcome]:
        """Of all attempts, the repeated ones as well."""
        return [
            Outcome(event.body["task"], event.body["attempt"], event)
            for event in self.events
            if event.name.startswith("block.") and event.name.endswith((".output", ".error"))
        ]


@dataclass(frozen=True)
class Evidence:
    """Everything that the checker goes by."""

    #: What was submitted, see `chaos.load`.
    submitted: list[dict[str, Any]]
    #: By run.
    stories: dict[str, Story]
    #: Subjects by sequence: as they were recorded when they were stored, and as the stream has them in the end.
    recorded: dict[int, str]
    stream: dict[int, str]
    #: Calls of hooks, see `chaos.receiver`.
    calls: list[dict[str, Any]]
    #: What else was found in the end, see `chaos.session`.
    rest: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Evidence":
        """What lies in a session's folder."""
        stories: dict[str, Story] = defaultdict(Story)
        recorded: dict[int, str] = {}
        stream = {line["sequence"]: line["subject"] for line in _lines(folder / STREAM)}
        for line in _merged(folder):
            subject = line["subject"]
            _, _, _, workflow, run_id, name = subject.split(".", 5)
            if workflow.startswith("_"):
                # No run, but the engine's own books, which it shortens now and then.
                continue
            stories[run_id].events.append(
                Event(line["sequence"], line["at"], name, line.get("body"), _due(line.get("schedule")))
            )
            recorded[line["sequence"]] = subject
        return cls(
            submitted=list(_lines(folder / SUBMITTED)),
            stories=dict(stories),
            recorded=recorded,
            stream=stream,
            calls=list(_lines(folder / CALLS)),
            rest=orjson.loads((folder / REST).read_bytes()),
        )


def _merged(folder: Path) -> list[dict[str, Any]]:
    """Each message once: as it was recorded, or as it was found in the end if the recorder has missed it."""
    lines = {line["sequence"]: line for line in _lines(folder / STREAM)}
    lines.update((line["sequence"], line) for line in _lines(folder / HISTORY))
    return [lines[sequence] for sequence in sorted(lines)]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def _due(schedule: str | None) -> float | None:
    """The time in `@at <RFC 3339>`."""
    return datetime.fromisoformat(schedule.removeprefix("@at ")).timestamp() if schedule else None
