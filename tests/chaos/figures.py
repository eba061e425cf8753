"""Beside what is wrong: how much there was of everything, and how often an attempt ran a second time."""

from collections import Counter
from statistics import median
from typing import Any

from chaos.evidence import ENDS, Evidence, Story


def figures(evidence: Evidence) -> dict[str, Any]:
    """What the table shows first."""
    stories = evidence.stories.values()
    took = [ends[0].at - story.events[0].at for story in stories if (ends := story.named(*ENDS))]
    return {
        "submitted": len(evidence.submitted),
        "accepted": sum(record["run_id"] is not None for record in evidence.submitted),
        "ended": len(took),
        "run_seconds": {"median": round(median(took or [0.0]), 3), "longest": round(max(took, default=0.0), 3)},
        "events": sum(len(story.events) for story in stories),
        "kinds": dict(sorted(Counter(record["kind"] for record in evidence.submitted).items())),
        **_attempts(evidence),
        **_calls(evidence),
        **_timers(evidence),
        **evidence.rest["figures"],
    }


def _attempts(evidence: Evidence) -> dict[str, int]:
    """How many attempts have an outcome, how many ran a second time, and how many outcomes were only told twice."""
    attempts = ran = told = 0
    for story in evidence.stories.values():
        outcomes = story.outcomes()
        told += len(outcomes)
        attempts += len({(outcome.task, outcome.attempt) for outcome in outcomes})
        ran += len({(outcome.task, outcome.attempt, outcome.event.body["started_at"]) for outcome in outcomes})
    return {"attempts": attempts, "repeated_attempts": ran - attempts, "repeated_outcomes": told - ran}


def _calls(evidence: Evidence) -> dict[str, int]:
    """How many calls came to the receiver, and how many more than attempts of their tasks were answered."""
    calls = Counter(call["webhook_id"] for call in evidence.calls)
    answered = Counter(f"{run_id}/{task}" for run_id, story in evidence.stories.items() for task in _answered(story))
    again = sum(max(0, count - max(1, answered[key])) for key, count in calls.items())
    return {"calls": sum(calls.values()), "repeated_calls": again}


def _answered(story: Story) -> list[str]:
    """The task of each attempt that heard from the other side."""
    attempts = {
        (outcome.task, outcome.attempt)
        for outcome in story.outcomes()
        if not outcome.failed or outcome.event.body["error"]["code"] == "http.status"
    }
    return [task for task, _ in attempts]


def _timers(evidence: Evidence) -> dict[str, int]:
    """How many timers fired, and of how many it was seen when they were due."""
    fired = seen = 0
    for story in evidence.stories.values():
        due = {f"{event.name}.fired" for event in story.events if event.due is not None}
        names = [event.name for event in story.events if event.name.endswith(".fired")]
        fired += len(names)
        seen += sum(name in due for name in names)
    return {"timers_fired": fired, "timers_checked": seen}
