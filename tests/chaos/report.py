"""What came of a session, for people and for programs."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

#: Everything that can be wrong, in the order of the table, with what it means.
WRONG = {
    "not accepted": "submissions that were never answered with a run",
    "lost": "runs that were accepted and never ended",
    "started twice": "runs that nobody asked for, or asked for once",
    "ended twice": "runs with two ends",
    "ended wrongly": "runs that ended otherwise than their workflow must",
    "too early": "runs, or attempts of tasks, that did not wait",
    "timer early": "timers that fired before they were due",
    "out of order": "compensations that did not come in reverse order, or not at all",
    "limit exceeded": "more at once than a limit allows",
    "claimed twice": "tasks with `idempotent: false` that ran twice",
    "history changed": "events that were stored, and are gone or others",
    "wrong status": "runs whose status is not what their history says",
    "left in the queue": "work that is queued for a run that has ended",
    "dead letter": "messages that no one could read",
    "refused": "requests that were refused and must not be",
    "crashed": "processes that ended by themselves, or did not leave",
}
#: Violations that are told in full.
_SHOWN = 20


class Violation(NamedTuple):
    """Something that must not happen."""

    #: One of `WRONG`.
    what: str
    #: Empty when it is not about one.
    run_id: str
    text: str


@dataclass
class Report:
    """The checker's answer."""

    violations: list[Violation]
    figures: dict[str, Any]

    def as_json(self) -> bytes:
        """For programs."""
        counts = Counter(violation.what for violation in self.violations)
        document = {
            **self.figures,
            "wrong": {what: counts[what] for what in WRONG},
            "violations": [violation._asdict() for violation in self.violations],
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)

    def table(self, folder: Path) -> str:
        """For people."""
        counts = Counter(violation.what for violation in self.violations)
        figures = self.figures
        faults = ", ".join(f"{count} {kind}" for kind, count in figures["faults"].items())
        rows = [
            ("seed", figures["seed"]),
            ("seconds", figures["seconds"]),
            ("faults", f"{sum(figures['faults'].values())}: {faults}"),
            ("runs submitted", figures["submitted"]),
            ("runs accepted", figures["accepted"]),
            ("runs ended", figures["ended"]),
            ("  seconds, median", figures["run_seconds"]["median"]),
            ("  seconds, longest", figures["run_seconds"]["longest"]),
            ("requests made again", figures["requests_repeated"]),
            ("events", figures["events"]),
            ("attempts", figures["attempts"]),
            ("  run a second time", _share(figures["repeated_attempts"], figures["attempts"])),
            ("  told a second time", _share(figures["repeated_outcomes"], figures["attempts"])),
            ("hook calls", figures["calls"]),
            ("  made a second time", _share(figures["repeated_calls"], figures["calls"])),
            ("timers fired", f"{figures['timers_fired']}, {figures['timers_checked']} of them seen being set"),
            ("attempts left running", figures["left_running"]),
            ("errors logged", figures["errors_logged"]),
            *((what, counts[what]) for what in WRONG),
        ]
        lines = [f"{name:<26} {value}" for name, value in rows]
        if self.violations:
            lines += ["", f"{len(self.violations)} violations:"]
            lines += [f"  {what}: {run_id} {text}" for what, run_id, text in self.violations[:_SHOWN]]
            lines += [
                "",
                f"Seed {figures['seed']}. Look at {folder}:",
                "report.json has all of them, faults.txt what was done when, logs/ what each process said.",
                "The whole story of a run: grep RUN_ID history.jsonl calls.jsonl",
                f"Check once more: PYTHONPATH=tests python -m chaos.checker {folder}",
            ]
        return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.2%})" if whole else str(part)
