"""Holds what happened against what was promised; knows nothing of the engine but the names of its events.

`python -m chaos.checker FOLDER` checks a session once more.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from chaos.evidence import ENDS, Event, Evidence, Story
from chaos.figures import figures
from chaos.report import Report, Violation

#: Clocks are read to the microsecond, schedules are rounded to the millisecond.
_TOLERANCE = 0.002


def check(evidence: Evidence) -> Report:
    """All that is wrong, and figures beside it."""
    by_run = {record["run_id"]: record for record in evidence.submitted if record["run_id"]}
    violations = [
        *_submissions(evidence),
        *(
            violation
            for run_id, record in by_run.items()
            for violation in _run(run_id, record, evidence.stories.get(run_id, Story()))
        ),
        *_timers(evidence),
        *_once(evidence, by_run),
        *_limits(evidence, by_run),
        *_order(evidence, by_run),
        *_stream(evidence),
        *_rest(evidence),
    ]
    return Report(violations=violations, figures=figures(evidence))


def _submissions(evidence: Evidence) -> Iterator[Violation]:
    """Each submission is one run, and each run was submitted."""
    for record in evidence.submitted:
        if record["run_id"] is None:
            yield Violation("not accepted", "", f"submission {record['number']}, {record['kind']}")
    started: Counter[str] = Counter()
    known = {record["run_id"] for record in evidence.submitted}
    for run_id, story in evidence.stories.items():
        starts = story.named("start")
        if len(starts) != 1:
            yield Violation("started twice", run_id, f"{len(starts)} starts")
        for start in starts:
            parent = start.body.get("parent")
            key = start.body.get("idempotency_key") or f"{parent}/{start.body.get('parent_task')}"
            started[key] += 1
            if started[key] > 1:
                yield Violation("started twice", run_id, f"another run of {key!r}")
            known |= {run_id} if parent in known else set()
        if run_id not in known:
            yield Violation("started twice", run_id, "nobody knows of this run")


def _run(run_id: str, record: dict[str, Any], story: Story) -> Iterator[Violation]:
    kind = record["kind"]
    ends = story.named(*ENDS)
    if not ends:
        last = story.events[-1].name if story.events else "nothing"
        yield Violation("lost", run_id, f"{kind}: accepted, and the last that came is {last}")
        return
    if len(ends) > 1:
        yield Violation("ended twice", run_id, f"{kind}: {', '.join(end.name for end in ends)}")
    end = ends[0]
    if not any(_is(end, wanted) for wanted in record["ends"]):
        yield Violation("ended wrongly", run_id, f"{kind}: {end.name} {str(end.body)[:300]}")
    if end.at - story.events[0].at < record["at_least"] - _TOLERANCE:
        took = end.at - story.events[0].at
        yield Violation("too early", run_id, f"{kind}: took {took:.3f} s, at least {record['at_least']} are due")
    yield from _waits(run_id, record["waits"], story)


def _is(end: Event, wanted: dict[str, Any]) -> bool:
    if end.name != wanted["event"]:
        return False
    if "output" in wanted and end.body.get("output") != wanted["output"]:
        return False
    return "code" not in wanted or end.body["error"]["code"] == wanted["code"]


def _waits(run_id: str, waits: dict[str, list[float]], story: Story) -> Iterator[Violation]:
    """Between two attempts there is time."""
    failed: dict[tuple[str, int], float] = {}
    for outcome in story.outcomes():
        task, attempt = outcome.task, outcome.attempt
        before = failed.get((task, attempt - 1))
        if task in waits and attempt > 1 and before is not None:
            waited = outcome.event.body["started_at"] - before
            if waited < waits[task][attempt - 2] - _TOLERANCE:
                text = f"attempt {attempt} of {task} began {waited:.3f} s after the failure of the one before"
                yield Violation("too early", run_id, text)
        if outcome.failed:
            failed.setdefault((task, attempt), outcome.event.at)


def _timers(evidence: Evidence) -> Iterator[Violation]:
    """No timer fires before it is due."""
    for run_id, story in evidence.stories.items():
        due: dict[str, float] = {}
        for event in story.events:
            if event.due is not None:
                due[f"{event.name}.fired"] = event.due
            elif event.name in due and event.at < due[event.name] - _TOLERANCE:
                yield Violation("timer early", run_id, f"{event.name} by {due[event.name] - event.at:.3f} s")


def _once(evidence: Evidence, by_run: dict[str, dict[str, Any]]) -> Iterator[Violation]:
    """What must not run twice is claimed once per attempt, and called once by all that the outside knows."""
    for run_id, story in evidence.stories.items():
        claims = Counter(event.name for event in story.events if ".claimed." in event.name)
        for name, count in claims.items():
            if count > 1:
                yield Violation("claimed twice", run_id, name)
    calls = Counter(call["webhook_id"] for call in evidence.calls)
    for run_id, record in by_run.items():
        for task in record["once"]:
            if (count := calls[f"{run_id}/{task}"]) > 1:
                yield Violation("claimed twice", run_id, f"{record['kind']}: {task} was called {count} times")


def _order(evidence: Evidence, by_run: dict[str, dict[str, Any]]) -> Iterator[Violation]:
    """What has an order is called in that order, and all of it."""
    first: dict[str, float] = {}
    for call in evidence.calls:
        first.setdefault(call["webhook_id"], call["at"])
    for run_id, record in by_run.items():
        times = [first.get(f"{run_id}/{task}") for task in record["order"]]
        told = [time for time in times if time is not None]
        if len(told) < len(times) or told != sorted(told):
            yield Violation("out of order", run_id, f"{record['kind']}: {record['order']} were called at {times}")


class _Span(NamedTuple):
    begin: float
    end: float


def _limits(evidence: Evidence, by_run: dict[str, dict[str, Any]]) -> Iterator[Violation]:
    """Of runs under one limit no more are under way at once than it says."""
    spans: dict[tuple[str, int], list[_Span]] = {}
    for run_id, record in by_run.items():
        story = evidence.stories.get(run_id, Story())
        if record["limit"] and (begun := [outcome.event.body["started_at"] for outcome in story.outcomes()]):
            ends = story.named(*ENDS)
            span = _Span(min(begun), ends[0].at if ends else float("inf"))
            spans.setdefault(tuple(record["limit"]), []).append(span)
    for (name, most), all_spans in spans.items():
        for span in all_spans:
            at_once = sum(other.begin <= span.begin < other.end for other in all_spans)
            if at_once > most:
                yield Violation("limit exceeded", "", f"{name}: {at_once} at once, {most} may be")


def _stream(evidence: Evidence) -> Iterator[Violation]:
    """What has been stored stays; only the message that sets a timer goes."""
    for sequence, subject in evidence.recorded.items():
        found = evidence.stream.get(sequence)
        run_id, name = subject.split(".", 5)[4:]
        sets_timer = name.startswith("timer.") and not name.endswith(".fired")
        if found != subject and not (found is None and sets_timer):
            yield Violation("history changed", run_id, f"{sequence} was {name}, is {found}")


def _rest(evidence: Evidence) -> Iterator[Violation]:
    rest = evidence.rest
    for text in rest["refused"]:
        yield Violation("refused", "", text)
    for text in rest["crashes"]:
        yield Violation("crashed", "", text)
    for text in rest["dead_letters"]:
        yield Violation("dead letter", "", text)
    for text in rest["queued"]:
        yield Violation("left in the queue", "", text)
    for run_id, story in evidence.stories.items():
        if ends := story.named(*ENDS):
            status = rest["statuses"].get(run_id)
            if status != ENDS[ends[0].name]:
                yield Violation("wrong status", run_id, f"its history says {ends[0].name}, its status {status}")


def main() -> int:
    """Check a folder; 1 when something is wrong."""
    folder = Path(sys.argv[1])
    report = check(Evidence.read(folder))
    sys.stdout.write(report.table(folder) + "\n")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
