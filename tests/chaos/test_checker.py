"""A checker is worth what it finds: each of these mistakes, put into a session in which all went well, is found."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from chaos.checker import check
from chaos.evidence import Event, Evidence, Story

_RUN = "01931d2e-0000-7000-8000-000000000001"
_BASE = f"history.0.default.chaos.{_RUN}"


def _outcome(name: str, sequence: int, at: float, *, attempt: int = 1, failed: bool = False) -> Event:
    body: dict[str, Any] = {"task": name, "attempt": attempt, "started_at": at - 0.1}
    body |= {"error": {"code": "http.status"}} if failed else {"output": None}
    return Event(sequence, at, f"block.{name}.{'error' if failed else 'output'}", body)


def _well() -> Evidence:
    events = [
        Event(1, 100.0, "start", {"idempotency_key": "chaos-0"}),
        Event(2, 100.0, "timer.timeout", {}, 109.0),
        Event(3, 100.1, "block.call.claimed.1", {}),
        _outcome("call", 4, 100.5, failed=True),
        Event(5, 100.5, "timer.retry-call-2", {}, 100.8),
        Event(6, 100.9, "timer.retry-call-2.fired", {}),
        _outcome("call", 7, 101.0, attempt=2),
        Event(8, 101.1, "complete", {"output": {"n": 0}}),
    ]
    recorded = {event.sequence: f"{_BASE}.{event.name}" for event in events}
    return Evidence(
        submitted=[
            {
                "number": 0,
                "kind": "chaos",
                "run_id": _RUN,
                "ends": [{"event": "complete", "output": {"n": 0}}],
                "at_least": 1.0,
                "waits": {"call": [0.3]},
                "once": ["call"],
                "order": [],
                "limit": ("one", 1),
            }
        ],
        stories={_RUN: Story(events)},
        recorded=recorded,
        stream={sequence: subject for sequence, subject in recorded.items() if sequence not in {2, 5}},
        calls=[{"at": 100.5, "webhook_id": f"{_RUN}/call"}],
        rest={
            "queued": [],
            "dead_letters": [],
            "statuses": {_RUN: "completed"},
            "refused": [],
            "crashes": [],
            "figures": {
                "seed": 0,
                "seconds": 1,
                "faults": {},
                "requests_repeated": 0,
                "errors_logged": 0,
                "left_running": 0,
            },
        },
    )


def _events(evidence: Evidence) -> list[Event]:
    return evidence.stories[_RUN].events


def _replace(evidence: Evidence, place: int, **changes: Any) -> None:
    _events(evidence)[place] = _events(evidence)[place]._replace(**changes)


def _another(evidence: Evidence, later: float) -> None:
    """A second run like the first, under the same limit."""
    events = [event._replace(at=event.at + later) for event in copy.deepcopy(_events(evidence))]
    for event in events:
        if "started_at" in event.body:
            event.body["started_at"] += later
    events[0].body["idempotency_key"] = "chaos-1"
    # Its timers are of no interest.
    evidence.stories["other"] = Story([event for event in events if not event.name.startswith("timer.")])
    evidence.submitted.append({**evidence.submitted[0], "run_id": "other"})
    evidence.rest["statuses"]["other"] = "completed"


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert not check(_well()).violations


def test_runs_one_after_the_other_keep_their_limit() -> None:
    evidence = _well()
    _another(evidence, 5.0)
    assert not check(evidence).violations


@pytest.mark.parametrize(
    ("what", "mistake"),
    [
        ("not accepted", lambda e: e.submitted.append({**e.submitted[0], "run_id": None})),
        ("lost", lambda e: _events(e).pop()),
        ("lost", lambda e: e.submitted.append({**e.submitted[0], "run_id": "other"})),
        ("started twice", lambda e: _events(e).insert(1, _events(e)[0])),
        ("started twice", lambda e: e.stories.update(other=Story(_events(e)[:1]))),
        ("ended twice", lambda e: _events(e).append(Event(9, 102.0, "failed", {}))),
        ("ended wrongly", lambda e: _replace(e, -1, name="failed", body={"error": {"code": "executor.lost"}})),
        ("ended wrongly", lambda e: _replace(e, -1, body={"output": {"n": 1}})),
        ("too early", lambda e: _replace(e, -1, at=100.9)),
        ("too early", lambda e: _events(e)[6].body.update(started_at=100.7)),
        ("timer early", lambda e: _replace(e, 5, at=100.7)),
        ("limit exceeded", lambda e: _another(e, 0.2)),
        ("claimed twice", lambda e: _events(e).insert(3, _events(e)[2])),
        ("claimed twice", lambda e: e.calls.append(e.calls[0])),
        ("out of order", lambda e: e.submitted[0].update(order=["call", "other"])),
        ("history changed", lambda e: e.stream.pop(7)),
        ("history changed", lambda e: e.stream.update({7: f"{_BASE}.start"})),
        ("wrong status", lambda e: e.rest["statuses"].update({_RUN: "running"})),
        ("left in the queue", lambda e: e.rest["queued"].append("block.noop.normal.default.x.a.1.input")),
        ("dead letter", lambda e: e.rest["dead_letters"].append("dead.HISTORY.1.message.invalid")),
        ("refused", lambda e: e.rest["refused"].append("submission 1 was refused")),
        ("crashed", lambda e: e.rest["crashes"].append("nats ended by itself with 1")),
    ],
)
def test_a_mistake_is_found(what: str, mistake: Callable[[Evidence], object]) -> None:
    evidence = _well()
    mistake(evidence)
    assert what in {violation.what for violation in check(evidence).violations}
